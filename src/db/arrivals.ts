/**
 * Events in the order in which they became visible. Their ids follow the time of the event, and a number taken at the insert
 * may become visible after a greater one, so each arrival gets its place once its transaction has committed.
 */
import { sql } from 'drizzle-orm'
import type { Tx } from './connection.ts'
import { type EventRow, ownColumns, type StoredEvent, storedEvent, withTenantAndSubjects } from './events.ts'

/** Notified with the tenant's id when the transaction commits; many events of one transaction are one notification. */
export const arrivalsChannel = 'event_arrivals'

/** A cursor of this age still works. Rows stay a day longer: a transaction may commit long after the time that it writes. */
const resumableDays = 7
const keptDays = resumableDays + 1

/** One statement, which also takes away what grew too old: of each tenant at most twice as much as comes in. */
export async function recordArrivals(
  tx: Tx,
  arrivals: readonly { tenantId: string; eventId: string }[],
): Promise<void> {
  if (arrivals.length === 0) return
  const tenantIds = sql.param(arrivals.map(({ tenantId }) => tenantId))
  const eventIds = sql.param(arrivals.map(({ eventId }) => eventId))
  await tx.execute(sql`
    with arriving as (
      select * from unnest(${tenantIds}::uuid[], ${eventIds}::uuid[]) arriving(tenant_id, event_id)
    ), tenants as (
      select tenant_id, count(*) as arriving from arriving group by tenant_id
    ), outdated as (
      delete from event_arrival a using (
        select old.* from tenants cross join lateral (
          select tenant_id, event_id from event_arrival
          where tenant_id = tenants.tenant_id and arrived_at < now() - make_interval(days => ${keptDays})
          order by arrived_at limit 2 * tenants.arriving
        ) old
      ) old
      where a.tenant_id = old.tenant_id and a.event_id = old.event_id
    ), arrived as (
      insert into event_arrival (tenant_id, event_id) select tenant_id, event_id from arriving on conflict do nothing
    )
    select pg_notify(${arrivalsChannel}, tenant_id::text) from tenants`)
}

const placedAtOnceMax = 5_000

/** Gives a place to every arrival that has none, and answers the last place given: all up to it are visible from now on. */
export async function placeArrivals(tx: Tx): Promise<{ head: number; complete: boolean }> {
  const [row] = await tx.execute<{ head: string; placed: number }>(
    sql`select head, placed from place_arrivals(${placedAtOnceMax})`,
  )
  if (row === undefined) throw new Error('The database did not say which place it gave last.')
  return { head: Number(row.head), complete: row.placed < placedAtOnceMax }
}

/** The place of an event's arrival; null when there is none in the tenants of the transaction, or it is too old to go on from. */
export async function placeOfArrival(tx: Tx, tenantId: string, eventId: string): Promise<number | null> {
  const [row] = await tx.execute<{ place: string }>(sql`
    select place from event_arrival
    where tenant_id = ${tenantId}::uuid and event_id = ${eventId}::uuid and place is not null
      and arrived_at > now() - make_interval(days => ${resumableDays})`)
  return row === undefined ? null : Number(row.place)
}

export interface Arrival {
  place: number
  event: StoredEvent
}

export interface ArrivalsRequest {
  tenantIds: readonly string[]
  /** Places from the one after it … */
  after: number
  /** … to this one. */
  upTo: number
  arrivalsMax: number
}

/** In order, by one statement. `reached` is the place up to which nothing is left to read. */
export async function arrivalsBetween(
  tx: Tx,
  { tenantIds, after, upTo, arrivalsMax }: ArrivalsRequest,
): Promise<{ arrivals: Arrival[]; reached: number }> {
  // From the left: an event that was removed meanwhile counts as read.
  const page = sql`
    select a.place, a.tenant_id, ${ownColumns}
    from (
      select a.tenant_id, a.event_id, a.place from unnest(${sql.param([...tenantIds])}::uuid[]) scope(id)
      cross join lateral (
        select a.tenant_id, a.event_id, a.place from event_arrival a
        where a.tenant_id = scope.id and a.place > ${after} and a.place <= ${upTo} order by a.place limit ${arrivalsMax}
      ) a
      order by a.place limit ${arrivalsMax}
    ) a
    left join security_event e on e.tenant_id = a.tenant_id and e.id = a.event_id`
  const rows = await tx.execute<Omit<EventRow, 'id'> & { id: string | null; place: string }>(
    withTenantAndSubjects(page, sql`e.place`),
  )
  const last = rows.at(-1)
  return {
    arrivals: rows.flatMap(({ id, place, ...row }) =>
      id === null ? [] : { place: Number(place), event: storedEvent({ ...row, id } as EventRow) },
    ),
    reached: last === undefined || rows.length < arrivalsMax ? upTo : Number(last.place),
  }
}
