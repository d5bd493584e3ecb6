/** What is known of a tenant for reading its audit records by. */
import { eq } from 'drizzle-orm'
import type { Tx } from './connection.ts'
import { tenantSnapshot } from './tables.ts'

export type TenantSnapshotRow = typeof tenantSnapshot.$inferSelect

/** Null when nothing was read yet, or the tenant is none that the transaction was opened with. */
export async function tenantSnapshotOf(tx: Tx, tenantId: string): Promise<TenantSnapshotRow | null> {
  const [row] = await tx.select().from(tenantSnapshot).where(eq(tenantSnapshot.tenantId, tenantId))
  return row ?? null
}

/** Takes the place of what was known before. The tenant must exist. */
export async function saveTenantSnapshot(tx: Tx, row: TenantSnapshotRow): Promise<void> {
  const { tenantId: _, ...values } = row
  await tx.insert(tenantSnapshot).values(row).onConflictDoUpdate({ target: tenantSnapshot.tenantId, set: values })
}
