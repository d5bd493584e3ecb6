import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { aRecord as record } from '../../test/support/records.ts'
import type { SubjectCandidate } from '../services/events/types.ts'
import type { Database } from './connection.ts'
import type { EventPageRequest } from './event-search.ts'
import { eventById, pageOfEvents, subjectById } from './events.ts'
import { type RecordDraft, storeRecords } from './records.ts'
import { upsertTenant } from './tenants.ts'

let database: TestDatabase
let db: Database
beforeAll(async () => {
  database = await aDatabase()
  db = database.db
})
afterAll(() => database.drop())

async function aTenant(name = 'Contoso'): Promise<string> {
  const id = crypto.randomUUID()
  await db.withTenants([id], (tx) => upsertTenant(tx, { id, name, status: 'CONNECTED' }))
  return id
}

const user = (name: string, objectId?: string): SubjectCandidate => ({
  type: 'USER',
  role: 'TARGET',
  aliases: [`upn:${name}@contoso.com`, ...(objectId === undefined ? [] : [`oid:${objectId}`])],
  attributes: { userPrincipalName: `${name}@contoso.com`, ...(objectId === undefined ? {} : { objectId }) },
})

const onlyId = (objectId: string): SubjectCandidate => ({
  type: 'USER',
  role: 'TARGET',
  aliases: [`oid:${objectId}`],
  attributes: { objectId },
})

const store = async (tenantId: string, drafts: RecordDraft[], through = db) =>
  (await through.withTenants([tenantId], (tx) => storeRecords(tx, tenantId, drafts))).map(({ stored }) => stored)
const page = (tenantIds: string[], request: Partial<EventPageRequest> = {}) =>
  db.withTenants(tenantIds, (tx) => pageOfEvents(tx, { tenantIds, first: 20, ...request }))
const titles = async (tenantIds: string[], request: Partial<EventPageRequest> = {}) =>
  (await page(tenantIds, request)).events.map(({ title }) => title)

describe('storing records', () => {
  test('the same record again changes nothing, in a batch or after it', async () => {
    const tenantId = await aTenant()
    const batch = [record('a', { subjects: [user('ada')] }), record('b', null)]
    expect(await store(tenantId, [...batch, ...batch])).toEqual(['EVENT', 'NO_EVENT', 'DUPLICATE', 'DUPLICATE'])
    expect(await store(tenantId, batch)).toEqual(['DUPLICATE', 'DUPLICATE'])
    expect((await page([tenantId])).events).toHaveLength(1)
  })

  test('a record with the same id and another content is another record', async () => {
    const tenantId = await aTenant()
    const changed = record('a', {}, { content: 'changed' })
    expect(await store(tenantId, [record('a'), changed])).toEqual(['EVENT', 'EVENT'])
  })

  test('records of one action within a minute are one event, worded by the lowest rank', async () => {
    const tenantId = await aTenant()
    const at = (seconds: number) => new Date(Date.UTC(2024, 4, 1, 10, 0, seconds))
    expect(
      await store(tenantId, [
        record('a', { actionKey: 'k', rank: 5, title: 'Vague', occurredAt: at(0), subjects: [user('ada')] }),
        record('b', {
          actionKey: 'k',
          rank: 9,
          title: 'Vaguer',
          occurredAt: at(30),
          subjects: [user('bea')],
          techniques: ['T1114'],
        }),
      ]),
    ).toEqual(['EVENT', 'MERGED'])
    expect(
      await store(tenantId, [
        record('c', {
          actionKey: 'k',
          rank: 1,
          title: 'Exact',
          severity: 'HIGH',
          occurredAt: at(60),
          subjects: [user('ada')],
        }),
        record('d', { actionKey: 'k', rank: 1, title: 'Later', occurredAt: at(61) }),
        record('e', { actionKey: 'other', rank: 1, title: 'Other', occurredAt: at(10) }),
      ]),
    ).toEqual(['MERGED', 'EVENT', 'EVENT'])
    const { events } = await page([tenantId])
    expect(events.map(({ title }) => title)).toEqual(['Later', 'Other', 'Exact'])
    expect(events[2]).toMatchObject({ severity: 'HIGH', occurredAt: at(0), techniques: ['T1098', 'T1114'] })
    expect(events[2]?.subjects.map(({ attributes }) => attributes)).toEqual([
      { userPrincipalName: 'ada@contoso.com' },
      { userPrincipalName: 'bea@contoso.com' },
    ])
  })

  test.each([
    ['first', 'HIGH', 'MEDIUM'],
    ['last', 'MEDIUM', 'HIGH'],
  ] as const)('an action is as severe as its most severe record, which comes %s', async (_, first, last) => {
    const tenantId = await aTenant()
    await store(tenantId, [record('a', { actionKey: 'k', rank: 9, severity: first, title: 'Grant' })])
    await store(tenantId, [record('b', { actionKey: 'k', rank: 1, severity: last, title: 'Consent' })])
    await store(tenantId, [record('c', { actionKey: 'k', rank: 20, severity: 'INFORMATIONAL', title: 'Companion' })])
    const { events } = await page([tenantId])
    expect(events).toMatchObject([{ title: 'Consent', severity: 'HIGH' }])
  })

  test('several importers of the same records make each event once, with one subject', async () => {
    const tenantId = await aTenant()
    const drafts = Array.from({ length: 40 }, (_, n) =>
      record(`r${n}`, { actionKey: `k${n % 10}`, subjects: [user(`u${n % 7}`)] }),
    )
    const others = await Promise.all(
      [drafts, drafts.toReversed(), drafts, drafts.toSpliced(0, 20)].map((batch) => store(tenantId, batch)),
    )
    const all = others.flat()
    expect(all.filter((stored) => stored === 'EVENT')).toHaveLength(10)
    expect(all.filter((stored) => stored === 'MERGED')).toHaveLength(30)
    const { events } = await page([tenantId], { first: 100 })
    expect(events).toHaveLength(10)
    const ids = events.flatMap(({ subjects }) => subjects.map(({ id }) => id))
    expect(new Set(ids).size).toBe(7)
  })

  test('the number of statements does not grow with the batch', async () => {
    const tenantId = await aTenant()
    const before = db.statements()
    await store(
      tenantId,
      Array.from({ length: 500 }, (_, n) => record(`r${n}`, { actionKey: `k${n}`, subjects: [user(`u${n}`)] })),
    )
    expect(db.statements() - before).toBeLessThanOrEqual(10)
  })

  test('text that Postgres cannot hold keeps no record out', async () => {
    const tenantId = await aTenant()
    expect(
      await store(tenantId, [record('a\0b', { title: 'nul \0 and half \ud83d', subjects: [user('a\0da')] })]),
    ).toEqual(['EVENT'])
    expect(await titles([tenantId])).toEqual(['nul \ufffd and half \ufffd'])
    expect(await store(tenantId, [record('a\0b')])).toEqual(['DUPLICATE'])
  })
})

