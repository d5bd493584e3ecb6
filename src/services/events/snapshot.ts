import { z } from 'zod'
import { UpstreamError } from '../../clients/errors.ts'
import type { Log, Services } from '../../context.ts'
import type { Tx } from '../../db/connection.ts'
import { saveTenantSnapshot, type TenantSnapshotRow, tenantSnapshotsOf } from '../../db/tenant-snapshots.ts'

/** What classification knows of a tenant besides the record: as Microsoft told it last, or nothing. */
export interface TenantSnapshot {
  /** The tenant's verified domains, in lower case; null: not known. */
  domains: ReadonlySet<string> | null
  /** Ids in lower case under which records name our own application: client id and service principal. */
  ownIds: ReadonlySet<string>
}

/** Of a tenant that nobody asked yet, e.g. one that is known from an import alone. */
export const unknownSnapshot: TenantSnapshot = { domains: null, ownIds: new Set() }

/** As they are stored: no call leaves. A tenant that nobody asked yet is missing. */
export async function loadSnapshots(tx: Tx, tenantIds: readonly string[]): Promise<Map<string, TenantSnapshot>> {
  const rows = await tenantSnapshotsOf(tx, tenantIds)
  return new Map(rows.map((row) => [row.tenantId, snapshotOf(row)]))
}

type Asking = Pick<Services, 'db' | 'microsoft' | 'clientId' | 'now'>

/** A person may be waiting. */
const deadlineMs = 10_000
const domain = z.object({ id: z.string().toLowerCase(), isVerified: z.boolean().nullish() })
const principal = z.object({ id: z.string().toLowerCase() })

/**
 * Asks Microsoft and stores the answer for a tenant that is connected: two reads in one batch. Throws `UpstreamError` when
 * the domains cannot be read; what was stored before stays.
 */
export async function refreshSnapshot(services: Asking, tenantId: string): Promise<TenantSnapshot> {
  const { db, microsoft, clientId, now } = services
  const { graph } = microsoft.session({ deadlineAt: Date.now() + deadlineMs }).tenant(tenantId)
  const [domains, own] = await Promise.all([
    graph.list('/domains?$select=id,isVerified'),
    graph.get(`/servicePrincipals(appId='${encodeURIComponent(clientId)}')?$select=id`).catch(unlessUpstream),
  ])
  // Anybody may add a domain that is not theirs; only a verified one takes mail.
  const verified = domains.map((row) => domain.parse(row)).filter(({ isVerified }) => isVerified !== false)
  const row: TenantSnapshotRow = {
    tenantId,
    domains: verified.map(({ id }) => id).sort(),
    ownAppId: clientId.toLowerCase(),
    ownServicePrincipalId: own === null ? null : principal.parse(own.body).id,
    readAt: now(),
  }
  await db.withTenants([tenantId], (tx) => saveTenantSnapshot(tx, row))
  return snapshotOf(row)
}

/** As `refreshSnapshot`, for those whose work does not depend on it: a failure is only logged. */
export async function tryToRefreshSnapshot(
  services: Asking & { log: Pick<Log, 'warn'> },
  tenantId: string,
): Promise<void> {
  try {
    await refreshSnapshot(services, tenantId)
  } catch (error) {
    services.log.warn({ err: error, tenantId }, "The tenant's domains could not be read")
  }
}

function snapshotOf({ domains, ownAppId, ownServicePrincipalId }: TenantSnapshotRow): TenantSnapshot {
  const ownIds = [ownAppId, ownServicePrincipalId].filter((id) => id !== null)
  return { domains: new Set(domains), ownIds: new Set(ownIds) }
}

/** Without the principal's id our own doings are still known by the client id. */
function unlessUpstream(error: unknown): null {
  if (error instanceof UpstreamError) return null
  throw error
}
