/**
 * The feed under everything at once: worker processes that share the tenants and are killed at random, blobs that come late, out of
 * order and twice, and a Microsoft 365 of whose calls a tenth fail. At the end the events are those of a plain import, each once.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { anApplication, aTenant, aWorld, person, withApp } from '../../simulator/builders.ts'
import type { Fault } from '../../simulator/engine-types.ts'
import type { FaultHandle } from '../../simulator/faults.ts'
import type { AuditRecord } from '../../simulator/sample/record-forms.ts'
import type { Tenant } from '../../simulator/world.ts'
import { upsertTenant } from '../../src/db/tenants.ts'
import { importRecords } from '../../src/services/events/import.ts'
import { aMicrosoft, type TestMicrosoft } from '../support/microsoft.ts'
import { ownerSql } from '../support/owner-sql.ts'
import { aDatabase, type TestDatabase } from '../support/postgres.ts'
import { type Seeded, seeded } from '../support/seeded.ts'
import { workerProcesses } from '../support/worker-processes.ts'

/** All of it, or a sample. One alone: `-t 'seed 2'`. Each is a worker's process as it is, most of them with quick waits. */
const isSoak = process.env['TOURNIQUET_SOAK'] === '1'
const quick = ['test/support/quick-worker.ts']
const command = ['src/cli.ts', 'worker']
const rounds = isSoak
  ? [
      { seed: 1, recordCount: 10_000, killings: 25, worker: quick },
      { seed: 2, recordCount: 10_000, killings: 25, worker: quick },
      { seed: 3, recordCount: 1_000, killings: 3, worker: command },
    ]
  : [{ seed: 1, recordCount: 800, killings: 4, worker: quick }]
type Round = (typeof rounds)[number]

vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 300_000 })

const names = ['Contoso', 'Fabrikam', 'Litware']
const people = ['Ada', 'Bruno', 'Carla', 'Dora']

test.for(rounds)(
  'seed $seed, $recordCount records: no event is lost, none is there twice, whoever dies when',
  async (round) => {
    const { seed, recordCount, killings } = round
    const chance = seeded(seed)
    const application = anApplication({ displayName: 'Tourniquet', permissions: ['ActivityFeed.Read'] })
    const tenants = names.map((name) => {
      const tenant = aTenant({ name, people: people.map((one) => person(one)) })
      withApp(tenant, application, { permissions: ['ActivityFeed.Read'] })
      return tenant
    })
    const feed = { delayMs: 300, blobSize: 4, pageSize: 15 }
    const [database, plain, microsoft] = await Promise.all([
      aDatabase(),
      aDatabase(),
      aMicrosoft(aWorld({ tenants, applications: [application], switches: { feed } })),
    ])
    for (const { id, displayName: name } of tenants) {
      await database.db.withTenants([id], (tx) => upsertTenant(tx, { id, name, status: 'CONNECTED' }))
    }
    const workers = workerProcesses(2, round.worker, { microsoft, database, application })
    const faults = failATenth(microsoft, chance)
    const calls = blobCalls(microsoft)
    try {
      await subscribed(microsoft, workers.lastWords)
      for (let portion = 0; portion <= killings; portion += 1) {
        const before = calls()
        raise(microsoft, chance, portion, round)
        if (portion === killings) break
        // In the midst of work: some blobs later, whenever that is.
        const enough = before + chance.whole(1, 10)
        await until(async () => calls() >= enough, workers.lastWords)
        await sleep(chance.whole(0, 30))
        await workers.replace(chance.whole(0, 1))
      }
      // What came late, and twice, has landed by now.
      await sleep(2 * feed.delayMs + 1000)
      const expected = await imported(plain, microsoft)
      await until(async () => isSettled(database, expected.records), workers.lastWords)
      expect(await eventsIn(database)).toEqual(expected.events)
      expect(expected.records).toBeGreaterThanOrEqual(recordCount)
      expect(faults.struck()).toBeGreaterThan(calls() / 20)
      const [doubled] = await ownerSql(
        database,
        'select count(*)::int as events, count(distinct (tenant_id, id))::int as different from security_event',
      )
      expect(doubled?.['events']).toBe(doubled?.['different'])
      expect(await ownerSql(database, 'select why from feed_gap')).toEqual([])
    } finally {
      faults.end()
      await workers.close()
      await microsoft.close()
      await database.drop()
      await plain.drop()
    }
  },
)