describe('subjects', () => {
  const oid = '0a0a0a0a-0000-4000-8000-000000000001'
  const otherOid = '0a0a0a0a-0000-4000-8000-000000000002'
  const subjectsOf = async (tenantId: string) => (await page([tenantId])).events.map(({ subjects }) => subjects[0])
  const minute = (n: number) => ({ occurredAt: new Date(Date.UTC(2024, 4, 1, 10, n)) })

  test('one object has one id in all events, and absent values are filled in', async () => {
    const tenantId = await aTenant()
    await store(tenantId, [record('a', { subjects: [user('ada')] })])
    await store(tenantId, [record('b', { subjects: [user('ada', oid)] })])
    const [one, two] = await subjectsOf(tenantId)
    expect(one).toEqual(two)
    expect(one?.attributes).toEqual({ userPrincipalName: 'ada@contoso.com', objectId: oid })
  })

  test('known values stay', async () => {
    const tenantId = await aTenant()
    const named = (displayName: string) =>
      ({ ...onlyId(oid), attributes: { objectId: oid, displayName } }) as SubjectCandidate
    await store(tenantId, [record('a', { subjects: [named('Ada')] }), record('b', { subjects: [named('Bea')] })])
    expect((await subjectsOf(tenantId))[0]?.attributes).toMatchObject({ displayName: 'Ada' })
  })

  test('two that turn out to be one become the older one, everywhere', async () => {
    const tenantId = await aTenant()
    await store(tenantId, [record('a', { ...minute(1), subjects: [user('ada')] })])
    await store(tenantId, [record('b', { ...minute(2), subjects: [onlyId(oid)] })])
    const [younger, older] = await subjectsOf(tenantId)
    expect(younger?.id).not.toBe(older?.id)
    await store(tenantId, [record('c', { ...minute(3), subjects: [user('ada', oid)] })])
    expect((await subjectsOf(tenantId)).map((subject) => subject?.id)).toEqual([older?.id, older?.id, older?.id])
    const merged = await db.withTenants([tenantId], (tx) => subjectById(tx, tenantId, younger?.id ?? ''))
    expect(merged).toEqual({
      id: older?.id,
      type: 'USER',
      attributes: { userPrincipalName: 'ada@contoso.com', objectId: oid },
    })
    expect((await page([tenantId], { filter: { userId: oid.toUpperCase() } })).events).toHaveLength(3)
    expect((await page([tenantId], { filter: { userPrincipalName: 'Ada@contoso.com' } })).events).toHaveLength(3)
  })

  test('an account that took over the name of a deleted one is not that one', async () => {
    const tenantId = await aTenant()
    await store(tenantId, [record('a', { ...minute(1), subjects: [user('ada', oid)] })])
    await store(tenantId, [record('b', { ...minute(2), subjects: [user('ada', otherOid)] })])
    await store(tenantId, [record('c', { ...minute(3), subjects: [user('ada')] })])
    await store(tenantId, [record('d', { ...minute(4), subjects: [onlyId(oid)] })])
    const [fourth, third, second, first] = await subjectsOf(tenantId)
    expect(second?.id).not.toBe(first?.id)
    expect(third?.id).toBe(second?.id)
    expect(fourth?.id).toBe(first?.id)
    expect(first?.attributes).toMatchObject({ objectId: oid })
  })
})

