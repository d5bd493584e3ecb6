/** Which events a page holds: found in an index, in the order of time, whatever is asked for and however many events there are. */
import { type SQL, sql } from 'drizzle-orm'
import { type SecurityEventType, type Severity, severities } from '../services/events/types.ts'
import { firstIdOf, timeOfId } from './ids.ts'

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

/** Above this many tenants, reading along the time and leaving out other tenants is cheaper than one search each. */
const tenantsSearchedOneByOneMax = 50

/** `tenant_id` and `id` of one event more than the page holds, newest first. Starts from what is the rarest. */
export function newestIds(request: EventPageRequest): SQL {
  const { sourceRecordId, userId, userPrincipalName } = request.filter ?? {}
  const aliases = [
    ...(userId === undefined ? [] : [`oid:${userId.toLowerCase()}`]),
    ...(userPrincipalName === undefined ? [] : [`upn:${userPrincipalName.toLowerCase()}`]),
  ]
  if (sourceRecordId !== undefined) return ofRecord(request, sourceRecordId, aliases)
  const [alias, ...more] = aliases
  return alias === undefined ? recentFirst(request) : ofUser(request, alias, more)
}

/** A number in the text, not a parameter: a plan that is made once must know that it ends early. */
const limitOf = ({ first }: EventPageRequest): SQL => sql.raw(String(Math.trunc(first) + 1))

const newest = (found: SQL, request: EventPageRequest): SQL =>
  sql`select tenant_id, id from (${found}) found order by id desc limit ${limitOf(request)}`

const tenantsOf = ({ tenantIds }: EventPageRequest): SQL => sql`unnest(${sql.param([...tenantIds])}::uuid[])`

/** IS TRUE keeps the set a filter: as a join it would be searched tenant by tenant, and sorted. */
const inAnyTenant = (column: SQL, request: EventPageRequest): SQL =>
  sql`(${column} in (select ${tenantsOf(request)})) is true`

function ofRecord(request: EventPageRequest, recordId: string, aliases: readonly string[]): SQL {
  const conditions = [...kindConditions(request), ...aliases.map(namesUser)]
  return newest(
    sql`
      select distinct r.tenant_id, r.event_id as id from event_record r ${eachEvent(sql`r`, conditions)}
      where r.record_id = ${recordId} and ${inAnyTenant(sql`r.tenant_id`, request)}${and(rangeOf(sql`r.event_id`, request))}`,
    request,
  )
}

function ofUser(request: EventPageRequest, alias: string, more: readonly string[]): SQL {
  const conditions = [...kindConditions(request), ...more.map(namesUser)]
  return newest(
    sql`
      select named.tenant_id, named.event_id as id from ${tenantsOf(request)} scope(id)
      join subject_alias a on a.tenant_id = scope.id and a.type = 'USER' and a.alias = ${alias}
      cross join lateral (
        select n.tenant_id, n.event_id from event_subject n ${eachEvent(sql`n`, conditions)}
        where n.tenant_id = a.tenant_id and n.subject_id = a.subject_id${and(rangeOf(sql`n.event_id`, request))}
        order by n.event_id desc limit ${limitOf(request)}
      ) named`,
    request,
  )
}

/** Leaves out events that do not meet the conditions. The limit keeps it a search for each, in the order of time. */
function eachEvent(of: SQL, conditions: readonly SQL[]): SQL {
  if (conditions.length === 0) return sql``
  return sql`cross join lateral (
    select from security_event e where e.tenant_id = ${of}.tenant_id and e.id = ${of}.event_id${and(conditions)} limit 1) e`
}

/** From so many searches on, each of them in every month, the newest months are searched by themselves first. */
const searchedAtOnceMax = 20
const recentMs = 31 * 86_400_000

