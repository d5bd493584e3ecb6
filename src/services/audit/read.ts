import type { ServiceContext } from '../../context.ts'
import { type AuditEntryRow, type AuditFilter, auditEntryBySeq, pageOfAuditEntries } from '../../db/audit.ts'
import { NotAllowedError } from '../refusals.ts'

export type AuditEntry = AuditEntryRow
export type AuditEntryFilter = AuditFilter

/** Newest first. Null for a tenant that the operator knows nothing of; throws `NotAllowedError` without `Audit.Read`. */
export async function auditPage(
  ctx: ServiceContext,
  tenantId: string,
  page: { filter: AuditEntryFilter; first: number; after: string | undefined },
): Promise<{ entries: AuditEntry[]; hasNextPage: boolean } | null> {
  if (!mayRead(ctx, tenantId)) return null
  return ctx.db.withTenants([tenantId], (tx) => pageOfAuditEntries(tx, tenantId, page))
}

/** Null and `NotAllowedError` as `auditPage`. */
export async function auditEntry(ctx: ServiceContext, tenantId: string, seq: number): Promise<AuditEntry | null> {
  if (!mayRead(ctx, tenantId)) return null
  return ctx.db.withTenants([tenantId], (tx) => auditEntryBySeq(tx, tenantId, seq))
}

function mayRead(ctx: ServiceContext, tenantId: string): boolean {
  if (!ctx.access.tenantIds.includes(tenantId)) return false
  if (ctx.access.can(tenantId, 'Audit.Read')) return true
  throw new NotAllowedError('Your roles do not allow reading the audit trail of this tenant: it needs Audit.Read.')
}
