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

/** One of a batch of many tenants. */
export type TenantRecordDraft = RecordDraft & { tenantId: string }

interface NamedSubject {
  id: string
  role: SubjectRole
}

/** An event as it will be after this batch. */
interface Gathered extends Omit<EventDraft, 'subjects'> {
  tenantId: string
  subjects: NamedSubject[]
  changed: boolean
}

const oneActionMs = 60_000

/** Records of one tenant, as `storeRecordsOfTenants`. */
export const storeRecords = (tx: Tx, tenantId: string, drafts: readonly RecordDraft[]): Promise<RecordOutcome[]> =>
  storeRecordsOfTenants(
    tx,
    drafts.map((draft) => ({ ...draft, tenantId })),
  )

/**
 * A bounded number of statements for a batch of any size, of any number of tenants, in the caller's transaction; answers in
 * the order of the drafts. Batches of one tenant wait for each other until that transaction ends, so that two of them
 * neither double an event nor a subject. The tenants must exist.
 */
export async function storeRecordsOfTenants(tx: Tx, drafts: readonly TenantRecordDraft[]): Promise<RecordOutcome[]> {
  if (drafts.length === 0) return []
  const tenantIds = [...new Set(drafts.map(({ tenantId }) => tenantId))]
  // What does not wait for an answer leaves together: a round trip costs more than most of these statements.
  const [, known] = await Promise.all([lockRecords(tx, tenantIds), passedOver(tx, drafts)])
  const fresh = drafts.flatMap(({ tenantId, event }, position) =>
    known.has(position) || event === null ? [] : { tenantId, ...event },
  )
  const [related, subjectIds] = await Promise.all([
    relatedEvents(tx, fresh),
    resolveSubjects(
      tx,
      fresh.flatMap(({ tenantId, subjects }) => subjects.map((candidate) => ({ ...candidate, tenantId }))),
    ),
  ])

  let named = 0
  const events = new EventsByAction(related)
  const added: { tenantId: string; eventId: string }[] = []
  const records: { tenant_id: string; id: string; event_id: string | null; record_id: string | null }[] = []
  const outcomes = drafts.map(({ tenantId, id, recordId, event: draft }, position): RecordOutcome => {
    const stored = known.get(position)
    if (stored !== undefined) return { stored }
    if (draft === null) {
      records.push({ tenant_id: tenantId, id, event_id: null, record_id: null })
      return { stored: 'NO_EVENT' }
    }
    const subjects = draft.subjects.map(({ role }) => ({ id: subjectIds[named++] ?? '', role }))
    const there = events.find(tenantId, draft)
    if (there === undefined) {
      events.add({ ...draft, tenantId, subjects: united(subjects, []), changed: true })
      added.push({ tenantId, eventId: draft.id })
    } else mergeInto(there, draft, subjects)
    records.push({ tenant_id: tenantId, id, event_id: there?.id ?? draft.id, record_id: recordId || null })
    return { stored: there === undefined ? 'EVENT' : 'MERGED' }
  })
  const changed = events.all.filter((event) => event.changed)
  await Promise.all([
    writeEvents(tx, changed),
    writeNames(tx, changed),
    writeRecords(tx, records),
    recordArrivals(tx, added),
  ])
  return outcomes
}

/**
 * Until the end of the transaction nobody else takes in records of these tenants. All callers lock in one order, so that two
 * that hold some of the same tenants never wait for each other.
 */
export async function lockRecords(tx: Tx, tenantIds: readonly string[]): Promise<void> {
  await tx.execute(sql`
    select pg_advisory_xact_lock(key) from (
      select distinct hashtextextended('records of ' || id, 0) as key from unnest(${sql.param([...tenantIds])}::text[]) id
      order by key offset 0
    ) keys`)
}

/** Places of drafts that are too old, are stored already, or stand in the batch a second time. */
async function passedOver(
  tx: Tx,
  drafts: readonly TenantRecordDraft[],
): Promise<Map<number, 'DUPLICATE' | 'OUTSIDE_RETENTION'>> {
  const ids = drafts.map(({ id }) => id)
  const tenantIds = drafts.map(({ tenantId }) => tenantId)
  const [oldest, newest] = [ids.reduce((a, b) => (a < b ? a : b)), ids.reduce((a, b) => (a > b ? a : b))]
  // The ends name the few partitions to look into; the limit keeps it a search for each record.
  const rows = await tx.execute<{ position: number; expired: boolean | null }>(sql`
    with asked as (
      select tenant_id, id, min(position)::int as first, array_agg(position::int) as positions
      from unnest(${sql.param(tenantIds)}::uuid[], ${sql.param(ids)}::uuid[]) with ordinality asked(tenant_id, id, position)
      group by tenant_id, id
    ), judged as (
      select asked.*, asked.id < (select event_id_from(kept_from) from event_retention) as expired, (
        select true from event_record r where r.tenant_id = asked.tenant_id and r.id = asked.id
          and r.id >= ${oldest}::uuid and r.id <= ${newest}::uuid limit 1) as known
      from asked
    )
    select position - 1 as position, expired from judged, unnest(positions) position
    where expired or known or position <> first`)
  return new Map(rows.map(({ position, expired }) => [position, expired ? 'OUTSIDE_RETENTION' : 'DUPLICATE']))
}

