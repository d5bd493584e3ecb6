/** Security events as they are stored, read newest first, each with its tenant and subjects in the same statement. */
import { type SQL, sql } from 'drizzle-orm'
import type {
  EventSource,
  SecurityEvent,
  SecurityEventType,
  Severity,
  Subject,
  SubjectRole,
  SubjectType,
} from '../services/events/types.ts'
import type { Tx } from './connection.ts'
import { type EventPageRequest, newestIds } from './event-search.ts'
import type { TenantStatus } from './tables.ts'
import type { TenantRow } from './tenants.ts'

export type StoredEvent = SecurityEvent & { tenant: TenantRow }

export interface EventRow extends Record<string, unknown> {
  id: string
  tenant_id: string
  type: SecurityEventType
  severity: Severity
  title: string
  description: string
  occurred_at: string
  techniques: string[]
  reasons: string[]
  source: EventSource
  tenant_name: string
  tenant_status: TenantStatus
  subjects: { position: number; id: string; role: SubjectRole; type: SubjectType; attributes: Subject['attributes'] }[]
}

export const ownColumns = sql.raw(
  ['id', 'type', 'severity', 'title', 'description', 'occurred_at', 'techniques', 'reasons', 'source', 'subjects']
    .map((name) => `e.${name}`)
    .join(', '),
)
const columns = sql`e.tenant_id, ${ownColumns}`

/**
 * A page of events of these tenants. One statement, and before it, in the same round trip, the settings for its plan: it
 * follows indexes in their order and sorts nothing but rows of pages, however few rows the statistics promise.
 */
export async function pageOfEvents(
  tx: Tx,
  request: EventPageRequest,
): Promise<{ events: StoredEvent[]; hasNextPage: boolean }> {
  if (request.tenantIds.length === 0 || request.filter?.types?.length === 0) return { events: [], hasNextPage: false }
  const [, rows] = await Promise.all([tx.execute(indexesOnly), tx.execute<EventRow>(eventPageStatement(request))])
  return { events: rows.slice(0, request.first).map(storedEvent), hasNextPage: rows.length > request.first }
}

/**
 * For the rest of the transaction. With them the plan is the same for all values, so that one is made for each connection and not for
 * each page: planning, with all the months, takes longer than the page itself. Exported, as the statement, for the test of its plan.
 */
export const indexesOnly: SQL = sql.raw(
  `select ${[
    ...['enable_sort', 'enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin'].map((name) => [
      name,
      'off',
    ]),
    ['plan_cache_mode', 'force_generic_plan'],
  ]
    .map(([name, value]) => `set_config('${name}', '${value}', true)`)
    .join(', ')}`,
)

/**
 * Finds the ids in an index first, then reads these rows alone. Each LIMIT 1 keeps it a search for each: as a join Postgres
 * may hold reading all of a tenant for cheaper, and there is nothing in the statistics that would stop it.
 */
export function eventPageStatement(request: EventPageRequest): SQL {
  return withTenantAndSubjects(sql`
    select e.* from (${newestIds(request)}) page
    cross join lateral (
      select ${columns} from security_event e where e.tenant_id = page.tenant_id and e.id = page.id limit 1
    ) e`)
}

/** Not COALESCE: Postgres takes that for leaky, keeps it out of index searches under row-level security, and reads all of a tenant. */
const became: SQL = sql`case when known.merged_into is null then known.id else known.merged_into end`

export function withTenantAndSubjects(page: SQL, order = sql`e.id desc`): SQL {
  return sql`
    select e.*, t.name as tenant_name, t.status as tenant_status, s.subjects
    from (${page}) e
    join tenant t on t.id = e.tenant_id
    cross join lateral (
      select coalesce(jsonb_agg(jsonb_build_object(
        'position', n.position, 'id', s.id, 'role', n.role, 'type', s.type, 'attributes', s.attributes)), '[]'::jsonb) as subjects
      from rows from (jsonb_to_recordset(e.subjects) as (id uuid, role text)) with ordinality n(id, role, position)
      cross join lateral (
        -- As above: Postgres expects a hundred subjects of an event.
        select s.id, s.type, s.attributes from subject known
        join subject s on s.tenant_id = e.tenant_id and s.id = ${became}
        where known.tenant_id = e.tenant_id and known.id = n.id limit 1
      ) s
    ) s
    order by ${order}`
}

/** The event, or null when there is none that the transaction may see. One statement. */
export async function eventById(tx: Tx, tenantId: string, id: string): Promise<StoredEvent | null> {
  const [row] = await tx.execute<EventRow>(
    withTenantAndSubjects(
      sql`select ${columns} from security_event e where e.tenant_id = ${tenantId}::uuid and e.id = ${id}::uuid`,
    ),
  )
  return row === undefined ? null : storedEvent(row)
}

/** A subject as it is known now, without a role; an id that was merged answers with the subject it became. */
export type KnownSubject = Omit<Subject, 'role'> & Pick<Subject, 'type'>

export async function subjectById(tx: Tx, tenantId: string, id: string): Promise<KnownSubject | null> {
  const [row] = await tx.execute<{ id: string; type: SubjectType; attributes: Subject['attributes'] }>(sql`
    select s.id, s.type, s.attributes
    from subject known
    join subject s on s.tenant_id = known.tenant_id and s.id = ${became}
    where known.tenant_id = ${tenantId}::uuid and known.id = ${id}::uuid`)
  return row === undefined ? null : { id: row.id, type: row.type, attributes: row.attributes }
}

/** Subjects in the order in which the records name them; two that turned out to be one are one. */
export function storedEvent(row: EventRow): StoredEvent {
  const subjects = new Map<string, Subject>()
  for (const { id, role, type, attributes } of row.subjects.toSorted((a, b) => a.position - b.position)) {
    const key = `${role} ${id}`
    if (!subjects.has(key)) subjects.set(key, asSubject(id, role, type, attributes))
  }
  return {
    id: row.id,
    tenantId: row.tenant_id,
    type: row.type,
    severity: row.severity,
    title: row.title,
    description: row.description,
    occurredAt: new Date(row.occurred_at),
    techniques: row.techniques,
    reasons: row.reasons,
    source: row.source,
    subjects: [...subjects.values()],
    tenant: { id: row.tenant_id, name: row.tenant_name, status: row.tenant_status },
  }
}

/** The table keeps type and attributes in two columns; they were written together from one candidate. */
function asSubject(id: string, role: SubjectRole, type: SubjectType, attributes: Subject['attributes']): Subject {
  return { id, role, type, attributes } as Subject
}
