/** Who calls, and where they may do what. These tables are not bound to tenants. */
import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import type { OperatorKind } from '../services/remediations/types.ts'
import type { Tx } from './connection.ts'
import { newId } from './ids.ts'
import { accessGrant, operator, partner, type TenantStatus } from './tables.ts'

/** `tenantId` is null for API keys, `objectId` for everybody but persons. */
export interface OperatorRow {
  id: string
  kind: OperatorKind
  displayName: string
  tenantId: string | null
  objectId: string | null
  email: string | null
  /** Object id of a person, app id of an application, id of an API key. */
  externalId: string
}

/** Roles in one tenant, from the operator's own grant and its partner's. Roles are those of the product, as stored. */
export interface GrantedRoles {
  tenantId: string
  roles: string[]
}

export interface SignedInOperator {
  operator: OperatorRow
  /** Of the operator's own Entra tenant; null when it is not known here, and for API keys. */
  homeStatus: TenantStatus | null
  grants: GrantedRoles[]
}

export interface OperatorIdentity {
  kind: OperatorKind
  tenantId: string | null
  externalId: string
  displayName: string
}

interface OperatorWithGrants extends Record<string, unknown> {
  id: string
  kind: OperatorKind
  tenant_id: string | null
  external_id: string
  display_name: string
  email: string | null
  home_status: TenantStatus | null
  grants: { tenantId: string; roles: string[] }[]
}

/** Grants of the operator `o` itself and of the partner that an administrator made it a member of: a home tenant alone opens nothing. */
const grantsOfO = sql`coalesce((
  select jsonb_agg(jsonb_build_object('tenantId', g.tenant_id, 'roles', g.roles))
  from access_grant g
  where g.revoked_at is null
    and (g.operator_id = o.id or g.partner_id = o.partner_id)
), '[]'::jsonb) as grants`

/** The operator behind a verified token, with its grants, in one statement. A first sign-in adds it, a new name is kept. */
export async function signInOperator(tx: Pick<Tx, 'execute'>, identity: OperatorIdentity): Promise<SignedInOperator> {
  const { kind, tenantId, externalId, displayName } = identity
  const rows = await tx.execute<OperatorWithGrants>(sql`
    with known as (
      select o.* from operator o
      where o.kind = ${kind} and o.tenant_id is not distinct from ${tenantId}::uuid and o.external_id = ${externalId}
    ), written as (
      insert into operator (id, kind, tenant_id, external_id, display_name)
      select ${newId()}::uuid, ${kind}, ${tenantId}::uuid, ${externalId}, ${displayName}
      where not exists (select from known where known.display_name = ${displayName})
      on conflict (kind, tenant_id, external_id) do update set display_name = excluded.display_name
      returning *
    )
    select o.id, o.kind, o.tenant_id, o.external_id, o.display_name, o.email,
      status_of_tenant(o.tenant_id) as home_status, ${grantsOfO}
    from (select * from written union all select * from known where not exists (select from written)) o`)
  const signedIn = signedInOperator(rows[0])
  if (signedIn === null) throw new Error('The operator was not written.')
  return signedIn
}

/** The operator of a key that is neither revoked nor expired at `now`, or null. One statement. */
export async function operatorByApiKey(
  tx: Pick<Tx, 'execute'>,
  keyHash: Buffer,
  now: Date,
): Promise<SignedInOperator | null> {
  const rows = await tx.execute<OperatorWithGrants>(sql`
    select o.id, o.kind, o.tenant_id, o.external_id, o.display_name, o.email, null as home_status, ${grantsOfO}
    from api_key k join operator o on o.id = k.operator_id
    where k.hash = ${keyHash} and k.revoked_at is null
      and (k.expires_at is null or k.expires_at > ${now.toISOString()}::timestamptz)`)
  return signedInOperator(rows[0])
}

