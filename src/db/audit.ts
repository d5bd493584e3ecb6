/** The audit trail: only ever added to, each entry bound by hash to the tenant's entry before it. */
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
