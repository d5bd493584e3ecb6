import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { aDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { inTrace, newTrace } from '../trace.ts'
import { type AuditDraft, appendAudit, pageOfAuditEntries } from './audit.ts'
import { verifyAuditChain } from './audit-chain.ts'
import { createAuditLane } from './audit-lane.ts'
import { connect, type Database, isRefusedWork } from './connection.ts'
import type { Tx } from './pool.ts'

let database: TestDatabase
let db: Database
beforeAll(async () => {
  database = await aDatabase()
  db = database.db
})
afterAll(() => database?.drop())

const aTenant = () => crypto.randomUUID()
const draft = (tenantId: string, n: number): AuditDraft => ({
  tenantId,
  name: 'remediation.confirmed',
  at: new Date(),
  operator: null,
  details: { n },
})
const write = (tenantId: string, n: number, through = db) =>
  through.audited(tenantId, { audit: [draft(tenantId, n)], result: n })
const numbers = Array.from({ length: 60 }, (_, n) => n)

/** Of a sound trail, in order. */
async function trailOf(tenantId: string) {
  return db.withTenants([tenantId], async (tx) => {
    expect((await verifyAuditChain(tx, tenantId)).fault).toBeNull()
    const { entries } = await pageOfAuditEntries(tx, tenantId, { first: 1000 })
    return entries.reverse()
  })
}
const written = async (tenantId: string) => (await trailOf(tenantId)).map(({ details }) => details['n'])

/** How many transactions what is in a trail came in. */
async function transactionsOf(tenantId: string): Promise<number> {
  const [row] = await db.withTenants([tenantId], (tx) =>
    tx.execute<{ count: number }>(
      sql`select count(distinct xmin::text)::int as count from audit_entry where tenant_id = ${tenantId}::uuid`,
    ),
  )
  return row?.count ?? 0
}

describe('units of a tenant', () => {
  test('that come at once are committed together, in the order in which they came, each with its own answer', async () => {
    const tenantId = aTenant()
    expect(await Promise.all(numbers.map((n) => write(tenantId, n)))).toEqual(numbers)
    expect(await written(tenantId)).toEqual(numbers)
    expect(await transactionsOf(tenantId)).toBe(1)
  })

  test('that come while others are under way go next, together', async () => {
    const tenantId = aTenant()
    const first = write(tenantId, -1)
    await vi.waitFor(async () => expect(db.statements()).toBeGreaterThan(0))
    await Promise.all([first, ...numbers.map((n) => write(tenantId, n))])
    expect(await written(tenantId)).toEqual([-1, ...numbers])
    expect(await transactionsOf(tenantId)).toBeLessThanOrEqual(2)
  })

  test('of which some are refused: these callers alone hear of it, and nothing of theirs is kept', async () => {
    const tenantId = aTenant()
    const isBad = (n: number) => n % 17 === 3
    const ended = await Promise.allSettled(
      numbers.map((n) =>
        db.audited(tenantId, async (tx) => {
          await tx.execute(isBad(n) ? sql`select 1 / ${0}::int` : sql`select 1`)
          return { audit: [draft(tenantId, n)], result: n }
        }),
      ),
    )
    for (const [n, one] of ended.entries()) {
      expect(one).toMatchObject(isBad(n) ? { reason: { code: '22012' } } : { value: n })
    }
    expect(await written(tenantId)).toEqual(numbers.filter((n) => !isBad(n)))
  })

  test('whose entry is refused, or which throw: the others are kept', async () => {
    const tenantId = aTenant()
    const nameless = { ...draft(tenantId, 1), name: null as unknown as string }
    const ended = await Promise.allSettled([
      write(tenantId, 0),
      db.audited(tenantId, async () => ({ audit: [nameless], result: null })),
      db.audited(tenantId, async () => {
        throw new TypeError('of this one alone')
      }),
      write(tenantId, 3),
    ])
    expect(ended).toMatchObject([
      { value: 0 },
      { reason: { code: '23502' } },
      { reason: { message: 'of this one alone' } },
      { value: 3 },
    ])
    expect(await written(tenantId)).toEqual([0, 3])
  })

  test('cannot write into the trail of another tenant', async () => {
    const [ours, theirs] = [aTenant(), aTenant()]
    const writing = db.audited(ours, async () => ({ audit: [draft(theirs, 1)], result: null }))
    await expect(writing).rejects.toMatchObject({ code: '42501' })
    expect(await written(theirs)).toEqual([])
  })

  test('that are entries alone cannot either, and leave no tenant to whoever is next on the connection', async () => {
    const one = connect({ url: database.url, max: 1 })
    const [ours, theirs] = [aTenant(), aTenant()]
    await write(ours, 0, one)
    const seen = () =>
      one.single((tx) => tx.execute(sql`select coalesce(current_setting('app.tenants', true), '') as own`))
    expect(await seen()).toEqual([{ own: '' }])
    const writing = one.audited(ours, { audit: [draft(ours, 1), draft(theirs, 1)], result: null })
    await expect(writing).rejects.toMatchObject({ code: '42501' })
    expect(await seen()).toEqual([{ own: '' }])
    await expect(one.audited(`${ours},${theirs}`, { audit: [draft(theirs, 1)], result: null })).rejects.toThrow(
      TypeError,
    )
    expect([await written(ours), await written(theirs)]).toEqual([[0], []])
    await one.close()
  })

  test('belong to the traces of their own callers', async () => {
    const tenantId = aTenant()
    const traces = numbers.map(newTrace)
    await Promise.all(traces.map((trace, n) => inTrace(trace, () => write(tenantId, n))))
    expect(await transactionsOf(tenantId)).toBe(1)
    expect((await trailOf(tenantId)).map(({ details }) => details['traceId'])).toEqual(
      traces.map(({ traceId }) => traceId),
    )
  })
})

test('a tenant that stands still holds up no other', async () => {
  const [held, free] = [aTenant(), aTenant()]
  await write(held, 0)
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const { promise: locked, resolve: isLocked } = Promise.withResolvers<void>()
  const holding = db.withTenants([held], async (tx) => {
    await appendAudit(tx, [draft(held, 1)])
    isLocked()
    await released
  })
  await locked
  const waiting = [write(held, 2), write(held, 3)]
  expect(await write(free, 0)).toBe(0)
  expect(await written(held)).toEqual([0])
  release()
  await Promise.all([holding, ...waiting])
  expect(await written(held)).toEqual([0, 1, 2, 3])
})

test('two processes write the same trails at once', async () => {
  const other = connect({ url: database.url })
  const tenants = [aTenant(), aTenant()]
  await Promise.all(tenants.flatMap((tenantId) => numbers.map((n) => write(tenantId, n, n % 2 === 0 ? db : other))))
  await other.close()
  for (const tenantId of tenants) {
    expect((await written(tenantId)).sort((a, b) => Number(a) - Number(b))).toEqual(numbers)
  }
})

test('what waits when the connections are closed is written first', async () => {
  const ending = connect({ url: database.url })
  const tenantId = aTenant()
  const first = write(tenantId, 0, ending)
  await first
  const rest = numbers.slice(1).map((n) => write(tenantId, n, ending))
  await ending.close()
  await Promise.all(rest)
  expect(await written(tenantId)).toEqual(numbers)
})

describe('a database that does not keep up', () => {
  /** Nothing is committed before it is released. */
  function aHeldLane(bounds: { waitingMax?: number; waitMs?: number }) {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const transaction = async <T>(tenantId: string, work: (tx: Tx) => Promise<T>) => {
      await released
      return db.withTenants([tenantId], work)
    }
    const lane = createAuditLane({
      transaction,
      append: () => Promise.reject(new Error('These units have work.')),
      isOfWork: isRefusedWork,
      ...bounds,
    })
    const commit = (tenantId: string, n: number) =>
      lane.commit(tenantId, async () => ({ audit: [draft(tenantId, n)], result: n }))
    return { lane, commit, release }
  }

  test('a unit waits for its turn as long as is said, then nothing of it happens and its caller hears why', async () => {
    const { lane, commit, release } = aHeldLane({ waitMs: 100 })
    const tenantId = aTenant()
    const first = commit(tenantId, 0)
    await Promise.resolve()
    await new Promise((resolve) => setImmediate(resolve))
    await expect(commit(tenantId, 1)).rejects.toMatchObject({
      code: 'AUDIT_BUSY',
      message: 'Nothing was changed: the database did not take it within 0.1 s. Try again.',
    })
    release()
    expect(await first).toBe(0)
    await lane.drained()
    expect(await written(tenantId)).toEqual([0])
  })

  test('no more wait than is said, and there is room again as soon as some are through', async () => {
    const { lane, commit, release } = aHeldLane({ waitingMax: 3 })
    const tenantId = aTenant()
    const all = [0, 1, 2].map((n) => commit(tenantId, n))
    await expect(commit(tenantId, 3)).rejects.toMatchObject({ code: 'AUDIT_BUSY' })
    release()
    await Promise.all(all)
    expect(await commit(tenantId, 4)).toBe(4)
    await lane.drained()
    expect(await written(tenantId)).toEqual([0, 1, 2, 4])
  })
})
