/** What is known of a tenant for reading its audit records by. */
import { inArray } from 'drizzle-orm'
import type { Tx } from './connection.ts'
import { tenantSnapshot } from './tables.ts'

export type TenantSnapshotRow = typeof tenantSnapshot.$inferSelect

/** Those of tenants that were read before, among these and those that the transaction was opened with. */
export async function tenantSnapshotsOf(tx: Tx, tenantIds: readonly string[]): Promise<TenantSnapshotRow[]> {
  return tx
    .select()
    .from(tenantSnapshot)
    .where(inArray(tenantSnapshot.tenantId, [...tenantIds]))
}

/** Takes the place of what was known before. The tenant must exist. */
export async function saveTenantSnapshot(tx: Tx, row: TenantSnapshotRow): Promise<void> {
  const { tenantId: _, ...values } = row
  await tx.insert(tenantSnapshot).values(row).onConflictDoUpdate({ target: tenantSnapshot.tenantId, set: values })
}
