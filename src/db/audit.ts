/** The audit trail: only ever added to, each entry bound by hash to the tenant's entry before it. */
import { and, desc, eq, getTableColumns, inArray, type SQL, sql } from 'drizzle-orm'
import { currentTraceId } from '../trace.ts'
import { indexesOnly } from './events.ts'
import { storableJson } from './json.ts'
import type { Tx } from './pool.ts'
import { auditEntry, type OperatorSnapshot } from './tables.ts'

export type { OperatorSnapshot } from './tables.ts'

export interface AuditDraft {
  tenantId: string
  /** `noun.past`, e.g. `remediation.started`. */
  name: string
  at: Date
  /** Null when nobody asked: the product itself did it. */
  operator: OperatorSnapshot | null
  eventId?: string | null
  runId?: string | null
  kind?: string | null
  subjectId?: string | null
  details: Record<string, unknown>
}

export interface AuditEntryRow {
  tenantId: string
  /** 1, 2, 3 … without a gap in each tenant. */
  seq: number
  at: Date
  name: string
  operator: OperatorSnapshot | null
  eventId: string | null
  runId: string | null
  kind: string | null
  subjectId: string | null
  details: Record<string, unknown>
  previousHash: Buffer
  hash: Buffer
}

/** `since` belongs to the range, `until` does not. */
export interface AuditFilter {
  names?: readonly string[] | undefined
  since?: Date | undefined
  until?: Date | undefined
  eventId?: string | undefined
  runId?: string | undefined
  operatorId?: string | undefined
  subjectId?: string | undefined
  kind?: string | undefined
}

/** One statement, whatever the number of entries; entries of one tenant keep their order. Each says which trace it belongs to. */
export const appendAudit = (tx: Tx, entries: readonly AuditDraft[]): Promise<void> => appendRows(tx, auditRows(entries))

/** As the database's function takes them, of the present trace. */
export function auditRows(entries: readonly AuditDraft[]) {
  const traceId = currentTraceId()
  return entries.map((entry) => ({
    tenant_id: entry.tenantId,
    name: entry.name,
    at: entry.at.toISOString(),
    operator: entry.operator,
    event_id: entry.eventId ?? null,
    run_id: entry.runId ?? null,
    kind: entry.kind ?? null,
    subject_id: entry.subjectId ?? null,
    details: traceId === null ? entry.details : { ...entry.details, traceId },
  }))
}

export type AuditRow = ReturnType<typeof auditRows>[number]

export async function appendRows(tx: Tx, rows: readonly AuditRow[]): Promise<void> {
  if (rows.length > 0) await tx.execute(sql`select audit_append_many(${storableJson(rows)}::jsonb)`)
}

/**
 * The same as a transaction of its own, in one round trip: the tenant is set before the function is called, because its argument
 * depends on it, and no longer than the transaction.
 */
export async function appendAlone(tx: Pick<Tx, 'execute'>, tenantId: string, rows: readonly AuditRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx.execute(sql`select audit_append_many(
    case when set_config('app.tenants', ${tenantId}, true) is not null then ${storableJson(rows)}::jsonb end)`)
}

const { operatorId: _, ...columns } = getTableColumns(auditEntry)

export interface AuditPageRequest {
  filter?: AuditFilter | undefined
  first: number
  /** The `seq` of the last entry of the page before. */
  after?: number | string | undefined
}

/** Newest first. */
export async function pageOfAuditEntries(
  tx: Tx,
  tenantId: string,
  request: AuditPageRequest,
): Promise<{ entries: AuditEntryRow[]; hasNextPage: boolean }> {
  const { since, until } = request.filter ?? {}
  const [, [places]] = await Promise.all([
    tx.execute(indexesOnly),
    since || until ? tx.execute<Places>(placesStatement(tenantId, { since, until })) : [],
  ])
  const found = await tx.execute<{ seq: string }>(auditPageStatement(tenantId, request, places))
  const seqs = found.slice(0, request.first).map(({ seq }) => Number(seq))
  if (seqs.length === 0) return { entries: [], hasNextPage: false }
  const entries = await tx
    .select(columns)
    .from(auditEntry)
    .where(and(eq(auditEntry.tenantId, tenantId), inArray(auditEntry.seq, seqs)))
    .orderBy(desc(auditEntry.seq))
  return { entries, hasNextPage: found.length > request.first }
}

/** `from` belongs to the range, `before` does not. */
export interface Places extends Record<string, unknown> {
  from: string
  before: string
}

/** Times never go back along a trail, so a range of times is one of places. Exported, as the next, for the test of its plan. */
export function placesStatement(tenantId: string, { since, until }: Pick<AuditFilter, 'since' | 'until'>): SQL {
  const beyond = sql`9223372036854775807`
  const firstFrom = (at: Date) => sql`coalesce((
    select seq from audit_entry where tenant_id = ${tenantId}::uuid and at >= ${at.toISOString()}::timestamptz
    order by at, seq limit 1), ${beyond})`
  return sql`select ${since ? firstFrom(since) : sql`0`} as "from", ${until ? firstFrom(until) : beyond} as "before"`
}

/** Finds the places of a page in one index, newest first: each has `seq` as its last column. */
export function auditPageStatement(
  tenantId: string,
  { filter = {}, first, after }: AuditPageRequest,
  places?: Places,
): SQL {
  const { names, eventId, runId, operatorId, subjectId, kind } = filter
  const conditions = [
    sql`tenant_id = ${tenantId}::uuid`,
    after === undefined ? null : sql`seq < ${after}::bigint`,
    places && sql`seq >= ${places.from}::bigint and seq < ${places.before}::bigint`,
    eventId && sql`event_id = ${eventId}::uuid`,
    runId && sql`run_id = ${runId}::uuid`,
    subjectId && sql`subject_id = ${subjectId}::uuid`,
    operatorId && sql`operator_id = ${operatorId}`,
    kind === undefined ? null : sql`kind = ${kind}`,
  ].filter((condition) => condition !== null && condition !== undefined && condition !== '')
  const page = (...more: SQL[]) => sql`
    select seq from audit_entry where ${sql.join([...conditions, ...more], sql` and `)} order by seq desc limit ${first + 1}`
  // Of several names each has its own search: one of them all would look through everything for a rare one.
  return names === undefined
    ? page()
    : sql`select found.seq from unnest(${sql.param([...names])}::text[]) one (name)
        cross join lateral (${page(sql`audit_entry.name = one.name`)}) found order by found.seq desc limit ${first + 1}`
}

/** The entry at a place in the chain, or null. */
export async function auditEntryBySeq(tx: Tx, tenantId: string, seq: number): Promise<AuditEntryRow | null> {
  const [row] = await tx
    .select(columns)
    .from(auditEntry)
    .where(and(eq(auditEntry.tenantId, tenantId), eq(auditEntry.seq, seq)))
  return row ?? null
}

/** The newest entry's place and hash, or null when nothing was written yet. */
export async function auditHeadOf(tx: Tx, tenantId: string): Promise<{ seq: number; hash: Buffer } | null> {
  const [head] = await tx.execute<{ seq: string; hash: Buffer }>(
    sql`select seq, hash from audit_head where tenant_id = ${tenantId}::uuid and seq > 0`,
  )
  return head === undefined ? null : { seq: Number(head.seq), hash: head.hash }
}
