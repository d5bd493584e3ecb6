/** What became of a consent: Microsoft is asked, and only then does anything here change. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { SignedIn } from '../../clients/entra/sign-in.ts'
import type { Services } from '../../context.ts'
import { appendAudit } from '../../db/audit.ts'
import type { Tx } from '../../db/connection.ts'
import { grantAccess } from '../../db/operators.ts'
import { setTenantStatus, type TenantRow, upsertTenant } from '../../db/tenants.ts'
import { tryToRefreshSnapshot } from '../events/snapshot.ts'
import type { Reading } from '../facts/fact.ts'
import { type GrantedPermissions, loadGrantedPermissions } from '../facts/granted-permissions.ts'
import { globalAdministratorRoleId, loadRoleRoster, readRoleRoster } from '../facts/role-roster.ts'
import { activityFeedCheck } from './activity-feed-check.ts'
import type { BrowserState } from './browser-state.ts'
import { flowSession, named, type Parties } from './flow.ts'
import { FlowError } from './flow-faults.ts'
import { healthOf } from './health.ts'
import { linksOf } from './health-check.ts'
import type { HealthCheck } from './health-types.ts'
import type { Connection } from './tickets.ts'

/** Who signed in, without a token. */
export const account = z.object({
  objectId: z.string(),
  homeTenantId: z.string(),
  homeObjectId: z.string(),
  displayName: z.string(),
  userPrincipalName: z.string(),
})
export type Account = z.infer<typeof account>

export const accountOf = ({
  objectId,
  homeTenantId,
  homeObjectId,
  displayName,
  userPrincipalName,
}: SignedIn): Account => ({
  objectId,
  homeTenantId,
  homeObjectId,
  displayName,
  userPrincipalName,
})

export interface ConsentVerified {
  tenant: TenantRow
  operatorName: string
  connected: boolean
  /** What is still missing. */
  faults: HealthCheck[]
}

/** A service principal that was made a moment ago is not seen everywhere at once. */
const triesMax = 4
const pauseMs = 1_000

/** Asks Microsoft, with new tokens: older ones do not hold what was granted now. Throws `NOT_GRANTED`. */
export async function grantedByNow(services: Services, tenantId: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    services.microsoft.forgetTokens(tenantId)
    const granted = await readGranted(services, tenantId)
    if (granted.known && granted.value.state === 'CONSENTED') return
    if (granted.known && granted.value.state === 'APP_DISABLED') throw new FlowError('APP_DISABLED')
    const isFinal = !granted.known && granted.error.kind !== 'FORBIDDEN'
    if (isFinal) throw granted.error
    if (tries === triesMax) throw new FlowError('NOT_GRANTED')
    await sleep(pauseMs)
  }
}

const readGranted = (services: Services, tenantId: string): Promise<Reading<GrantedPermissions>> =>
  loadGrantedPermissions({ session: flowSession(services), tenantId, clientId: services.clientId, fresh: true })

/** The consent is verified. A new tenant is connected only by a Global Administrator of its own: consent may be older than the wish. */
export async function finish(
  services: Services,
  state: BrowserState,
  parties: Parties,
  connect: Connection | null,
  person: Account | null,
): Promise<ConsentVerified> {
  const { tenantId } = state
  const reader = { session: flowSession(services), tenantId, clientId: services.clientId, fresh: true }
  const [granted, roster] = await Promise.all([loadGrantedPermissions(reader), loadRoleRoster(reader)])
  if (connect) {
    if (!person) throw new FlowError('PROOF_FAILED')
    const { rolesOf } = await readRoleRoster(reader)
    if (!rolesOf(person.objectId).includes(globalAdministratorRoleId)) {
      throw new FlowError('WRONG_ROLE', { account: person })
    }
  }
  const { checks } = healthOf(services, tenantId, granted, roster)
  const feed = activityFeedCheck(linksOf(services, tenantId), granted, null)
  const faults = [...checks, feed].filter(({ status }) => status === 'UNHEALTHY')
  const missing = faults.flatMap(({ missingPermissions }) => missingPermissions)
  const connected = connect !== null || parties.tenant?.status === 'PENDING'
  const base = { tenantId, at: services.now(), operator: parties.operator }
  const by = person && named(person)
  const tenant = await services.db.withTenants([tenantId], async (tx) => {
    await appendAudit(tx, [
      { ...base, name: 'consent.verified', details: { account: by, missingPermissions: missing } },
    ])
    if (!connected) return parties.tenant
    const row = await connectedTenant(tx, tenantId, parties.tenant, connect)
    if (parties.tenant?.status !== 'CONNECTED') {
      await appendAudit(tx, [{ ...base, name: 'tenant.connected', details: { name: row?.name ?? null, account: by } }])
    }
    if (connect) {
      const { grantee, roles } = connect
      const grantedBy = `consent of ${person?.displayName ?? 'an administrator'}`
      await grantAccess(tx, { ...grantee, tenantId, roles, grantedBy, grantedAt: base.at })
      await appendAudit(tx, [{ ...base, name: 'access.granted', details: { ...grantee, roles, grantedBy } }])
    }
    return row
  })
  if (!tenant) throw new FlowError('LINK_INVALID')
  if (tenant.status === 'CONNECTED') await tryToRefreshSnapshot(services, tenantId)
  return { tenant, operatorName: parties.operator.displayName, connected, faults }
}

/** A tenant that is connected keeps its name, whoever is let in besides. */
const connectedTenant = (
  tx: Tx,
  id: string,
  known: TenantRow | null,
  connect: Connection | null,
): Promise<TenantRow | null> =>
  connect && known?.status !== 'CONNECTED'
    ? upsertTenant(tx, { id, name: connect.name, status: 'CONNECTED' })
    : setTenantStatus(tx, id, 'CONNECTED')
