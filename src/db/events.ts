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

interface EventRow extends Record<string, unknown> {
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

const columns = sql.raw(
  [
    'tenant_id',
    'id',
    'type',
    'severity',
    'title',
    'description',
    'occurred_at',
    'techniques',
    'reasons',
    'source',
    'subjects',
  ]
    .map((name) => `e.${name}`)
    .join(', '),
)

/** Above this many tenants, reading along the time and leaving out other tenants is cheaper than one search each. */
const tenantsSearchedOneByOneMax = 50

/** A page of events of these tenants. One statement; the plan follows indexes and sorts nothing but rows of pages. */
export async function pageOfEvents(
  tx: Tx,
  request: EventPageRequest,
): Promise<{ events: StoredEvent[]; hasNextPage: boolean }> {
  if (request.tenantIds.length === 0 || request.filter?.types?.length === 0) return { events: [], hasNextPage: false }
  const rows = await tx.execute<EventRow>(eventPageStatement(request))
  return { events: rows.slice(0, request.first).map(storedEvent), hasNextPage: rows.length > request.first }
}

/** Exported for the test of its plan. Finds the ids in an index first, then reads these rows alone. */
export function eventPageStatement(request: EventPageRequest): SQL {
  return withTenantAndSubjects(sql`
    select ${columns} from (${newestIds(request)}) page
    join security_event e on e.tenant_id = page.tenant_id and e.id = page.id`)
}

/** Starts from what is the rarest: a record, then a user, then types and severities, then the time alone. */
function newestIds({ tenantIds, filter = {}, first, after }: EventPageRequest): SQL {
  const { sourceRecordId, ...others } = filter
  // A number in the text, not a parameter: a plan that is made once must know that it ends early.
  const limit = sql.raw(String(Math.trunc(first) + 1))
  const tenants = sql`${sql.param([...tenantIds])}::uuid[]`
  const newest = (from: SQL) => sql`select id, tenant_id from (${from}) found order by id desc limit ${limit}`

  if (sourceRecordId !== undefined) {
    return newest(sql`
      select distinct e.tenant_id, e.id from event_record r join security_event e on e.tenant_id = r.tenant_id and e.id = r.event_id
      where r.record_id = ${sourceRecordId} and r.tenant_id = any(${tenants})${conditionsOf(others, after)}`)
  }
  const { userId, userPrincipalName, ...rest } = others
  const alias =
    userId !== undefined ? byObjectId(userId) : userPrincipalName !== undefined ? byName(userPrincipalName) : null
  if (alias !== null) {
    const both = userId !== undefined ? { ...rest, userPrincipalName } : rest
    return newest(sql`
      select found.* from subject_alias a cross join lateral (
        select e.tenant_id, n.event_id as id from event_subject n join security_event e on e.tenant_id = n.tenant_id and e.id = n.event_id
        where n.tenant_id = a.tenant_id and n.subject_id = a.subject_id${rangeOf(sql`n.event_id`, rest, after)}${conditionsOf(both)}
        order by n.event_id desc limit ${limit}
      ) found where a.tenant_id = any(${tenants}) and a.type = 'USER' and a.alias = ${alias}`)
  }

  const kinds = kindsOf(rest)
  const along = (tenant: SQL) => sql`
    select e.tenant_id, e.id from security_event e where ${tenant}${kinds?.match ?? sql``}${rangeOf(sql`e.id`, rest, after)}
    order by e.id desc limit ${limit}`
  const [only, ...more] = tenantIds
  if (more.length === 0 && kinds === null) return along(sql`e.tenant_id = ${only}::uuid`)
  const isMany = tenantIds.length > tenantsSearchedOneByOneMax
  // IS TRUE keeps the set a filter of the walk: as a join it would be read tenant by tenant, and sorted.
  if (isMany && kinds === null) return along(sql`(e.tenant_id in (select unnest(${tenants}))) is true`)
  const searches = [...(isMany ? [] : [sql`unnest(${tenants}) scope(id)`]), ...(kinds === null ? [] : [kinds.list])]
  const tenant = isMany ? sql`(e.tenant_id in (select unnest(${tenants}))) is true` : sql`e.tenant_id = scope.id`
  return newest(
    sql`select each.* from ${sql.join(searches, sql` cross join `)} cross join lateral (${along(tenant)}) each`,
  )
}

/** The pairs of type and severity, or the severities, that are looked up one by one, each in its order of time; null: all. */
function kindsOf({ types, minSeverity }: EventFilter): { list: SQL; match: SQL } | null {
  const wanted = severities.slice(minSeverity === undefined ? 0 : severities.indexOf(minSeverity))
  const distinct = [...new Set(types ?? [])]
  if (distinct.length > 0) {
    const pairs = distinct.flatMap((type) => wanted.map((severity) => ({ type, severity })))
    const column = (name: 'type' | 'severity') => sql`${sql.param(pairs.map((pair) => pair[name]))}::text[]`
    return {
      list: sql`unnest(${column('type')}, ${column('severity')}) kind(type, severity)`,
      match: sql` and e.type = kind.type and e.severity = kind.severity`,
    }
  }
  if (wanted.length === severities.length) return null
  return {
    list: sql`unnest(${sql.param(wanted)}::text[]) kind(severity)`,
    // Said as the index says it, which leaves out the most frequent severity.
    match: sql` and e.severity = kind.severity and e.severity <> 'INFORMATIONAL'`,
  }
}

/** Ids begin with the time of the event, so a range of time is a range of the index, too. */
function rangeOf(id: SQL, { since, until }: EventFilter, after: string | undefined): SQL {
  const all: SQL[] = []
  if (after !== undefined) all.push(sql`${id} < ${after}::uuid`)
  if (since !== undefined) all.push(sql`${id} >= ${firstIdOf(since)}::uuid`)
  if (until !== undefined) all.push(sql`${id} < ${firstIdOf(until)}::uuid`)
  return and(all)
}

/** What must hold of an event that was found by something else. */
function conditionsOf(filter: EventFilter, after?: string): SQL {
  const { types, minSeverity, userId, userPrincipalName } = filter
  const all: SQL[] = []
  if (types !== undefined) all.push(sql`e.type = any(${sql.param([...types])}::text[])`)
  if (minSeverity !== undefined) {
    all.push(sql`e.severity = any(${sql.param(severities.slice(severities.indexOf(minSeverity)))}::text[])`)
  }
  if (userId !== undefined) all.push(namesUser(byObjectId(userId)))
  if (userPrincipalName !== undefined) all.push(namesUser(byName(userPrincipalName)))
  return sql`${rangeOf(sql`e.id`, filter, after)}${and(all)}`
}

const and = (conditions: SQL[]): SQL => sql.join(conditions.map((condition) => sql` and ${condition}`))
const byObjectId = (id: string) => `oid:${id.toLowerCase()}`
const byName = (userPrincipalName: string) => `upn:${userPrincipalName.toLowerCase()}`

function namesUser(alias: string): SQL {
  return sql`(exists (
    select from subject_alias a join event_subject n on n.tenant_id = a.tenant_id and n.subject_id = a.subject_id
    where a.tenant_id = e.tenant_id and a.type = 'USER' and a.alias = ${alias} and n.event_id = e.id)) is true`
}

function withTenantAndSubjects(page: SQL): SQL {
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
    order by e.id desc`
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
function storedEvent(row: EventRow): StoredEvent {
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