/** Every tenant, to all four types: what lands before is lost. */
async function subscribed(microsoft: TestMicrosoft, lastWords: () => string): Promise<void> {
  const subscriptions = () => microsoft.world.tenants.flatMap(({ activitySubscriptions = [] }) => activitySubscriptions)
  await until(async () => subscriptions().length === 4 * names.length, lastWords)
}

/** What happens between two killings. */
function raise(microsoft: TestMicrosoft, chance: Seeded, portion: number, { recordCount, killings }: Round): void {
  const portionSize = Math.ceil(recordCount / (killings + 1))
  for (let index = portion * portionSize; index < (portion + 1) * portionSize; ) {
    for (const tenant of microsoft.world.tenants) {
      const records: AuditRecord[] = []
      for (const end = index + chance.whole(5, 60); index < end; index += 1) {
        records.push(...someRecords(tenant, index, chance))
      }
      microsoft.simulator.raise(tenant.id, records, new Date(Date.now() - chance.whole(0, 1_000)))
    }
  }
}

/** How many blobs were asked for; the journal is long, so that only what is new in it is looked at. */
function blobCalls(microsoft: TestMicrosoft): () => number {
  let seen = 0
  let count = 0
  return () => {
    const added = microsoft.journal(seen)
    seen = added.at(-1)?.seq ?? seen
    count += added.filter(({ path }) => path.includes('/audit/')).length
    return count
  }
}

const guidOf = (index: number, part = 0) =>
  `00000000-0000-4000-8000-${String(part).padStart(2, '0')}${String(index).padStart(10, '0')}`

/** One that is an event of its own, one that is none, or those of one consent. */
function someRecords(tenant: Tenant, index: number, chance: Seeded): AuditRecord[] {
  const domain = tenant.users[0]?.userPrincipalName.split('@')[1]
  const by = chance.oneOf(['Ada', 'Bruno', 'Carla', 'Dora'])
  const common = {
    Id: guidOf(index),
    // Far enough from each other that no two actions are taken for one.
    CreationTime: new Date(Date.UTC(2026, 0, 1) + index * 300_000).toISOString().slice(0, 19),
    OrganizationId: tenant.id,
    UserType: 0,
    UserKey: by,
    UserId: `${by.toLowerCase()}@${domain}`,
    ResultStatus: 'Success',
  }
  const directory = { ...common, RecordType: 8, Workload: 'AzureActiveDirectory' }
  switch (chance.whole(0, 4)) {
    case 0:
      return [{ ...directory, Operation: 'Disable account.', ObjectId: `user${index}@${domain}` }]
    case 1:
      return [
        {
          ...common,
          RecordType: 1,
          Workload: 'Exchange',
          Operation: 'New-InboxRule',
          ObjectId: `${by}\\.`,
          Parameters: [
            { Name: 'Name', Value: '.' },
            { Name: 'DeleteMessage', Value: 'True' },
          ],
        },
      ]
    case 2:
      return [
        {
          ...common,
          RecordType: 6,
          Workload: 'SharePoint',
          Operation: 'FileAccessed',
          ObjectId: `https://${domain}/${index}`,
        },
      ]
    case 3:
      return [
        { ...common, RecordType: 25, Workload: 'MicrosoftTeams', Operation: 'MemberAdded', TeamName: `Team ${index}` },
      ]
    default: {
      const app = guidOf(index, 70)
      const principal = guidOf(index, 71)
      const target = [
        { ID: `ServicePrincipal_${principal}`, Type: 2 },
        { ID: principal, Type: 2 },
        { ID: 'ServicePrincipal', Type: 2 },
        { ID: `App ${index}`, Type: 1 },
        { ID: app, Type: 4 },
      ]
      return ['Consent to application.', 'Add service principal.'].map((Operation, part) => ({
        ...directory,
        Id: guidOf(index, part + 1),
        Operation,
        ObjectId: app,
        Target: target,
        Actor: [{ ID: common.UserId, Type: 5 }],
      }))
    }
  }
}

