/** Looking up who the command line names, without writing anything. */
import { and, asc, eq } from 'drizzle-orm'
import type { OperatorKind } from '../services/remediations/types.ts'
import type { Tx } from './connection.ts'
import type { PartnerRow } from './operators.ts'
import { operator, partner } from './tables.ts'

/** A person by object id or an application by app id, of an Entra tenant; null when it never signed in and was never granted anything. */
export async function operatorByIdentity(
  tx: Tx,
  identity: { kind: OperatorKind; tenantId: string; externalId: string },
): Promise<{ id: string; displayName: string } | null> {
  const [row] = await tx
    .select({ id: operator.id, displayName: operator.displayName })
    .from(operator)
    .where(
      and(
        eq(operator.kind, identity.kind),
        eq(operator.tenantId, identity.tenantId),
        eq(operator.externalId, identity.externalId),
      ),
    )
  return row ?? null
}

/** Every partner, by name. */
export async function listPartners(tx: Tx): Promise<PartnerRow[]> {
  return tx
    .select({ id: partner.id, name: partner.name, entraTenantId: partner.entraTenantId })
    .from(partner)
    .orderBy(asc(partner.name), asc(partner.id))
}
