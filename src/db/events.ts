/** Security events as they are stored, read newest first, each with its tenant and subjects in the same statement. */
import { type SQL, sql } from 'drizzle-orm'
import {
  type EventSource,
  type SecurityEvent,
  type SecurityEventType,
  type Severity,
  type Subject,
  type SubjectRole,
  type SubjectType,
  severities,
} from '../services/events/types.ts'
import type { Tx } from './connection.ts'
import { firstIdOf } from './ids.ts'
import type { TenantStatus } from './tables.ts'
import type { TenantRow } from './tenants.ts'

export type StoredEvent = SecurityEvent & { tenant: TenantRow }

/** All that are given must hold. `since` belongs to the range, `until` does not; `userId` is the object id in Entra. */
export interface EventFilter {
  types?: readonly SecurityEventType[] | undefined
  minSeverity?: Severity | undefined
  since?: Date | undefined
  until?: Date | undefined
  userId?: string | undefined
  userPrincipalName?: string | undefined
  sourceRecordId?: string | undefined
}

export interface EventPageRequest {
  tenantIds: readonly string[]
  filter?: EventFilter | undefined
  first: number
  /** Id of the last event of the page before. */
  after?: string | undefined
}

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

/** Above this many tenants, reading along the time and leaving out other tenants is cheaper than one search each. */
const tenantsSearchedOneByOneMax = 50

/** A page of events of these tenants. One statement; the plan follows the index and sorts nothing but rows of the page. */
export async function pageOfEvents(
  tx: Tx,
  request: EventPageRequest,
): Promise<{ events: StoredEvent[]; hasNextPage: boolean }> {
  if (request.tenantIds.length === 0) return { events: [], hasNextPage: false }
  const rows = await tx.execute<EventRow>(eventPageStatement(request))
  return { events: rows.slice(0, request.first).map(storedEvent), hasNextPage: rows.length > request.first }
}

/** Exported for the test of its plan. */
export function eventPageStatement({ tenantIds, filter = {}, first, after }: EventPageRequest): SQL {
  const conditions = conditionsOf(filter, after)
  // A number in the text, not a parameter: a plan that is made once must know that it ends early.
  const limit = sql.raw(String(Math.trunc(first) + 1))
  const [only, ...more] = tenantIds
  const newest = (where: SQL) =>
    sql`select ${columns} from security_event e where ${where}${conditions} order by e.id desc limit ${limit}`
  if (more.length === 0) return withTenantAndSubjects(newest(sql`e.tenant_id = ${only}::uuid`))
  const all = sql`unnest(${sql.param([...tenantIds])}::uuid[])`
  return withTenantAndSubjects(
    tenantIds.length <= tenantsSearchedOneByOneMax
      ? sql`select e.* from ${all} scope(id) cross join lateral (${newest(sql`e.tenant_id = scope.id`)}) e order by e.id desc limit ${limit}`
      : newest(sql`e.tenant_id in (select ${all})`),
  )
}

function conditionsOf(filter: EventFilter, after: string | undefined): SQL {
  const { types, minSeverity, since, until, userId, userPrincipalName, sourceRecordId } = filter
  const all: SQL[] = []
  if (after !== undefined) all.push(sql`e.id < ${after}::uuid`)
  // Ids begin with the time of the event, so a range of time is a range of the index, too.
  if (since !== undefined) all.push(sql`e.id >= ${firstIdOf(since)}::uuid`)
  if (until !== undefined) all.push(sql`e.id < ${firstIdOf(until)}::uuid`)
  if (types !== undefined) all.push(sql`e.type = any(${sql.param([...types])}::text[])`)
  if (minSeverity !== undefined) {
    all.push(sql`e.severity = any(${sql.param(severities.slice(severities.indexOf(minSeverity)))}::text[])`)
  }
  if (userId !== undefined) all.push(namesUser(`oid:${userId.toLowerCase()}`))
  if (userPrincipalName !== undefined) all.push(namesUser(`upn:${userPrincipalName.toLowerCase()}`))
  if (sourceRecordId !== undefined) {
    all.push(
      sql`e.id in (select r.event_id from event_record r where r.tenant_id = e.tenant_id and r.record_id = ${sourceRecordId})`,
    )
  }
  return sql.join(all.map((condition) => sql` and ${condition}`))
}

function namesUser(alias: string): SQL {
  return sql`e.id in (
    select n.event_id from event_subject n join subject_alias a on a.tenant_id = n.tenant_id and a.subject_id = n.subject_id
    where n.tenant_id = e.tenant_id and a.tenant_id = e.tenant_id and a.type = 'USER' and a.alias = ${alias})`
}

export function withTenantAndSubjects(page: SQL, order = sql`e.id desc`): SQL {
  return sql`
    select e.*, t.name as tenant_name, t.status as tenant_status, s.subjects
    from (${page}) e
    join tenant t on t.id = e.tenant_id
    cross join lateral (
      select coalesce(jsonb_agg(jsonb_build_object(
        'position', n.position, 'id', s.id, 'role', n.role, 'type', s.type, 'attributes', s.attributes)), '[]'::jsonb) as subjects
      from rows from (jsonb_to_recordset(e.subjects) as (id uuid, role text)) with ordinality n(id, role, position)
      join subject known on known.tenant_id = e.tenant_id and known.id = n.id
      join subject s on s.tenant_id = e.tenant_id and s.id = coalesce(known.merged_into, known.id)
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
    join subject s on s.tenant_id = known.tenant_id and s.id = coalesce(known.merged_into, known.id)
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
