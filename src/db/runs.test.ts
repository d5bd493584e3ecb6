import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import type { Subject } from '../services/events/types.ts'
import type { Tx } from './connection.ts'
import { newId } from './ids.ts'
import {
  acquireLeases,
  endRun,
  endStep,
  findRunByKey,
  holdLeases,
  insertRun,
  type NewRun,
  releaseLeases,
  runById,
  startStep,
  unsettledRuns,
} from './runs.ts'

const tenantId = 'b8a8f5c2-5a53-4d3c-8a1c-0c6a2f1f7d10'
const subject: Subject = {
  type: 'USER',
  id: newId(),
  role: 'ACTOR',
  attributes: { userPrincipalName: 'ada@contoso.com' },
}

let database: TestDatabase
beforeAll(async () => {
  database = await aDatabase()
})
afterAll(() => database.drop())

const inTenant = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.withTenants([tenantId], work)

const aRun = (changes: Partial<NewRun> = {}): NewRun => ({
  id: newId(),
  tenantId,
  eventId: newId(),
  group: 'BLOCK_USER',
  requestedBy: { id: 'b1f6bb9e-37a6-4f2c-9c30-3c1dc8cf0a11', kind: 'PERSON', displayName: 'Olga' },
  requestedAt: new Date(),
  idempotencyKey: newId(),
  inputHash: Buffer.from('input'),
  steps: [
    {
      kind: 'DISABLE_USER',
      subject,
      state: 'SKIPPED',
      code: 'ALREADY_DISABLED',
      message: 'x',
      remedy: null,
      retryable: null,
    },
    { kind: 'REVOKE_SESSIONS', subject, state: 'PENDING', code: null, message: null, remedy: null, retryable: null },
  ],
  ...changes,
})

const outcome = {
  state: 'CONFIRMED',
  code: null,
  message: 'done',
  remedy: null,
  retryable: null,
  upstreamRequestId: 'r',
  evidence: { a: [1] },
} as const

describe('runs', () => {
  test('one key of one operator is one run, at any concurrency', async () => {
    const runs = [1, 2, 3, 4].map(() => aRun({ idempotencyKey: 'same' }))
    const inserted = await Promise.all(runs.map((run) => inTenant((tx) => insertRun(tx, run))))
    expect(inserted.filter(Boolean)).toHaveLength(1)
    const winner = runs[inserted.indexOf(true)]
    const found = await inTenant((tx) => findRunByKey(tx, tenantId, 'b1f6bb9e-37a6-4f2c-9c30-3c1dc8cf0a11', 'same'))
    expect(found?.run.id).toBe(winner?.id)
    expect(found?.inputHash.toString()).toBe('input')
  })

  test('a step goes from pending to its outcome, and an outcome stays', async () => {
    const run = aRun()
    await inTenant((tx) => insertRun(tx, run))
    expect((await inTenant((tx) => runById(tx, tenantId, run.id)))?.steps.map(({ state }) => state)).toEqual([
      'SKIPPED',
      'RUNNING',
    ])
    await inTenant((tx) => startStep(tx, tenantId, run.id, 1, new Date(), { kept: 'a\0b' }))
    expect(await inTenant((tx) => endStep(tx, tenantId, run.id, 1, outcome, new Date()))).toBe(true)
    expect(await inTenant((tx) => endStep(tx, tenantId, run.id, 1, { ...outcome, state: 'FAILED' }, new Date()))).toBe(
      false,
    )
    await inTenant((tx) => endRun(tx, tenantId, run.id, 'SUCCEEDED', new Date()))
    expect(await inTenant((tx) => runById(tx, tenantId, run.id))).toMatchObject({
      status: 'SUCCEEDED',
      steps: [{ state: 'SKIPPED' }, { state: 'CONFIRMED', evidence: { a: [1] }, startedAt: expect.any(Date) }],
    })
  })

  test('the same outcome is stored once, however often its commit is made', async () => {
    const run = aRun()
    await inTenant((tx) => insertRun(tx, run))
    await inTenant((tx) => startStep(tx, tenantId, run.id, 1, new Date(0), null))
    const end = (at: number) =>
      inTenant((tx) => endStep(tx, tenantId, run.id, 1, { ...outcome, state: 'UNKNOWN' }, new Date(at)))
    expect([await end(1_001), await end(1_001), await end(2_000)]).toEqual([true, false, true])
  })

  test('a tenant with many open runs does not keep those of another from being found', async () => {
    const other = '5b0c8d3e-2f7a-4e7e-9a45-6f7a8b9c0d1e'
    const requestedAt = new Date(1_000)
    const many = Array.from({ length: 60 }, () => aRun({ requestedAt }))
    const late = { ...aRun({ requestedAt: new Date(2_000) }), tenantId: other }
    await database.db.withTenants([tenantId, other], async (tx) => {
      for (const run of [...many, late]) await insertRun(tx, run)
      const found = await unsettledRuns(tx, [tenantId, other], new Date(3_000))
      expect(found.at(-1)).toEqual({ tenantId: other, runId: late.id })
      expect(found.filter((run) => run.tenantId === tenantId)).toHaveLength(50)
    })
  })

  test('a run that holds something to find out is found by the sweep, a settled one is not', async () => {
    const [open, settled] = [aRun({ requestedAt: new Date(0) }), aRun({ requestedAt: new Date(0) })]
    for (const run of [open, settled]) await inTenant((tx) => insertRun(tx, run))
    await inTenant((tx) => endRun(tx, tenantId, settled.id, 'SUCCEEDED', new Date()))
    const found = await inTenant((tx) => unsettledRuns(tx, [tenantId], new Date(1)))
    expect(found).toEqual([{ tenantId, runId: open.id }])
  })

  test('another tenant sees nothing of it', async () => {
    const run = aRun()
    await inTenant((tx) => insertRun(tx, run))
    const other = '5b0c8d3e-2f7a-4e7e-9a45-6f7a8b9c0d1e'
    expect(await database.db.withTenants([other], (tx) => runById(tx, tenantId, run.id))).toBeNull()
  })
})

describe('leases', () => {
  const now = new Date()
  const take = (keys: string[], runId: string, at = now) =>
    inTenant((tx) => acquireLeases(tx, tenantId, keys, runId, at, 1_000))

  test('one run at a time holds a key, all keys or none, and an expired lease is free', async () => {
    const [first, second] = [newId(), newId()]
    expect(await take(['a'], first)).toBe(true)
    expect(await take(['a', 'b'], second)).toBe(false)
    expect(await take(['b'], first)).toBe(true)
    expect(await take(['a'], first)).toBe(true)
    expect(await take(['a'], second, new Date(now.getTime() + 2_000))).toBe(true)
    const hold = (keys: string[], runId: string) => inTenant((tx) => holdLeases(tx, tenantId, keys, runId, now, 1_000))
    expect(await hold(['a'], second)).toBe(true)
    await inTenant((tx) => releaseLeases(tx, tenantId, second))
    expect(await hold(['a'], second)).toBe(false)
    // Of its two the first run has lost one.
    expect(await hold(['b'], first)).toBe(true)
    expect(await hold(['a', 'b'], first)).toBe(false)
  })

  test('of many that reach for it at once one gets it', async () => {
    const taken = await Promise.all(Array.from({ length: 8 }, () => take(['race'], newId())))
    expect(taken.filter(Boolean)).toHaveLength(1)
  })
})
