/** A connected tenant whose activity feed is read turn by turn, on a real database and a simulated Microsoft 365, by a clock that a test can move. */
import { anApplication, aTenant, aWorld, person, withApp } from '../../simulator/builders.ts'
import type { AuditRecord } from '../../simulator/sample/record-forms.ts'
import type { FeedSettings, Tenant } from '../../simulator/world.ts'
import { createMicrosoft } from '../../src/clients/microsoft.ts'
import type { Services } from '../../src/context.ts'
import { pageOfAuditEntries } from '../../src/db/audit.ts'
import { introduceFeeds, type TakenFeed, takeFeed } from '../../src/db/feed.ts'
import { type FeedGap, type FeedStatus, feedGaps, feedStatuses } from '../../src/db/feed-status.ts'
import { newId } from '../../src/db/ids.ts'
import { setTenantStatus, upsertTenant } from '../../src/db/tenants.ts'
import { takeTurn } from '../../src/services/feed/take-turn.ts'
import type { FeedContentType } from '../../src/services/feed/types.ts'
import { type FeedTiming, productionTiming } from '../../src/timing.ts'
import { aLog } from './log.ts'
import { aMicrosoft, type TestMicrosoft } from './microsoft.ts'
import { ownerSql } from './owner-sql.ts'
import { aDatabase, type TestDatabase } from './postgres.ts'
import { quickClients, quickFeed } from './quick-timing.ts'
import { aSealingKey } from './sealing-key.ts'

export const hourMs = 3_600_000
export const dayMs = 24 * hourMs

/** As records were raised: at once, once each, in order. */
const orderly: FeedSettings = { delayMs: 0, duplicates: false, shuffled: false, unknownRecords: false }

export interface FeedScene {
  services: Services
  database: TestDatabase
  microsoft: TestMicrosoft
  tenant: Tenant
  tenants: Tenant[]
  clientId: string
  /** Moves the clock of both sides. */
  later(ms: number): void
  now(): Date
  /** A turn on the feed, due or not. */
  turn(contentType?: FeedContentType): Promise<FeedStatus>
  take(contentType?: FeedContentType): Promise<TakenFeed>
  status(contentType?: FeedContentType, tenant?: Tenant): Promise<FeedStatus>
  gaps(): Promise<FeedGap[]>
  audit(): Promise<{ name: string; details: Record<string, unknown> }[]>
  /** Ids of the records that became events, sorted; once for each event. */
  events(tenant?: Tenant): Promise<string[]>
  /** Puts a blob into the feed that was made so long ago. */
  blob(records: readonly unknown[], madeAgoMs?: number, contentType?: FeedContentType): string
  record(index: number, over?: object): AuditRecord
  connect(connected: boolean): Promise<void>
  close(): Promise<void>
}

export interface FeedSceneOptions {
  permissions?: readonly string[]
  feed?: FeedSettings
  timing?: Partial<FeedTiming>
  tenants?: readonly string[]
}

const defaultType: FeedContentType = 'Audit.AzureActiveDirectory'

