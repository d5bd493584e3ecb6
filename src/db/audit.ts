/** The audit trail: only ever added to, each entry bound by hash to the tenant's entry before it. */
import { createHash } from 'node:crypto'
import { and, desc, eq, gte, inArray, lt, sql } from 'drizzle-orm'
import type { Tx } from './connection.ts'
import { storableJson } from './json.ts'
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
}

/** One statement, whatever the number of entries; entries of one tenant keep their order. */
export async function appendAudit(tx: Tx, entries: readonly AuditDraft[]): Promise<void> {
  if (entries.length === 0) return
  const rows = entries.map((entry) => ({
    tenant_id: entry.tenantId,
    name: entry.name,
    at: entry.at.toISOString(),
    operator: entry.operator,
    event_id: entry.eventId ?? null,
    run_id: entry.runId ?? null,
    kind: entry.kind ?? null,
    subject_id: entry.subjectId ?? null,
    details: entry.details,
  }))
  await tx.execute(sql`select audit_append_many(${storableJson(rows)}::jsonb)`)
}

/** Newest first. `after` is the `seq` of the last entry of the page before. */
export async function pageOfAuditEntries(
  tx: Tx,
  tenantId: string,
  {
    filter = {},
    first,
    after,
  }: { filter?: AuditFilter | undefined; first: number; after?: number | string | undefined },
): Promise<{ entries: AuditEntryRow[]; hasNextPage: boolean }> {
  const rows = await tx
    .select()
    .from(auditEntry)
    .where(
      and(
        eq(auditEntry.tenantId, tenantId),
        after === undefined ? undefined : lt(auditEntry.seq, Number(after)),
        filter.names === undefined ? undefined : inArray(auditEntry.name, [...filter.names]),
        filter.since === undefined ? undefined : gte(auditEntry.at, filter.since),
        filter.until === undefined ? undefined : lt(auditEntry.at, filter.until),
        filter.eventId === undefined ? undefined : eq(auditEntry.eventId, filter.eventId),
        filter.runId === undefined ? undefined : eq(auditEntry.runId, filter.runId),
        filter.operatorId === undefined ? undefined : sql`${auditEntry.operator} ->> 'id' = ${filter.operatorId}`,
      ),
    )
    .orderBy(desc(auditEntry.seq))
    .limit(first + 1)
  return { entries: rows.slice(0, first), hasNextPage: rows.length > first }
}

/** The entry at a place in the chain, or null. */
export async function auditEntryBySeq(tx: Tx, tenantId: string, seq: number): Promise<AuditEntryRow | null> {
  const [row] = await tx
    .select()
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

export interface AuditVerification {
  rows: number
  /** The first place where the chain does not hold, in words for people. */
  fault: null | { seq: number; what: string }
}

interface TextRow extends Record<string, unknown> {
  seq: string
  fields: (string | null)[]
  previous_hash: Buffer
  hash: Buffer
}

const pageSize = 5000

/** As the database's own function lists them, and written out here: whoever changes that function is found, too. */
const fields = sql.raw(`to_json(array[
  tenant_id::text, seq::text, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), name,
  operator::text, event_id::text, run_id::text, kind, subject_id::text, details::text])`)

const beginning = Buffer.alloc(32)

/**
 * Recomputes the whole chain here rather than in the database, and compares it with the stored one. A cut tail shows only
 * as long as the head was not changed with it; a signed head shows it always.
 */
export async function verifyAuditChain(tx: Tx, tenantId: string): Promise<AuditVerification> {
  // The head first: entries that are appended meanwhile are beyond it, and no fault.
  const head = await auditHeadOf(tx, tenantId)
  let seq = 0
  let previous: Buffer = beginning
  const fault = (at: number, what: string) => ({ rows: seq, fault: { seq: at, what } })
  for (;;) {
    const rows = await tx.execute<TextRow>(sql`
      select seq, ${fields} as fields, previous_hash, hash from audit_entry
      where tenant_id = ${tenantId}::uuid and seq > ${seq} order by seq limit ${pageSize}`)
    for (const row of rows) {
      const found = Number(row.seq)
      if (found !== seq + 1) return fault(seq + 1, `Entry ${seq + 1} is missing.`)
      if (!row.previous_hash.equals(previous)) {
        return fault(
          found,
          `Entry ${found} does not follow the entry before it: one of the two was changed, exchanged or removed.`,
        )
      }
      if (!row.hash.equals(hashOf(previous, row.fields)))
        return fault(found, `Entry ${found} was changed after it was written.`)
      seq = found
      previous = row.hash
      if (head?.seq === seq && !head.hash.equals(previous))
        return fault(seq, `Entry ${seq} is not the one that the head names.`)
    }
    if (rows.length < pageSize) break
  }
  if (head !== null && seq < head.seq)
    return fault(seq + 1, `Entries ${seq + 1} to ${head.seq} are missing at the end.`)
  if (head === null && seq > 0) return fault(seq, 'The head of the chain is missing.')
  return { rows: seq, fault: null }
}

/** SHA-256 over the hash before and every field with its length in bytes, so that no text can pass for two fields. */
function hashOf(previous: Buffer, fields: readonly (string | null)[]): Buffer {
  const text = fields.map((field) => (field === null ? '-' : `${Buffer.byteLength(field)}:${field}`)).join(',')
  return createHash('sha256').update(previous).update(text, 'utf8').digest()
}