function signedInOperator(row: OperatorWithGrants | undefined): SignedInOperator | null {
  if (row === undefined) return null
  const roles = new Map<string, Set<string>>()
  for (const grant of row.grants) {
    const held = roles.get(grant.tenantId) ?? new Set()
    for (const role of grant.roles) held.add(role)
    roles.set(grant.tenantId, held)
  }
  return {
    operator: {
      id: row.id,
      kind: row.kind,
      displayName: row.display_name,
      tenantId: row.tenant_id,
      objectId: row.kind === 'PERSON' ? row.external_id : null,
      email: row.email,
      externalId: row.external_id,
    },
    homeStatus: row.home_status,
    grants: [...roles].map(([tenantId, held]) => ({ tenantId, roles: [...held] })),
  }
}

/** Adds or changes an operator before it ever signs in: name, e-mail address, partner. What is not said stays. */
export async function upsertOperator(
  tx: Tx,
  given: OperatorIdentity & { email?: string | null; partnerId?: string | null },
): Promise<OperatorRow> {
  const said = {
    displayName: given.displayName,
    ...(given.email === undefined ? {} : { email: given.email }),
    ...(given.partnerId === undefined ? {} : { partnerId: given.partnerId }),
  }
  const [row] = await tx
    .insert(operator)
    .values({ id: newId(), kind: given.kind, tenantId: given.tenantId, externalId: given.externalId, ...said })
    .onConflictDoUpdate({ target: [operator.kind, operator.tenantId, operator.externalId], set: said })
    .returning()
  if (row === undefined) throw new Error('The operator was not written.')
  return operatorRow(row)
}

/** Operators by id, e.g. for the addresses that a password goes to. Unknown ids are missing. */
export async function operatorsByIds(tx: Tx, ids: readonly string[]): Promise<OperatorRow[]> {
  if (ids.length === 0) return []
  const rows = await tx
    .select()
    .from(operator)
    .where(sql`${operator.id} = any(${sql.param([...ids])}::uuid[])`)
  return rows.map(operatorRow)
}

function operatorRow({
  id,
  kind,
  displayName,
  tenantId,
  externalId,
  email,
}: typeof operator.$inferSelect): OperatorRow {
  return { id, kind, displayName, tenantId, externalId, email, objectId: kind === 'PERSON' ? externalId : null }
}

export interface PartnerRow {
  id: string
  name: string
  entraTenantId: string
}

/** Adds the partner of an Entra tenant, or renames it. */
export async function upsertPartner(tx: Tx, given: { name: string; entraTenantId: string }): Promise<PartnerRow> {
  const [row] = await tx
    .insert(partner)
    .values({ id: newId(), ...given })
    .onConflictDoUpdate({ target: partner.entraTenantId, set: { name: given.name } })
    .returning()
  if (row === undefined) throw new Error('The partner was not written.')
  return row
}

/** By id or by exact name. */
export async function partnersNamed(tx: Tx, nameOrId: string): Promise<PartnerRow[]> {
  return tx
    .select()
    .from(partner)
    .where(sql`${partner.id}::text = ${nameOrId.toLowerCase()} or ${partner.name} = ${nameOrId}`)
}

/** Who a grant is for. */
export type Grantee = { operatorId: string } | { partnerId: string }

export interface AccessGrantRow {
  id: string
  operatorId: string | null
  partnerId: string | null
  /** The operator's or the partner's name. */
  granteeName: string
  tenantId: string
  roles: string[]
  grantedBy: string
  grantedAt: Date
  revokedAt: Date | null
}

