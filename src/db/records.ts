/** Takes audit records in: once each, as events with their subjects, or as records that were no event. */
import { sql } from 'drizzle-orm'
import {
  type EventSource,
  type SecurityEventType,
  type Severity,
  type SubjectCandidate,
  type SubjectRole,
  severities,
} from '../services/events/types.ts'
import { recordArrivals } from './arrivals.ts'
import type { Tx } from './connection.ts'
import { firstIdOf } from './ids.ts'
import { storableJson } from './json.ts'
import { resolveSubjects } from './subjects.ts'

/** What the classification made of one record. */
export interface RecordDraft {
  /** In UUIDv7 form: the time of the record, then a hash of tenant, record id and record. Its event has the same. */
  id: string
  /** As Microsoft wrote it, not unique; empty where it wrote none. */
  recordId: string
  event: EventDraft | null
}

export interface EventDraft {
  /** Deterministic, in UUIDv7 form with the time of the event. */
  id: string
  type: SecurityEventType
  severity: Severity
  title: string
  description: string
  occurredAt: Date
  techniques: string[]
  reasons: string[]
  source: EventSource
  /** The same for all records of one action, else null. */
  actionKey: string | null
  /** Of the records of one action, the one with the lowest rank words the event. */
  rank: number
  subjects: SubjectCandidate[]
}

/**
 * `MERGED`: the record belongs to an event that was there already. `DUPLICATE`: this very record was taken in before.
 * `OUTSIDE_RETENTION`: it is older than what is kept, and nothing of it was stored.
 */
export interface RecordOutcome {
  stored: 'EVENT' | 'MERGED' | 'NO_EVENT' | 'DUPLICATE' | 'OUTSIDE_RETENTION'
}

interface NamedSubject {
  id: string
  role: SubjectRole
}

/** An event as it will be after this batch. */
interface Gathered extends Omit<EventDraft, 'subjects'> {
  subjects: NamedSubject[]
  changed: boolean
}

const oneActionMs = 60_000

/**
 * A bounded number of statements for a batch of any size, in the caller's transaction. Batches of one tenant wait for each
 * other until that transaction ends, so that two of them neither double an event nor a subject. The tenant must exist.
 */
export async function storeRecords(tx: Tx, tenantId: string, drafts: readonly RecordDraft[]): Promise<RecordOutcome[]> {
  if (drafts.length === 0) return []
  // What does not wait for an answer leaves together: a round trip costs more than most of these statements.
  const [, known] = await Promise.all([lockRecords(tx, tenantId), passedOver(tx, tenantId, drafts)])
  const fresh = drafts.filter((draft, position) => !known.has(position) && draft.event !== null)
  const candidates = fresh.flatMap(({ event }) => event?.subjects ?? [])
  const [events, subjectIds] = await Promise.all([
    relatedEvents(
      tx,
      tenantId,
      fresh.flatMap(({ event }) => event ?? []),
    ),
    resolveSubjects(tx, tenantId, candidates),
  ])

  let named = 0
  const added: string[] = []
  const records: { id: string; event_id: string | null; record_id: string | null }[] = []
  const outcomes = drafts.map(({ id, recordId, event: draft }, position): RecordOutcome => {
    const stored = known.get(position)
    if (stored !== undefined) return { stored }
    if (draft === null) {
      records.push({ id, event_id: null, record_id: null })
      return { stored: 'NO_EVENT' }
    }
    const subjects = draft.subjects.map(({ role }) => ({ id: subjectIds[named++] ?? '', role }))
    const there = events.find((event) => event.id === draft.id || isSameAction(event, draft))
    if (there === undefined) {
      events.push({ ...draft, subjects: united(subjects, []), changed: true })
      added.push(draft.id)
    } else mergeInto(there, draft, subjects)
    records.push({ id, event_id: there?.id ?? draft.id, record_id: recordId || null })
    return { stored: there === undefined ? 'EVENT' : 'MERGED' }
  })
  const changed = events.filter((event) => event.changed)
  await Promise.all([
    writeEvents(tx, tenantId, changed),
    writeNames(tx, tenantId, changed),
    writeRecords(tx, tenantId, records),
    recordArrivals(tx, tenantId, added),
  ])
  return outcomes
}

