/** What the last looks at the audit trails found, for metrics. */
import { sql } from 'drizzle-orm'
import type { AuditFault } from './audit-chain.ts'
import type { Tx } from './connection.ts'

/** A look at the whole trail: only that one ends a fault. */
export async function recordVerified(tx: Tx, tenantId: string, at: Date, fault: AuditFault | null): Promise<void> {
  const faultAt = fault === null ? null : at.toISOString()
  await tx.execute(sql`
    insert into audit_check as known (tenant_id, verified_at, fault_seq, fault_at)
    values (${tenantId}::uuid, ${at.toISOString()}::timestamptz, ${fault?.seq ?? null}::bigint, ${faultAt}::timestamptz)
    on conflict (tenant_id) do update set verified_at = excluded.verified_at, fault_seq = excluded.fault_seq,
      fault_at = case when excluded.fault_seq is null then null else coalesce(known.fault_at, excluded.fault_at) end`)
}

/** A fault that showed when a trail was to be signed. */
export async function recordFault(tx: Tx, tenantId: string, at: Date, fault: AuditFault): Promise<void> {
  await tx.execute(sql`
    insert into audit_check as known (tenant_id, fault_seq, fault_at)
    values (${tenantId}::uuid, ${fault.seq}::bigint, ${at.toISOString()}::timestamptz)
    on conflict (tenant_id) do update set fault_seq = least(known.fault_seq, excluded.fault_seq),
      fault_at = coalesce(known.fault_at, excluded.fault_at)`)
}

export interface AuditTotals {
  /** Trails with a fault. */
  faults: number
  /** When the trail was verified that waits longest for the next time; null when none was. */
  oldestVerifiedAt: Date | null
}

/** Of the tenants of the transaction. */
export async function auditTotals(tx: Tx): Promise<AuditTotals> {
  const [row] = await tx.execute<{ faults: string; oldest: Date | null }>(
    sql`select count(fault_seq) as faults, min(verified_at) as oldest from audit_check`,
  )
  return { faults: Number(row?.faults ?? 0), oldestVerifiedAt: row?.oldest ? new Date(row.oldest) : null }
}
