/** What an attack must leave as it was: the rows of the tenants that it may not see, and Microsoft's peace. */
import { ownerSql } from '../owner-sql.ts'
import { tenantTables } from './samples.ts'
import type { IsolationScene } from './scene.ts'

export interface Traces {
  /** By table and tenant. */
  rows: Record<string, string>
  /** Entries by which somebody asked for the tenant's consent: the one thing that a stranger who administers another tenant may do. */
  asked: Record<string, number>
  journal: number
}

export async function tracesIn({ database, gateway }: IsolationScene): Promise<Traces> {
  const rowsOf = (table: string, condition = 'true') =>
    `select '${table}' as name, tenant_id::text, md5(string_agg(t::text, '|' order by t::text)) as hash from ${table} t where ${condition} group by 2`
  const tables = (await tenantTables(database)).filter(
    (table) => !['operator', 'audit_head', 'audit_entry'].includes(table),
  )
  const keys = `select 'api_key', '', md5(string_agg(concat(id, operator_id, name, expires_at, revoked_at), '|' order by id)) from api_key`
  const statement = [
    ...tables.map((table) => rowsOf(table)),
    rowsOf('audit_entry', `name <> 'consent.asked'`),
    keys,
  ].join(' union all ')
  const [rows, asked] = await Promise.all([
    ownerSql(database, statement),
    ownerSql(
      database,
      `select tenant_id, count(*)::int as entries from audit_entry where name = 'consent.asked' group by 1`,
    ),
  ])
  return {
    rows: Object.fromEntries(rows.map(({ name, tenant_id, hash }) => [`${name} ${tenant_id}`, String(hash)])),
    asked: Object.fromEntries(asked.map(({ tenant_id, entries }) => [String(tenant_id), Number(entries)])),
    journal: gateway.microsoft.journal().at(-1)?.seq ?? 0,
  }
}

/** What changed in these tenants since, and what was asked of Microsoft about them. */
export function changesSince(
  before: Traces,
  after: Traces,
  tenantIds: readonly string[],
  { gateway }: IsolationScene,
): string[] {
  const names = new Set([...Object.keys(before.rows), ...Object.keys(after.rows)])
  const changed = [...names].filter((name) => before.rows[name] !== after.rows[name])
  const calls = gateway.microsoft
    .journal(before.journal)
    .filter(({ tenantId }) => tenantId !== null && tenantIds.includes(tenantId))
    .map(({ method, path, tenantId }) => `${method} ${path} of ${tenantId}`)
  return [...changed.filter((name) => name.endsWith(' ') || tenantIds.some((id) => name.endsWith(id))), ...calls]
}

/** Requests for consent that were put on record in these tenants. */
export const entriesSince = (before: Traces, after: Traces, tenantIds: readonly string[]): number =>
  tenantIds.reduce((sum, id) => sum + (after.asked[id] ?? 0) - (before.asked[id] ?? 0), 0)
