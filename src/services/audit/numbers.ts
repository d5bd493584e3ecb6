/** The audit trails of all tenants in two numbers. */
import type { Services } from '../../context.ts'
import { auditTotals } from '../../db/audit-checks.ts'
import { listAllTenants } from '../../db/tenants.ts'

export interface AuditNumbers {
  /** Trails that were found changed, and not found sound since. */
  faults: number
  /** Of the trail that waits longest for the next time; null when none was verified yet. */
  sinceVerifiedSeconds: number | null
}

export async function auditNumbers({ db, now }: Pick<Services, 'db' | 'now'>): Promise<AuditNumbers> {
  const tenantIds = (await db.plain(listAllTenants)).map(({ id }) => id)
  const { faults, oldestVerifiedAt } = await db.withTenants(tenantIds, auditTotals)
  const sinceMs = oldestVerifiedAt && now().getTime() - oldestVerifiedAt.getTime()
  return { faults, sinceVerifiedSeconds: sinceMs === null ? null : Math.max(0, sinceMs / 1000) }
}