/**
 * About every tenth call of the feed fails in one of the ways that it has. Which one decides itself by a digit: of the content's id, or
 * of the second from which a list is asked for.
 */
function failATenth(microsoft: TestMicrosoft, chance: Seeded) {
  const kinds = [
    { fault: 'throttle', args: { retryAfter: 0.05 } },
    { fault: 'status', args: { status: 429, code: 'AF429' } },
    { fault: 'status', args: { status: 500, code: 'AF50000' } },
    { fault: 'status', args: { status: 503 } },
    { fault: 'status', args: { status: 401 } },
    { fault: 'resetBefore' },
    { fault: 'resetAfter' },
    { fault: 'delay', args: { ms: 400 } },
  ] satisfies [Omit<Fault, 'service'>, ...Omit<Fault, 'service'>[]]
  const digits = [...'0123456789abcdef']
  const paths = {
    blob: () => `[0-9a-f]{31}[${digits[chance.whole(0, 7)]}${digits[chance.whole(8, 15)]}](\\$|%24)`,
    list: () => `startTime=[^&]*${chance.whole(0, 9)}&`,
  }
  let struck = 0
  let isOver = false
  const waiting = new Map<() => string, FaultHandle>()
  function next(path: () => string): void {
    const handle = microsoft.fault({
      ...chance.oneOf<Omit<Fault, 'service'>>(kinds),
      service: 'management',
      path: path(),
    } as Fault)
    waiting.set(path, handle)
    handle.struck.then(() => {
      struck += 1
      if (!isOver) next(path)
    })
  }
  for (const path of Object.values(paths)) next(path)
  return {
    struck: () => struck,
    end() {
      isOver = true
      for (const handle of waiting.values()) handle.end()
    },
  }
}

/** What a plain import makes of everything that is in the feed. */
async function imported(plain: TestDatabase, microsoft: TestMicrosoft) {
  const records = microsoft.world.tenants.flatMap(({ auditContent = [] }) =>
    auditContent.flatMap((blob) => blob.records),
  )
  async function* lines() {
    for (const [index, record] of records.entries()) yield { line: index + 1, text: JSON.stringify(record) }
  }
  const report = await importRecords({ db: plain.db, now: () => new Date() }, lines(), { source: 'IMPORT' })
  expect(report).toMatchObject({ unreadableTotal: 0, noTenant: 0 })
  expect(report.duplicates).toBeGreaterThan(0)
  const [stored] = await ownerSql(plain, 'select count(*)::int as records from event_record')
  return { events: await eventsIn(plain), records: Number(stored?.['records']) }
}

/** Each event by what it says and by the records that made it; and the records that made none. */
const eventsIn = (database: TestDatabase): Promise<object[]> =>
  ownerSql(
    database,
    `select r.tenant_id, e.type, e.title, e.description, e.severity, jsonb_array_length(e.subjects) as subjects,
       array_agg(r.id::text order by r.id) as records
     from event_record r left join security_event e on e.tenant_id = r.tenant_id and e.id = r.event_id
     group by r.tenant_id, e.id, e.type, e.title, e.description, e.severity, e.subjects,
       case when e.id is null then r.id end
     order by r.tenant_id, records`,
  )

async function isSettled(database: TestDatabase, records: number): Promise<boolean> {
  const [found] = await ownerSql(
    database,
    'select (select count(*)::int from event_record) as records, (select count(*)::int from feed_blob where settled_at is null) as open',
  )
  return Number(found?.['records']) >= records && found?.['open'] === 0
}

async function until(isSo: () => Promise<boolean>, lastWords: () => string): Promise<void> {
  const deadline = Date.now() + (isSoak ? 1_200_000 : 240_000)
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`The workers do not get there:\n${lastWords()}`)
    await sleep(50)
  }
}