/** Until the end of the transaction nobody else takes in records of the tenant. */
export async function lockRecords(tx: Tx, tenantId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('records of ' || ${tenantId}, 0))`)
}

/** Places of drafts that are too old, are stored already, or stand in the batch a second time. */
async function passedOver(
  tx: Tx,
  tenantId: string,
  drafts: readonly RecordDraft[],
): Promise<Map<number, 'DUPLICATE' | 'OUTSIDE_RETENTION'>> {
  const ids = drafts.map(({ id }) => id)
  const [oldest, newest] = [ids.reduce((a, b) => (a < b ? a : b)), ids.reduce((a, b) => (a > b ? a : b))]
  // The ends name the few partitions to look into; the limit keeps it a search for each record.
  const rows = await tx.execute<{ position: number; expired: boolean | null }>(sql`
    with asked as (
      select id, min(position)::int as first, array_agg(position::int) as positions
      from unnest(${sql.param(ids)}::uuid[]) with ordinality asked(id, position) group by id
    ), judged as (
      select asked.*, asked.id < (select event_id_from(kept_from) from event_retention) as expired, (
        select true from event_record r where r.tenant_id = ${tenantId}::uuid and r.id = asked.id
          and r.id >= ${oldest}::uuid and r.id <= ${newest}::uuid limit 1) as known
      from asked
    )
    select position - 1 as position, expired from judged, unnest(positions) position
    where expired or known or position <> first`)
  return new Map(rows.map(({ position, expired }) => [position, expired ? 'OUTSIDE_RETENTION' : 'DUPLICATE']))
}

/** Stored events that a draft may be part of. */
async function relatedEvents(tx: Tx, tenantId: string, drafts: readonly EventDraft[]): Promise<Gathered[]> {
  if (drafts.length === 0) return []
  const times = drafts.map(({ occurredAt }) => occurredAt.getTime())
  const from = new Date(Math.min(...times) - oneActionMs)
  const to = new Date(Math.max(...times) + oneActionMs + 1)
  const keys = [...new Set(drafts.flatMap(({ actionKey }) => actionKey ?? []))]
  const rows = await tx.execute<
    Record<keyof Gathered, unknown> & { occurred_at: string; action_key: string | null }
  >(sql`
    select id, type, severity, title, description, occurred_at, techniques, reasons, source, subjects, action_key, rank
    from security_event
    where tenant_id = ${tenantId}::uuid and id >= ${firstIdOf(from)}::uuid and id < ${firstIdOf(to)}::uuid
      and (action_key in (select jsonb_array_elements_text(${storableJson(keys)}::jsonb))
        or id = any(${sql.param(drafts.map(({ id }) => id))}::uuid[]))
    order by id`)
  return rows.map(gathered)
}

/** The row's own types are those of the table; only names and the time differ. */
function gathered(row: Record<string, unknown>): Gathered {
  const { occurred_at, action_key, ...same } = row
  return { ...same, occurredAt: new Date(String(occurred_at)), actionKey: action_key, changed: false } as Gathered
}

function isSameAction(event: Gathered, draft: EventDraft): boolean {
  return (
    event.actionKey !== null &&
    event.actionKey === draft.actionKey &&
    Math.abs(event.occurredAt.getTime() - draft.occurredAt.getTime()) <= oneActionMs
  )
}

/**
 * Id and time stay those of the record that came first: pages and links hold on to them. The event is as severe as the most
 * severe of its records, in whatever order they come: a harmless consent may bring a grant that is not.
 */
function mergeInto(event: Gathered, draft: EventDraft, subjects: NamedSubject[]): void {
  event.changed = true
  event.severity = higherOf(event.severity, draft.severity)
  if (draft.rank < event.rank) {
    const { type, title, description, rank } = draft
    Object.assign(event, { type, title, description, rank })
    event.techniques = [...new Set([...draft.techniques, ...event.techniques])]
    event.reasons = [...new Set([...draft.reasons, ...event.reasons])]
    event.subjects = united(subjects, event.subjects)
    return
  }
  event.techniques = [...new Set([...event.techniques, ...draft.techniques])]
  event.reasons = [...new Set([...event.reasons, ...draft.reasons])]
  event.subjects = united(event.subjects, subjects)
}

const higherOf = (a: Severity, b: Severity): Severity => (severities.indexOf(a) < severities.indexOf(b) ? b : a)

function united(first: NamedSubject[], more: NamedSubject[]): NamedSubject[] {
  return [...new Map([...first, ...more].map((named) => [`${named.role} ${named.id}`, named])).values()]
}

async function writeEvents(tx: Tx, tenantId: string, events: readonly Gathered[]): Promise<void> {
  if (events.length === 0) return
  const rows = events.map(({ occurredAt, actionKey, changed, ...same }) => ({
    ...same,
    occurred_at: occurredAt.toISOString(),
    action_key: actionKey,
  }))
  await tx.execute(sql`
    insert into security_event (tenant_id, id, type, severity, title, description, occurred_at, techniques, reasons, source,
      subjects, action_key, rank)
    select ${tenantId}::uuid, id, type, severity, title, description, occurred_at, techniques, reasons, source,
      subjects, action_key, rank
    from jsonb_to_recordset(${storableJson(rows)}::jsonb) e(id uuid, type text, severity text, title text, description text,
      occurred_at timestamptz, techniques text[], reasons text[], source text, subjects jsonb, action_key text, rank int)
    on conflict (tenant_id, id) do update set type = excluded.type, severity = excluded.severity, title = excluded.title,
      description = excluded.description, techniques = excluded.techniques, reasons = excluded.reasons,
      subjects = excluded.subjects, rank = excluded.rank`)
}

async function writeNames(tx: Tx, tenantId: string, events: readonly Gathered[]): Promise<void> {
  const names = events.flatMap(({ id, subjects }) => subjects.map((named) => ({ subject_id: named.id, event_id: id })))
  if (names.length === 0) return
  await tx.execute(sql`
    insert into event_subject (tenant_id, subject_id, event_id)
    select s.tenant_id, coalesce(s.merged_into, s.id), n.event_id
    from jsonb_to_recordset(${storableJson(names)}::jsonb) n(subject_id uuid, event_id uuid)
    join subject s on s.tenant_id = ${tenantId}::uuid and s.id = n.subject_id
    on conflict do nothing`)
}

async function writeRecords(tx: Tx, tenantId: string, records: readonly object[]): Promise<void> {
  if (records.length === 0) return
  await tx.execute(sql`
    insert into event_record (tenant_id, id, event_id, record_id)
    select ${tenantId}::uuid, id, event_id, record_id
    from jsonb_to_recordset(${storableJson(records)}::jsonb) r(id uuid, event_id uuid, record_id text)`)
}
