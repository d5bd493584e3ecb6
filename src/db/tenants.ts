/** Tenants. Every function but `listAllTenants` sees only the tenants that the transaction was opened with. */
import { eq, inArray, sql } from 'drizzle-orm'
import type { Tx } from './connection.ts'
import { storableJson } from './json.ts'
import { type TenantStatus, tenant } from './tables.ts'

export type { TenantStatus } from './tables.ts'

/** `id` is the Entra tenant id in lower case. */
export interface TenantRow {
  id: string
  name: string
  status: TenantStatus
}

const columns = { id: tenant.id, name: tenant.name, status: tenant.status }

/** Adds the tenant, or renames it. `NOT_CONNECTED` only introduces a tenant: it never takes a status away. */
export async function upsertTenant(tx: Tx, { id, name, status }: TenantRow): Promise<TenantRow> {
  const status_ = status === 'NOT_CONNECTED' ? sql`${tenant.status}` : sql`excluded.status`
  const [row] = await tx
    .insert(tenant)
    .values({ id, name, status })
    .onConflictDoUpdate({
      target: tenant.id,
      set: {
        name: sql`excluded.name`,
        status: status_,
        statusChangedAt: sql`case when ${tenant.status} = ${status_} then ${tenant.statusChangedAt} else now() end`,
      },
    })
    .returning(columns)
  return existing(row, id)
}

export interface IntroducedTenant {
  id: string
  name: string
  isNew: boolean
}

/**
 * Makes tenants known, as `NOT_CONNECTED`, that are not yet; null stands for a name that nobody told. A tenant that has a
 * name keeps it. Answers in the given order.
 */
export async function introduceTenants(tx: Tx, told: ReadonlyMap<string, string | null>): Promise<IntroducedTenant[]> {
  const known = new Map((await tenantsByIds(tx, [...told.keys()])).map((row) => [row.id, row]))
  const isNamed = (row: TenantRow | undefined) => row && (row.status !== 'NOT_CONNECTED' || row.name !== row.id)
  const nameless = [...told].filter(([id, name]) => !known.has(id) || (name !== null && !isNamed(known.get(id))))
  if (nameless.length > 0) {
    const rows = nameless.map(([id, name]) => ({ id, name: name ?? id }))
    // In one order, so that two who introduce the same ones never wait for each other.
    await tx.execute(sql`
      insert into tenant (id, name, status)
      select id, name, 'NOT_CONNECTED' from jsonb_to_recordset(${storableJson(rows)}::jsonb) given(id uuid, name text)
      order by id
      on conflict (id) do update set name = excluded.name
        where tenant.status = 'NOT_CONNECTED' and tenant.name = tenant.id::text`)
  }
  return [...told].map(([id, name]) => {
    const row = known.get(id)
    return { id, name: row && isNamed(row) ? row.name : (name ?? id), isNew: row === undefined }
  })
}

/** The tenant as it is now, or null when it is not there or not ours to change. */
export async function setTenantStatus(tx: Tx, tenantId: string, status: TenantStatus): Promise<TenantRow | null> {
  const [row] = await tx
    .update(tenant)
    .set({
      status,
      statusChangedAt: sql`case when ${tenant.status} = ${status} then ${tenant.statusChangedAt} else now() end`,
    })
    .where(eq(tenant.id, tenantId))
    .returning(columns)
  return row ?? null
}

/** In no particular order; those that do not exist are missing. */
export async function tenantsByIds(tx: Tx, tenantIds: readonly string[]): Promise<TenantRow[]> {
  if (tenantIds.length === 0) return []
  return tx
    .select(columns)
    .from(tenant)
    .where(inArray(tenant.id, [...tenantIds]))
}

/** By name. `after` is the id of the last tenant of the page before. */
export async function pageOfTenants(
  tx: Tx,
  tenantIds: readonly string[],
  { first, after }: { first: number; after?: string | undefined },
): Promise<{ tenants: TenantRow[]; hasNextPage: boolean }> {
  if (tenantIds.length === 0) return { tenants: [], hasNextPage: false }
  const following = after
    ? sql`and (${tenant.name}, ${tenant.id}) > (select last.name, last.id from tenant last where last.id = ${after})`
    : sql``
  const rows = await tx
    .select(columns)
    .from(tenant)
    .where(sql`${inArray(tenant.id, [...tenantIds])} ${following}`)
    .orderBy(tenant.name, tenant.id)
    .limit(first + 1)
  return { tenants: rows.slice(0, first), hasNextPage: rows.length > first }
}

/** Every tenant of the product, whatever the transaction was opened with: for the command line and background work. */
export async function listAllTenants(tx: Tx): Promise<TenantRow[]> {
  const rows = await tx.execute<{ id: string; name: string; status: TenantStatus }>(
    sql`select id, name, status from all_tenants() order by name, id`,
  )
  return rows.map(({ id, name, status }) => ({ id, name, status }))
}

function existing(row: TenantRow | undefined, id: string): TenantRow {
  if (row === undefined) throw new Error(`Tenant ${id} was not written.`)
  return row
}
