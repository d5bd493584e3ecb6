import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createMicrosoft } from '../clients/microsoft.ts'
import type { Role } from '../context.ts'
import { createApiKey } from '../db/api-keys.ts'
import { appendAudit } from '../db/audit.ts'
import { connect, type Database, type Tx } from '../db/connection.ts'
import type { EmbeddedPostgres } from '../db/embedded-postgres.ts'
import { grantAccess, listAccess, operatorByApiKey, upsertOperator, upsertPartner } from '../db/operators.ts'
import { tenantsByIds, upsertTenant } from '../db/tenants.ts'
import { importRecords } from '../services/events/import.ts'
import { linesOf } from '../services/events/lines.ts'
import { tryToRefreshSnapshot } from '../services/events/snapshot.ts'
import { SandboxFault } from './fault.ts'
import { keptSecret, writePrivately } from './folder.ts'
import type { Sample } from './simulator.ts'
import { tabsFor, tabsPath } from './tabs.ts'

const everyRoleButAdminister: Role[] = [
  'Events.Read',
  'Events.Ingest',
  'Remediations.User',
  'Remediations.Privileged',
  'Remediations.AppsAndRules',
  'Audit.Read',
]

/** Puts the sample into the database. Every start does it: what is there already stays as it is. */
export async function seed(of: {
  folder: string
  postgres: EmbeddedPostgres
  simulator: Sample
}): Promise<{ apiKey: string }> {
  const { folder, postgres, simulator } = of
  const apiKey = apiKeyIn(folder)
  const db = connect({ url: postgres.appUrl, max: 4, applicationName: 'tourniquet-sandbox' })
  try {
    await seedIdentities(db, simulator, apiKey)
    await seedSnapshots(db, simulator)
    const records = await fetch(`${simulator.url}/control/audit-records`)
    if (!records.body) throw new SandboxFault('The simulator gave no audit records.')
    await importRecords({ db, now: () => new Date() }, linesOf(records.body), { source: 'FEED' })
    writePrivately(tabsPath(folder), JSON.stringify(await tabsFor(db, simulator.personas.analyst.tenantId)))
    return { apiKey }
  } finally {
    await db.close()
  }
}

async function seedIdentities(db: Database, { tenants, partner, personas }: Sample, apiKey: string): Promise<void> {
  const ids = tenants.map(({ id }) => id)
  await db.withTenants(ids, async (tx) => {
    const known = await tenantsByIds(tx, ids)
    for (const { id, name } of tenants) {
      // A tenant that the newcomer disconnected stays so.
      if (known.some((tenant) => tenant.id === id && tenant.status !== 'NOT_CONNECTED')) continue
      await upsertTenant(tx, { id, name, status: 'CONNECTED' })
      await record(tx, id, 'tenant.connected', { name, status: 'CONNECTED' })
    }
    const { id: partnerId } = await upsertPartner(tx, { name: partner.name, entraTenantId: partner.tenantId })
    for (const tenantId of ids) await grant(tx, { partnerId }, tenantId, everyRoleButAdminister, partner.name)

    await personOf(tx, personas.partner, { partnerId })
    const analyst = await personOf(tx, personas.analyst, { email: 'annika@northwindtraders.com' })
    await grant(tx, { operatorId: analyst }, personas.analyst.tenantId, everyRoleButAdminister, personas.analyst.name)
    const reader = await personOf(tx, personas.reader)
    await grant(tx, { operatorId: reader }, personas.reader.tenantId, ['Events.Read'], personas.reader.name)

    const integration = await integrationOf(tx, apiKey)
    for (const tenantId of ids) {
      await grant(
        tx,
        { operatorId: integration },
        tenantId,
        ['Events.Read', 'Events.Ingest', 'Remediations.User'],
        'integration',
      )
    }
  })
}

/** As connecting a tenant does; one that is unhealthy may refuse, and the sandbox is there all the same. */
async function seedSnapshots(db: Database, { url, clientId, clientSecret, tenants }: Sample): Promise<void> {
  const origins = { entraUrl: url, graphUrl: url, exchangeUrl: url, managementUrl: url }
  const microsoft = createMicrosoft({ clientId, credential: { secret: clientSecret }, ...origins })
  const services = { db, microsoft, clientId, now: () => new Date(), log: { warn: () => {} } }
  try {
    await Promise.all(tenants.map(({ id }) => tryToRefreshSnapshot(services, id)))
  } finally {
    await microsoft.close()
  }
}

/** Grants once, so that a start leaves no trace when there is nothing new. */
async function grant(
  tx: Tx,
  to: { operatorId: string } | { partnerId: string },
  tenantId: string,
  roles: Role[],
  name: string,
): Promise<void> {
  const held = (await listAccess(tx, { tenantId, ...to })).flatMap((one) => one.roles)
  if (roles.every((role) => held.includes(role))) return
  await grantAccess(tx, { ...to, tenantId, roles, grantedBy: 'sandbox' })
  await record(tx, tenantId, 'access.granted', { to: name, roles })
}

async function personOf(
  tx: Tx,
  { tenantId, userId, name }: Sample['personas']['analyst'],
  more: { email?: string; partnerId?: string } = {},
): Promise<string> {
  const { id } = await upsertOperator(tx, {
    kind: 'PERSON',
    tenantId,
    externalId: userId,
    displayName: name,
    ...more,
  })
  return id
}

async function integrationOf(tx: Tx, apiKey: string): Promise<string> {
  const hash = createHash('sha256').update(apiKey).digest()
  const known = await operatorByApiKey(tx, hash, new Date())
  if (known) return known.operator.id
  const { operatorId } = await createApiKey(tx, { name: 'integration', hash, lastFour: apiKey.slice(-4) })
  return operatorId
}

const record = (tx: Tx, tenantId: string, name: string, details: Record<string, unknown>) =>
  appendAudit(tx, [{ tenantId, name, at: new Date(), operator: null, details: { ...details, by: { sandbox: true } } }])

/** Made once and kept in the folder, since the database holds only its hash. */
const apiKeyIn = (folder: string) =>
  keptSecret(join(folder, 'api-key'), /^tq_[\w-]{43}$/, () => `tq_${randomBytes(32).toString('base64url')}`)
