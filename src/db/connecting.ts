/** What connecting a tenant looks up and writes. */
import { eq } from 'drizzle-orm'
import type { Tx } from './connection.ts'
import { operator, partner, tenant } from './tables.ts'

/** The partner of which an administrator made the operator a member; null when none did. */
export async function partnerOfOperator(tx: Tx, operatorId: string): Promise<{ id: string; name: string } | null> {
  const [row] = await tx
    .select({ id: partner.id, name: partner.name })
    .from(operator)
    .innerJoin(partner, eq(partner.id, operator.partnerId))
    .where(eq(operator.id, operatorId))
  return row ?? null
}

export async function partnerById(tx: Tx, id: string): Promise<{ id: string; name: string } | null> {
  const [row] = await tx.select({ id: partner.id, name: partner.name }).from(partner).where(eq(partner.id, id))
  return row ?? null
}

/** Adds a tenant that nobody knew, as `PENDING`; one that is there stays as it is. */
export async function introduceTenant(tx: Tx, { id, name }: { id: string; name: string }): Promise<void> {
  await tx.insert(tenant).values({ id, name, status: 'PENDING' }).onConflictDoNothing()
}
