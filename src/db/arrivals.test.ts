import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { anArrival, arrive } from '../../test/support/arriving.ts'
import { ownerSql } from '../../test/support/owner-sql.ts'
import { aDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { arrivalsBetween, placeArrivals, placeOfArrival, recordArrivals } from './arrivals.ts'
import type { Database } from './connection.ts'
import { newId } from './ids.ts'
import { upsertTenant } from './tenants.ts'

let database: TestDatabase
let db: Database
beforeAll(async () => {
  database = await aDatabase()
  db = database.db
})
afterAll(() => database.drop())

async function aTenant(): Promise<string> {
  const id = crypto.randomUUID()
  await db.withTenants([id], (tx) => upsertTenant(tx, { id, name: 'Contoso', status: 'CONNECTED' }))
  return id
}

/** All of them, and how far that is. */
async function place(): Promise<number> {
  for (;;) {
    const { head, complete } = await db.plain(placeArrivals)
    if (complete) return head
  }
}
const between = (tenantIds: string[], after: number, upTo: number, arrivalsMax = 100) =>
  db.withTenants(tenantIds, (tx) => arrivalsBetween(tx, { tenantIds, after, upTo, arrivalsMax }))
const placesOf = async (tenantId: string) =>
  (await ownerSql(database, `select place from event_arrival where tenant_id = '${tenantId}' order by place`)).map(
    (row) => Number(row['place']),
  )

test('several who give places at once give each arrival one, without a gap', async () => {
  const [first, second] = [await aTenant(), await aTenant()]
  const before = await place()
  const giving = Array.from({ length: 20 }, async (_, index) => {
    await arrive(db, index % 2 ? first : second, [anArrival(`${index}a`), anArrival(`${index}b`)])
    return place()
  })
  const heads = await Promise.all(giving)
  expect(await place()).toBe(Math.max(...heads))
  const places = [...(await placesOf(first)), ...(await placesOf(second))].sort((a, b) => a - b)
  expect(places).toEqual(Array.from({ length: 40 }, (_, index) => before + 1 + index))
})

test('a backlog is placed in portions, oldest first', async () => {
  const tenantId = await aTenant()
  const before = await place()
  const ids = Array.from({ length: 11_000 }, () => newId())
  for (const part of [ids.slice(0, 6_000), ids.slice(6_000)])
    await db.withTenants([tenantId], (tx) =>
      recordArrivals(
        tx,
        part.map((eventId) => ({ tenantId, eventId })),
      ),
    )
  expect((await db.plain(placeArrivals)).complete).toBe(false)
  expect(await place()).toBe(before + 11_000)
  const [{ latest } = {}] = await ownerSql(
    database,
    `select max(place) as latest from event_arrival where event_id = any('{${ids.slice(0, 6_000).join()}}')`,
  )
  expect(Number(latest)).toBe(before + 6_000)
})

test('who reads in portions gets each once, and an event that is gone holds nobody up', async () => {
  const [first, second] = [await aTenant(), await aTenant()]
  const before = await place()
  const titles = Array.from({ length: 9 }, (_, index) => `${index}`)
  for (const title of titles) await arrive(db, Number(title) % 2 ? first : second, [anArrival(title)])
  const head = await place()
  await ownerSql(database, `delete from security_event where tenant_id = '${second}' and title in ('2', '4')`)
  const read: string[] = []
  for (let at = before; at < head; ) {
    const { arrivals, reached } = await between([first, second], at, head, 2)
    expect(reached).toBeGreaterThan(at)
    read.push(...arrivals.map(({ event }) => event.title))
    at = reached
  }
  expect(read).toEqual(['0', '1', '3', '5', '6', '7', '8'])
  expect((await between([first], before, head)).arrivals.map(({ event }) => event.title)).toEqual(['1', '3', '5', '7'])
})

test('what is older than a cursor may be goes with what comes in, and no cursor of that age is taken', async () => {
  const tenantId = await aTenant()
  const drafts = Array.from({ length: 5 }, (_, index) => anArrival(`${index}`))
  await arrive(db, tenantId, drafts)
  await place()
  const age = (count: number, days: string) =>
    ownerSql(
      database,
      `update event_arrival set arrived_at = now() - interval '${days}'
       where event_id in (select event_id from event_arrival where tenant_id = '${tenantId}' order by place limit ${count})`,
    )
  const cursor = drafts[0]?.event?.id ?? ''
  const placeOf = (tenants: string[]) => db.withTenants(tenants, (tx) => placeOfArrival(tx, tenantId, cursor))
  await age(5, '6 days 23 hours')
  const all = await placesOf(tenantId)
  expect(all).toContain(await placeOf([tenantId]))
  expect(await placeOf([await aTenant()])).toBeNull()
  await age(5, '7 days 1 hour')
  expect(await placeOf([tenantId])).toBeNull()
  await arrive(db, tenantId, [anArrival('Still kept')])
  expect(await placesOf(tenantId)).toHaveLength(6)
  await age(3, '8 days 1 hour')
  await arrive(db, tenantId, [anArrival('One takes two away')])
  expect(await placesOf(tenantId)).toHaveLength(5)
  await arrive(db, tenantId, [anArrival('And the last')])
  expect(await placesOf(tenantId)).toHaveLength(5)
})

test('the serving role sees no arrival of another tenant, and gives no place by itself', async () => {
  const [ours, theirs] = [await aTenant(), await aTenant()]
  await arrive(db, theirs, [anArrival('Theirs')])
  const head = await place()
  const seen = await db.withTenants([ours], (tx) => tx.execute(sql`select * from event_arrival`))
  expect(seen).toHaveLength(0)
  expect(
    (
      await db.withTenants([ours], (tx) =>
        arrivalsBetween(tx, { tenantIds: [ours, theirs], after: 0, upTo: head, arrivalsMax: 100 }),
      )
    ).arrivals,
  ).toEqual([])
  for (const statement of [sql`update event_arrival set place = 1`, sql`update arrival_head set place = 0`]) {
    await expect(db.withTenants([theirs], (tx) => tx.execute(statement))).rejects.toMatchObject({ code: '42501' })
  }
})