export async function aFeedScene(options: FeedSceneOptions = {}): Promise<FeedScene> {
  const application = anApplication({
    displayName: 'Tourniquet',
    appRoles: ['Events.Read'],
    permissions: ['ActivityFeed.Read'],
  })
  const tenants = (options.tenants ?? ['Contoso']).map((name) => {
    const made = aTenant({ name, people: [person('Ada')] })
    withApp(made, application, { permissions: options.permissions ?? ['ActivityFeed.Read'] })
    return made
  })
  let offsetMs = 0
  const now = () => new Date(Date.now() + offsetMs)
  const feed = { ...orderly, ...options.feed }
  const world = aWorld({ tenants, applications: [application], switches: { feed } })
  const [microsoft, database] = await Promise.all([aMicrosoft(world, { now }), aDatabase()])
  const { db } = database
  const { log } = aLog()
  const clients = createMicrosoft({
    clientId: application.appId,
    credential: { secret: application.secrets[0] ?? '' },
    entraUrl: microsoft.url,
    graphUrl: microsoft.url,
    exchangeUrl: microsoft.url,
    managementUrl: microsoft.url,
    timing: quickClients,
    log,
  })
  const services: Services = {
    db,
    microsoft: clients,
    mail: null,
    log,
    now,
    timing: { ...productionTiming, feed: { ...quickFeed, ...options.timing } },
    publicUrl: 'http://127.0.0.1:4000',
    supportEmail: null,
    clientId: application.appId,
    entraPortalUrl: 'https://entra.example.com',
    entraUrl: microsoft.url,
    sealingKeys: [aSealingKey()],
  }
  for (const { id, displayName: name } of tenants) {
    await db.withTenants([id], (tx) => upsertTenant(tx, { id, name, status: 'CONNECTED' }))
  }
  const [tenant] = microsoft.world.tenants
  if (!tenant) throw new Error('No tenant')
  let made = 0

  const scene: FeedScene = {
    services,
    database,
    microsoft,
    tenant,
    tenants: microsoft.world.tenants,
    clientId: application.appId,
    now,
    later(ms) {
      offsetMs += ms
    },
    async take(contentType = defaultType) {
      const taken = await db.withTenants([tenant.id], async (tx) => {
        await introduceFeeds(tx, [contentType], now())
        const key = { tenantId: tenant.id, contentType }
        return takeFeed(tx, key, { holder: newId(now()), now: now(), leaseMs: 60_000 })
      })
      if (!taken) throw new Error(`Nobody could take ${contentType}`)
      return taken
    },
    async turn(contentType = defaultType) {
      await takeTurn(services, await scene.take(contentType), new AbortController().signal)
      return scene.status(contentType)
    },
    async status(contentType = defaultType, { id } = tenant) {
      const all = await db.withTenants([id], (tx) => feedStatuses(tx, [id]))
      const found = all.find((one) => one.contentType === contentType)
      if (!found) throw new Error(`Nobody read ${contentType}`)
      return found
    },
    gaps: () => db.withTenants([tenant.id], (tx) => feedGaps(tx, tenant.id, 100)),
    async audit() {
      const page = await db.withTenants([tenant.id], (tx) => pageOfAuditEntries(tx, tenant.id, { first: 100 }))
      return page.entries.toReversed().map(({ name, details }) => ({ name, details }))
    },
    async events({ id } = tenant) {
      const rows = await ownerSql(
        database,
        `select record_id from security_event e join event_record r on r.tenant_id = e.tenant_id and r.event_id = e.id
         where e.tenant_id = '${id}' order by record_id`,
      )
      return rows.map(({ record_id }) => String(record_id))
    },
    blob(records, madeAgoMs = 0, contentType = defaultType) {
      made += 1
      const contentCreated = new Date(now().getTime() - madeAgoMs - 1000).toISOString()
      const contentId = `${contentCreated.replaceAll(/\D/g, '')}$${made}`
      tenant.auditContent = [
        ...(tenant.auditContent ?? []),
        { contentType, contentId, contentCreated, records: records as AuditRecord[] },
      ]
      return contentId
    },
    record: (index, over = {}) => aFeedRecord(tenant, index, now(), over),
    async connect(connected) {
      await db.withTenants([tenant.id], (tx) =>
        setTenantStatus(tx, tenant.id, connected ? 'CONNECTED' : 'DISCONNECTED'),
      )
    },
    async close() {
      await clients.close()
      await microsoft.close()
      await database.drop()
    },
  }
  return scene
}

/** The id is the record's place, so that sets of them compare. */
export const recordId = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`

export const aFeedRecord = (tenant: Tenant, index: number, at: Date, over: object = {}): AuditRecord => ({
  Id: recordId(index),
  CreationTime: at.toISOString().slice(0, 19),
  Operation: 'Disable account.',
  OrganizationId: tenant.id,
  RecordType: 8,
  UserType: 0,
  UserKey: tenant.users[0]?.id ?? '',
  UserId: tenant.users[0]?.userPrincipalName ?? '',
  Workload: 'AzureActiveDirectory',
  ResultStatus: 'Success',
  ObjectId: `user${index}@${tenant.displayName.toLowerCase()}.com`,
  ...over,
})