/** Adds roles in a tenant to those that the grantee holds there already, and returns the id of the grant. */
export async function grantAccess(
  tx: Tx,
  given: Grantee & { tenantId: string; roles: readonly string[]; grantedBy: string; grantedAt?: Date },
): Promise<{ id: string; roles: string[] }> {
  const of = 'operatorId' in given ? 'operator' : 'partner'
  const [row] = await tx
    .insert(accessGrant)
    .values({
      id: newId(),
      operatorId: 'operatorId' in given ? given.operatorId : null,
      partnerId: 'partnerId' in given ? given.partnerId : null,
      tenantId: given.tenantId,
      roles: [...new Set(given.roles)],
      grantedBy: given.grantedBy,
      ...(given.grantedAt === undefined ? {} : { grantedAt: given.grantedAt }),
    })
    .onConflictDoUpdate({
      target: [of === 'operator' ? accessGrant.operatorId : accessGrant.partnerId, accessGrant.tenantId],
      targetWhere: sql.raw(`revoked_at is null and ${of}_id is not null`),
      set: {
        roles: sql`array(select distinct role from unnest(${accessGrant.roles} || excluded.roles) role order by role)`,
        grantedBy: sql`excluded.granted_by`,
        grantedAt: sql`excluded.granted_at`,
      },
    })
    .returning({ id: accessGrant.id, roles: accessGrant.roles })
  if (row === undefined) throw new Error('The grant was not written.')
  return row
}

/** Takes the grantee's access to a tenant away; false when there was none. */
export async function revokeAccess(tx: Tx, given: Grantee & { tenantId: string; revokedAt: Date }): Promise<boolean> {
  const revoked = await tx
    .update(accessGrant)
    .set({ revokedAt: given.revokedAt })
    .where(and(ofGrantee(given), eq(accessGrant.tenantId, given.tenantId), isNull(accessGrant.revokedAt)))
    .returning({ id: accessGrant.id })
  return revoked.length > 0
}

/** Grants in force, by tenant and grantee; of one tenant, or of one grantee, or all. */
export async function listAccess(
  tx: Tx,
  of: { tenantId?: string } & Partial<{ operatorId: string; partnerId: string }> = {},
) {
  const rows: AccessGrantRow[] = await tx
    .select({
      id: accessGrant.id,
      operatorId: accessGrant.operatorId,
      partnerId: accessGrant.partnerId,
      granteeName: sql<string>`coalesce(${operator.displayName}, ${partner.name}, '')`,
      tenantId: accessGrant.tenantId,
      roles: accessGrant.roles,
      grantedBy: accessGrant.grantedBy,
      grantedAt: accessGrant.grantedAt,
      revokedAt: accessGrant.revokedAt,
    })
    .from(accessGrant)
    .leftJoin(operator, eq(operator.id, accessGrant.operatorId))
    .leftJoin(partner, eq(partner.id, accessGrant.partnerId))
    .where(
      and(
        isNull(accessGrant.revokedAt),
        of.tenantId === undefined ? undefined : eq(accessGrant.tenantId, of.tenantId),
        of.operatorId === undefined ? undefined : eq(accessGrant.operatorId, of.operatorId),
        of.partnerId === undefined ? undefined : eq(accessGrant.partnerId, of.partnerId),
      ),
    )
    .orderBy(accessGrant.tenantId, sql`4`, accessGrant.id)
  return rows
}

/** Grants in force of these operators. */
export async function grantsOfOperators(
  tx: Tx,
  operatorIds: readonly string[],
): Promise<{ operatorId: string; tenantId: string; roles: string[] }[]> {
  if (operatorIds.length === 0) return []
  const rows = await tx
    .select({ operatorId: accessGrant.operatorId, tenantId: accessGrant.tenantId, roles: accessGrant.roles })
    .from(accessGrant)
    .where(and(inArray(accessGrant.operatorId, [...operatorIds]), isNull(accessGrant.revokedAt)))
    .orderBy(accessGrant.tenantId)
  return rows.flatMap(({ operatorId, ...grant }) => (operatorId === null ? [] : [{ operatorId, ...grant }]))
}

function ofGrantee(grantee: Grantee): SQL {
  return 'operatorId' in grantee
    ? eq(accessGrant.operatorId, grantee.operatorId)
    : eq(accessGrant.partnerId, grantee.partnerId)
}
