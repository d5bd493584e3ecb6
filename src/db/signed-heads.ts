/** Signed heads of the audit trail: as stored, whoever wrote them. */
import { asc, desc, eq } from 'drizzle-orm'
import type { Tx } from './connection.ts'
import { auditSignedHead } from './tables.ts'

export interface SignedHeadRow {
  tenantId: string
  /** 1, 2, 3 … without a gap in each tenant. */
  number: number
  seq: number
  hash: Buffer
  signedAt: Date
  keyId: string
  signature: Buffer
}

/** False when another signer was first with this number. */
export async function insertSignedHead(tx: Tx, row: SignedHeadRow): Promise<boolean> {
  const inserted = await tx
    .insert(auditSignedHead)
    .values(row)
    .onConflictDoNothing()
    .returning({ number: auditSignedHead.number })
  return inserted.length > 0
}

/** Oldest first. */
export const signedHeadsOf = (tx: Tx, tenantId: string): Promise<SignedHeadRow[]> =>
  tx.select().from(auditSignedHead).where(eq(auditSignedHead.tenantId, tenantId)).orderBy(asc(auditSignedHead.number))

export async function lastSignedHeadOf(tx: Tx, tenantId: string): Promise<SignedHeadRow | null> {
  const [row] = await tx
    .select()
    .from(auditSignedHead)
    .where(eq(auditSignedHead.tenantId, tenantId))
    .orderBy(desc(auditSignedHead.number))
    .limit(1)
  return row ?? null
}
