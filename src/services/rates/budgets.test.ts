import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aLog } from '../../../test/support/log.ts'
import { aDatabase, type TestDatabase } from '../../../test/support/postgres.ts'
import { connect } from '../../db/connection.ts'
import { type Charge, createBudgets, windowMs } from './budgets.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await aDatabase()
})
afterAll(() => database?.drop())

const { log } = aLog()
const aCharge = (over: Partial<Charge> = {}): Charge => ({
  subject: randomUUID(),
  budget: 'operator-reads',
  quota: 100,
  weight: 1,
  ...over,
})
/** As one gateway has them. */
const someBudgets = (db = database.db) => createBudgets({ db, log })

describe('budgets that several gateways share', () => {
  test.each([1, 2, 4])(
    '%i of them give out the budget, and of each a twentieth and one more at most',
    async (gateways) => {
      const charge = aCharge()
      const all = Array.from({ length: gateways }, () => someBudgets())
      const begunAt = performance.now()
      const answers = await Promise.all(all.flatMap((one) => Array.from({ length: 150 }, () => one.take([charge]))))
      const taken = answers.filter((refused) => refused === null).length
      const refilled = (charge.quota * (performance.now() - begunAt)) / windowMs
      expect(taken).toBeGreaterThanOrEqual(charge.quota)
      expect(taken).toBeLessThanOrEqual(charge.quota + refilled + gateways * (charge.quota / 20 + 1))
    },
  )

  test('what one gave out is missing at the others, and comes back with time', async () => {
    const [mine, others] = [someBudgets(), someBudgets()]
    const charge = aCharge({ quota: 600 })
    expect(await mine.take([{ ...charge, weight: 600 }])).toBeNull()
    await expect.poll(() => others.take([charge])).toMatchObject({ budget: 'operator-reads', retryAfterSeconds: 1 })
    expect(others.stateOf(charge).remaining).toBe(0)
    await expect.poll(() => others.take([charge])).toBeNull()
  })

  test('a request that is refused by one of its budgets takes nothing of the others', async () => {
    const one = someBudgets()
    const [operator, tenant] = [aCharge(), aCharge({ budget: 'tenant-reads', quota: 1 })]
    expect(await one.take([operator, tenant])).toBeNull()
    expect(one.stateOf(operator).remaining).toBe(99)
    expect(await one.take([operator, tenant])).toMatchObject({ budget: 'tenant-reads', remaining: 0 })
    expect(one.stateOf(operator).remaining).toBe(99)
  })

  test('what weighs more than the whole budget passes when nothing of it is used, and uses all of it', async () => {
    const one = someBudgets()
    const charge = aCharge({ quota: 10, weight: 25 })
    expect(await one.take([charge])).toBeNull()
    expect(await one.take([{ ...charge, weight: 1 }])).toMatchObject({ retryAfterSeconds: 6 })
    expect(await one.take([charge])).toMatchObject({ retryAfterSeconds: 60 })
  })

  test('many of them settling many budgets at once do not block each other', async () => {
    const subjects = Array.from({ length: 300 }, () => randomUUID())
    const charges = subjects.map((subject) => aCharge({ subject, quota: 20 }))
    const all = Array.from({ length: 4 }, () => someBudgets())
    for (const round of [1, 2, 3]) {
      const answers = await Promise.all(all.map((one, index) => one.take(index % 2 ? charges : charges.toReversed())))
      expect([round, answers]).toEqual([round, all.map(() => null)])
    }
  })

  test('a request costs no statement of its own', async () => {
    const one = someBudgets()
    const before = database.db.statements()
    for (let index = 0; index < 1_000; index++) await one.take([aCharge({ subject: subjectOfAll, quota: 1_000_000 })])
    expect(database.db.statements() - before).toBeLessThan(100)
  })
})
const subjectOfAll = randomUUID()

test('without a database a gateway counts alone: it gives out the budget, and not more', async () => {
  const db = connect({ url: 'postgres://app:none@127.0.0.1:1/none', max: 1 })
  const one = someBudgets(db)
  const charge = aCharge({ quota: 50 })
  const answers = []
  for (let index = 0; index < 60; index++) answers.push(await one.take([charge]))
  expect(answers.filter((refused) => refused === null)).toHaveLength(50)
  expect(answers.at(-1)).toMatchObject({ budget: 'operator-reads', remaining: 0, retryAfterSeconds: 2 })
  await db.close()
})
