/** Looking up who the command line names, without writing anything. */
import { and, asc, eq, inArray, isNull, or } from 'drizzle-orm'
import type { OperatorKind } from '../services/remediations/types.ts'
import type { Tx } from './connection.ts'
import type { PartnerRow } from './operators.ts'
import { accessGrant, operator, partner } from './tables.ts'

/** A person by object id or an application by app id, of an Entra tenant; null when it never signed in and was never granted anything. */
export async function operatorByIdentity(
  tx: Tx,
  identity: { kind: OperatorKind; tenantId: string; externalId: string },
): Promise<{ id: string; displayName: string; partnerId: string | null } | null> {
  const [row] = await tx
    .select({ id: operator.id, displayName: operator.displayName, partnerId: operator.partnerId })
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

/** Operators that an administrator made members of a partner, by partner and name. */
export async function listMembers(tx: Tx) {
  return tx
    .select({
      partnerId: partner.id,
      kind: operator.kind,
      tenantId: operator.tenantId,
      externalId: operator.externalId,
      displayName: operator.displayName,
    })
    .from(operator)
    .innerJoin(partner, eq(partner.id, operator.partnerId))
    .orderBy(asc(partner.name), asc(partner.id), asc(operator.displayName), asc(operator.id))
}

/** Those of the operators that hold a grant for the tenant now, of their own or through their partner, with the stored address. */
export async function operatorsWithAccess(
  tx: Tx,
  tenantId: string,
  ids: readonly string[],
): Promise<{ id: string; email: string | null; objectId: string | null }[]> {
  const rows = await tx
    .selectDistinct({ id: operator.id, email: operator.email, kind: operator.kind, externalId: operator.externalId })
    .from(operator)
    .innerJoin(accessGrant, or(eq(accessGrant.operatorId, operator.id), eq(accessGrant.partnerId, operator.partnerId)))
    .where(and(inArray(operator.id, [...ids]), eq(accessGrant.tenantId, tenantId), isNull(accessGrant.revokedAt)))
  return rows.map(({ id, email, kind, externalId }) => ({ id, email, objectId: kind === 'PERSON' ? externalId : null }))
}
