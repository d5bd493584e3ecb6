import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceContext } from '../../context.ts'
import { acquireLeases, releaseLeases } from '../../db/runs.ts'
import { RemediationUnavailableError } from '../refusals.ts'
import type { Plan } from './plan.ts'

/** Who holds leases: a run, known before it is committed. */
export interface Holder {
  tenantId: string
  runId: string
}

/** No two runs act on one subject at once. */
export const subjectLease = (subjectId: string): string => `subject ${subjectId}`
/** B13: no two runs disable Global Administrators of one tenant at once. */
export const globalAdministratorsLease = 'global-administrators'

/** What a run must hold whenever it writes. */
export const leasesOf = ({ subject, needsTenantLease }: Pick<Plan, 'subject' | 'needsTenantLease'>): string[] => [
  subjectLease(subject.id),
  ...(needsTenantLease ? [globalAdministratorsLease] : []),
]

/**
 * Waits for another run to end and answers null with the lease held; or with what `instead` found meanwhile. Throws
 * `RemediationUnavailableError` when it takes too long.
 */
export async function waitForLease<T>(
  ctx: ServiceContext,
  { tenantId, runId }: Holder,
  key: string,
  instead: () => Promise<T | null> = async () => null,
): Promise<T | null> {
  const { leaseMs, leaseWaitMs, pollMs } = ctx.timing
  const giveUpAt = Date.now() + leaseWaitMs
  const acquire = () =>
    ctx.db.withTenants([tenantId], (tx) => acquireLeases(tx, tenantId, [key], runId, ctx.now(), leaseMs))
  while (!(await acquire())) {
    const found = await instead()
    if (found !== null) return found
    if (Date.now() > giveUpAt) throw targetIsTaken()
    await sleep(pollMs)
  }
  return null
}

export const targetIsTaken = () =>
  new RemediationUnavailableError('Another run is acting on the same target. Ask again when it has ended.', [])

export const releaseAll = (ctx: ServiceContext, { tenantId, runId }: Holder): Promise<void> =>
  ctx.db.withTenants([tenantId], (tx) => releaseLeases(tx, tenantId, runId))