/** What is older is searched only when what is recent does not fill the page: most of the time nothing of it is touched. */
function recentFirst(request: EventPageRequest): SQL {
  const { filter: { since, until } = {}, after, tenantIds } = request
  const newest = Math.min(
    Date.now(),
    ...(until === undefined ? [] : [until.getTime()]),
    ...(after === undefined ? [] : [timeOfId(after).getTime()]),
  )
  const moment = new Date(newest - recentMs)
  const searches =
    (kindsOf(request)?.count ?? 1) * (tenantIds.length > tenantsSearchedOneByOneMax ? 1 : tenantIds.length)
  if (searches <= searchedAtOnceMax || (since !== undefined && since >= moment)) return alongTime(request)
  const recent = alongTime({ ...request, filter: { ...request.filter, since: moment } })
  const older = alongTime({ ...request, filter: { ...request.filter, until: moment } })
  return sql`
    with recent as materialized (${recent})
    select tenant_id, id from (
      select tenant_id, id from recent
      union all
      select tenant_id, id from (${older}) older where (select count(*) from recent) < ${limitOf(request)}
    ) found
    order by id desc limit ${limitOf(request)}`
}

function alongTime(request: EventPageRequest): SQL {
  const kinds = kindsOf(request)
  const search = (tenant: SQL) => sql`
    select e.tenant_id, e.id from security_event e
    where ${tenant}${and([...(kinds === null ? [] : [kinds.match]), ...rangeOf(sql`e.id`, request)])}
    order by e.id desc limit ${limitOf(request)}`
  const [only, ...others] = request.tenantIds
  const isMany = request.tenantIds.length > tenantsSearchedOneByOneMax
  const ofAny = inAnyTenant(sql`e.tenant_id`, request)
  if (kinds === null && (isMany || others.length === 0))
    return search(isMany ? ofAny : sql`e.tenant_id = ${only}::uuid`)
  const each = [...(isMany ? [] : [sql`${tenantsOf(request)} scope(id)`]), ...(kinds === null ? [] : [kinds.list])]
  return newest(
    sql`select e.* from ${sql.join(each, sql` cross join `)}
      cross join lateral (${search(isMany ? ofAny : sql`e.tenant_id = scope.id`)}) e`,
    request,
  )
}

/** The pairs of type and severity, or the severities, that are looked up one by one, each in its order of time; null: all. */
function kindsOf({
  filter: { types, minSeverity } = {},
}: EventPageRequest): { count: number; list: SQL; match: SQL } | null {
  const wanted = severitiesFrom(minSeverity)
  if (types !== undefined) {
    const pairs = [...new Set(types)].flatMap((type) => wanted.map((severity) => ({ type, severity })))
    const column = (name: 'type' | 'severity') => sql`${sql.param(pairs.map((pair) => pair[name]))}::text[]`
    return {
      count: pairs.length,
      list: sql`unnest(${column('type')}, ${column('severity')}) kind(type, severity)`,
      match: sql`e.type = kind.type and e.severity = kind.severity`,
    }
  }
  if (wanted.length === severities.length) return null
  return {
    count: wanted.length,
    list: sql`unnest(${sql.param(wanted)}::text[]) kind(severity)`,
    // Said as the index says it, which leaves out the most frequent severity.
    match: sql`e.severity = kind.severity and e.severity <> 'INFORMATIONAL'`,
  }
}

const severitiesFrom = (min: Severity | undefined): Severity[] =>
  severities.slice(min === undefined ? 0 : severities.indexOf(min))

/** Ids begin with the time of the event, so a range of time is a range of the index, too. */
function rangeOf(id: SQL, { filter: { since, until } = {}, after }: EventPageRequest): SQL[] {
  return [
    ...(after === undefined ? [] : [sql`${id} < ${after}::uuid`]),
    ...(since === undefined ? [] : [sql`${id} >= ${firstIdOf(since)}::uuid`]),
    ...(until === undefined ? [] : [sql`${id} < ${firstIdOf(until)}::uuid`]),
  ]
}

/** Types and severities as conditions on events that were found by something else. */
function kindConditions({ filter: { types, minSeverity } = {} }: EventPageRequest): SQL[] {
  return [
    ...(types === undefined ? [] : [sql`e.type = any(${sql.param([...types])}::text[])`]),
    ...(minSeverity === undefined ? [] : [sql`e.severity = any(${sql.param(severitiesFrom(minSeverity))}::text[])`]),
  ]
}

const namesUser = (alias: string): SQL => sql`(
  select true from subject_alias also
  join event_subject named on named.tenant_id = also.tenant_id and named.subject_id = also.subject_id
  where also.tenant_id = e.tenant_id and also.type = 'USER' and also.alias = ${alias} and named.event_id = e.id limit 1)`

const and = (conditions: readonly SQL[]): SQL => sql.join(conditions.map((condition) => sql` and ${condition}`))