type TenantEventDraft = EventDraft & { tenantId: string }

/** Stored events that a draft may be part of. */
async function relatedEvents(tx: Tx, drafts: readonly TenantEventDraft[]): Promise<Gathered[]> {
  const asked = drafts.flatMap(({ tenantId, actionKey, occurredAt }) => {
    if (actionKey === null) return []
    const since = firstIdOf(new Date(occurredAt.getTime() - oneActionMs))
    const until = firstIdOf(new Date(occurredAt.getTime() + oneActionMs + 1))
    return { tenant_id: tenantId, action_key: actionKey, since, until }
  })
  if (asked.length === 0) return []
  // A search for each draft, in the month or two where it can be: as a join all events of the tenant may be read.
  const rows = await tx.execute<
    Record<keyof Gathered, unknown> & { occurred_at: string; action_key: string | null; tenant_id: string }
  >(sql`
    select distinct on (e.id, e.tenant_id) e.* from jsonb_to_recordset(${storableJson(asked)}::jsonb)
      asked(tenant_id uuid, action_key text, since uuid, until uuid)
    cross join lateral (
      select ${gatheredColumns} from security_event e where e.tenant_id = asked.tenant_id
        and e.action_key = asked.action_key and e.id >= asked.since and e.id < asked.until offset 0
    ) e
    order by e.id, e.tenant_id`)
  return rows.map(gathered)
}

const gatheredColumns = sql.raw(
  `e.tenant_id, e.id, e.type, e.severity, e.title, e.description, e.occurred_at, e.techniques, e.reasons, e.source, e.subjects,
    e.action_key, e.rank`,
)

/** The row's own types are those of the table; only names and the time differ. */
function gathered(row: Record<string, unknown>): Gathered {
  const { occurred_at, action_key, tenant_id, ...same } = row
  return {
    ...same,
    tenantId: tenant_id,
    occurredAt: new Date(String(occurred_at)),
    actionKey: action_key,
    changed: false,
  } as Gathered
}

/** Finds the event that a draft belongs to; the same record again was left out before. */
class EventsByAction {
  readonly all: Gathered[] = []
  readonly #byAction = new Map<string, Gathered[]>()

  constructor(events: readonly Gathered[]) {
    for (const event of events) this.add(event)
  }

  add(event: Gathered): void {
    this.all.push(event)
    if (event.actionKey === null) return
    const key = `${event.tenantId} ${event.actionKey}`
    this.#byAction.set(key, [...(this.#byAction.get(key) ?? []), event])
  }

  find(tenantId: string, draft: EventDraft): Gathered | undefined {
    return this.#byAction.get(`${tenantId} ${draft.actionKey}`)?.find((event) => isWithinOneAction(event, draft))
  }
}

const isWithinOneAction = (event: Gathered, draft: EventDraft): boolean =>
  Math.abs(event.occurredAt.getTime() - draft.occurredAt.getTime()) <= oneActionMs

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

async function writeEvents(tx: Tx, events: readonly Gathered[]): Promise<void> {
  if (events.length === 0) return
  const rows = events.map(({ tenantId, occurredAt, actionKey, changed, ...same }) => ({
    ...same,
    tenant_id: tenantId,
    occurred_at: occurredAt.toISOString(),
    action_key: actionKey,
  }))
  await tx.execute(sql`
    insert into security_event (tenant_id, id, type, severity, title, description, occurred_at, techniques, reasons, source,
      subjects, action_key, rank)
    select tenant_id, id, type, severity, title, description, occurred_at, techniques, reasons, source,
      subjects, action_key, rank
    from jsonb_to_recordset(${storableJson(rows)}::jsonb) e(tenant_id uuid, id uuid, type text, severity text, title text, description text,
      occurred_at timestamptz, techniques text[], reasons text[], source text, subjects jsonb, action_key text, rank int)
    on conflict (tenant_id, id) do update set type = excluded.type, severity = excluded.severity, title = excluded.title,
      description = excluded.description, techniques = excluded.techniques, reasons = excluded.reasons,
      subjects = excluded.subjects, rank = excluded.rank`)
}

async function writeNames(tx: Tx, events: readonly Gathered[]): Promise<void> {
  const names = events.flatMap(({ tenantId, id, subjects }) =>
    subjects.map((named) => ({ tenant_id: tenantId, subject_id: named.id, event_id: id })),
  )
  if (names.length === 0) return
  await tx.execute(sql`
    insert into event_subject (tenant_id, subject_id, event_id)
    select s.tenant_id, coalesce(s.merged_into, s.id), n.event_id
    from jsonb_to_recordset(${storableJson(names)}::jsonb) n(tenant_id uuid, subject_id uuid, event_id uuid)
    join subject s on s.tenant_id = n.tenant_id and s.id = n.subject_id
    on conflict do nothing`)
}

async function writeRecords(tx: Tx, records: readonly object[]): Promise<void> {
  if (records.length === 0) return
  await tx.execute(sql`
    insert into event_record (tenant_id, id, event_id, record_id)
    select tenant_id, id, event_id, record_id
    from jsonb_to_recordset(${storableJson(records)}::jsonb) r(tenant_id uuid, id uuid, event_id uuid, record_id text)`)
}