describe('pages of events', () => {
  test('newest first over several tenants and years, without overlap, in one round trip each', async () => {
    const tenants = [await aTenant('Contoso'), await aTenant('Fabrikam'), await aTenant('Litware')]
    for (const [n, tenantId] of tenants.entries()) {
      const years = [2012, 2019, 2021, 2024, 2030, 2040]
      await store(
        tenantId,
        years.map((year) => record(`${year}`, { title: `${year}-${n}`, occurredAt: new Date(Date.UTC(year, n, 1)) })),
      )
    }
    const seen: string[] = []
    let after: string | undefined
    const before = db.statements()
    for (let hasNextPage = true; hasNextPage; ) {
      const part = await page(tenants, { first: 4, after })
      seen.push(...part.events.map(({ title }) => title))
      after = part.events.at(-1)?.id
      hasNextPage = part.hasNextPage
    }
    // The page, and the settings for its plan, sent together.
    expect(db.statements() - before).toBe(10)
    expect(seen).toEqual([...seen].sort().reverse())
    expect(seen).toHaveLength(18)
    const many = [...tenants, ...Array.from({ length: 60 }, () => crypto.randomUUID())]
    expect(await titles(many, { first: 100 })).toEqual(seen)
  })

  test('filters hold together', async () => {
    const tenantId = await aTenant()
    const at = (day: number) => new Date(Date.UTC(2024, 0, day))
    await store(tenantId, [
      record('a', { title: 'A', type: 'ROLE_ASSIGNED', severity: 'HIGH', occurredAt: at(1) }),
      record('b', { title: 'B', type: 'PASSWORD_RESET', severity: 'MEDIUM', occurredAt: at(2) }),
      record('c', { title: 'C', type: 'PASSWORD_RESET', severity: 'LOW', occurredAt: at(3) }),
    ])
    expect(await titles([tenantId], { filter: { minSeverity: 'MEDIUM' } })).toEqual(['B', 'A'])
    expect(await titles([tenantId], { filter: { types: ['PASSWORD_RESET'] } })).toEqual(['C', 'B'])
    expect(await titles([tenantId], { filter: { since: at(2), until: at(3) } })).toEqual(['B'])
    expect(await titles([tenantId], { filter: { sourceRecordId: 'a' } })).toEqual(['A'])
    expect(
      await titles([tenantId], { filter: { types: ['PASSWORD_RESET'], minSeverity: 'MEDIUM', since: at(1) } }),
    ).toEqual(['B'])
    expect(await titles([tenantId], { filter: { types: [] } })).toEqual([])
    expect(await titles([tenantId], { filter: { userId: crypto.randomUUID() } })).toEqual([])
  })

  test('an event of a tenant that is not ours is not there, whatever is asked', async () => {
    const [ours, theirs] = [await aTenant(), await aTenant('Fabrikam')]
    await store(theirs, [record('a')])
    const [event] = (await page([theirs])).events
    const id = event?.id ?? ''
    expect(await db.withTenants([theirs], (tx) => eventById(tx, theirs, id))).toEqual(event)
    await db.withTenants([ours], async (tx) => {
      expect(await eventById(tx, theirs, id)).toBeNull()
      expect((await pageOfEvents(tx, { tenantIds: [ours, theirs], first: 10 })).events).toEqual([])
      expect(await tx.execute(sql`select * from security_event where true or tenant_id = ${ours}::uuid`)).toHaveLength(
        0,
      )
    })
  })
})

test('partitions have no door of their own past row-level security', async () => {
  const tenantId = await aTenant()
  const reading = db.withTenants([tenantId], (tx) => tx.execute(sql`select * from security_event_earlier`))
  await expect(reading).rejects.toMatchObject({ code: '42501' })
})
