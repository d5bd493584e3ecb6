import { createServer, connect as dial, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ownerSql } from '../../test/support/owner-sql.ts'
import { aDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { aPostgresWire } from '../../test/support/postgres-wire.ts'
import { connect, type Database, type Tx } from './connection.ts'
import { openClient } from './driver.ts'
import { createPool } from './pool.ts'
import { tenantsByIds, upsertTenant } from './tenants.ts'

const contoso = '11111111-1111-4111-8111-111111111111'
const fabrikam = '22222222-2222-4222-8222-222222222222'

let database: TestDatabase
/** One connection: whatever is left of one transaction meets the next. */
let db: Database
beforeAll(async () => {
  database = await aDatabase()
  db = connect({ url: database.url, max: 1 })
  for (const id of [contoso, fabrikam]) {
    await db.withTenants([id], (tx) => upsertTenant(tx, { id, name: id, status: 'CONNECTED' }))
  }
})
afterAll(async () => {
  await db?.close()
  await database?.drop()
})

const works = async () => expect(await db.plain((tx) => tx.execute(sql`select 1 as one`))).toEqual([{ one: 1 }])
const pidOf = async (tx: Tx): Promise<number> => {
  const [row] = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`)
  return row?.pid ?? 0
}
const cut = (pid: number) => ownerSql(database, `select pg_terminate_backend(${pid})`)
const names = () => ownerSql(database, 'select name from tenant order by 1')

describe('a connection that is lost', () => {
  test('while it opens: the driver has asked for nothing by itself, the failure of which nobody would hear', async () => {
    const asked: string[] = []
    const wire = await aPostgresWire(database.url, (_, what, pass) => {
      asked.push(what)
      return pass()
    })
    const far = connect({ url: wire.url, max: 1 })
    expect(await far.plain((tx) => tx.execute(sql`select 1 as one`))).toEqual([{ one: 1 }])
    await far.close()
    await wire.close()
    expect(asked).toEqual([expect.stringContaining('begin;'), 'SQL select 1 as one', 'SQL commit'])
  })

  test('during a statement ends the transaction and nothing else, time after time', async () => {
    for (let time = 0; time < 5; time += 1) {
      const cutting = db.plain((tx) => tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`))
      await expect(cutting).rejects.toMatchObject({ code: expect.stringMatching(/^57P01$|^CONNECTION_/) })
      await works()
    }
  })

  test('between statements ends the transaction at once, and what it still sends runs nowhere', async () => {
    const before = await names()
    let late: Promise<unknown> = Promise.resolve()
    const losing = db.withTenants([contoso], async (tx) => {
      const pid = await pidOf(tx)
      late = (async () => {
        await sleep(500)
        await tx.execute(sql`update tenant set name = 'late'`)
      })()
      late.catch(() => {})
      await cut(pid)
      await late
    })
    await expect(losing).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
    await db.withTenants([fabrikam], async (tx) => {
      await expect(late).rejects.toMatchObject({ cause: { code: 'CONNECTION_CLOSED' } })
      expect(await tenantsByIds(tx, [contoso, fabrikam])).toHaveLength(1)
    })
    expect(await names()).toEqual(before)
  })

  test('by a reset of the network during a statement or between two is replaced', async () => {
    const sockets = new Set<Socket>()
    const { hostname, port } = new URL(database.url)
    const proxy = createServer((near) => {
      const far = dial(Number(port), hostname)
      near.pipe(far).pipe(near)
      sockets.add(near)
      for (const socket of [near, far]) socket.on('error', () => {})
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const address = proxy.address() as { port: number }
    const far = connect({ url: Object.assign(new URL(database.url), { port: address.port }).href, max: 1 })
    const reset = () => {
      for (const socket of sockets) socket.resetAndDestroy()
      sockets.clear()
    }
    const during = (work: (tx: Tx) => Promise<unknown>) => expect(far.plain(work)).rejects.toThrow()
    for (let time = 0; time < 3; time += 1) {
      const sleeping = during((tx) => tx.execute(sql`select pg_sleep(20)`))
      await sleep(200)
      reset()
      await sleeping
      await during(async (tx) => {
        await tx.execute(sql`select 1`)
        reset()
        await sleep(100)
        await tx.execute(sql`select 1`)
      })
      expect(await far.plain((tx) => tx.execute(sql`select 1 as one`))).toEqual([{ one: 1 }])
    }
    await far.close()
    proxy.close()
  })
})

describe('a transaction', () => {
  test('that takes too long is given up, and its connection replaced', async () => {
    const hasty = connect({ url: database.url, max: 1, timing: { statementMs: 60_000, transactionMs: 300 } })
    for (const work of [(tx: Tx) => tx.execute(sql`select pg_sleep(20)`), () => sleep(20_000)]) {
      await expect(hasty.plain<unknown>(work)).rejects.toThrow('did not answer in time')
      expect(await hasty.single((tx) => tx.execute(sql`select 1 as one`))).toEqual([{ one: 1 }])
    }
    await hasty.close()
  })

  test('that is over sends nothing more, in nobody else’s either', async () => {
    const before = await names()
    let late: Promise<unknown> = Promise.resolve()
    const failing = db.withTenants([contoso], async (tx) => {
      late = (async () => {
        await sleep(100)
        await tx.execute(sql`update tenant set name = 'late'`)
      })()
      late.catch(() => {})
      await tx.execute(sql`select 1 / 0`)
    })
    await expect(failing).rejects.toMatchObject({ code: '22012' })
    await db.withTenants([fabrikam], async (tx) => {
      await expect(late).rejects.toMatchObject({ cause: { code: '25P01' } })
      await tx.execute(sql`select 1`)
    })
    expect(await names()).toEqual(before)
  })

  test('fails with its first fault, also when the work goes on as if nothing had happened', async () => {
    const before = await names()
    const careless = db.withTenants([contoso], async (tx) => {
      await tx.execute(sql`update tenant set name = 'half'`)
      await tx.execute(sql`select 1 / 0`).catch(() => {})
    })
    await expect(careless).rejects.toMatchObject({ code: '22012' })
    const stubborn = db.withTenants([contoso], async (tx) => {
      await tx.execute(sql`select 1 / 0`).catch(() => {})
      await tx.execute(sql`select 1`)
    })
    await expect(stubborn).rejects.toMatchObject({ code: '22012' })
    expect(await names()).toEqual(before)
  })

  test('waits for a connection when all are taken, also when one is lost meanwhile', async () => {
    const two = connect({ url: database.url, max: 2 })
    const all = Array.from({ length: 30 }, (_, index) =>
      two.plain((tx) =>
        tx.execute(index % 10 === 3 ? sql`select pg_terminate_backend(pg_backend_pid())` : sql`select 1`),
      ),
    )
    const settled = await Promise.allSettled(all)
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(3)
    await two.close()
  })

  test('under way is finished before the connections close, and none begins afterwards', async () => {
    const closing = connect({ url: database.url, max: 2 })
    const slow = closing.plain(async (tx) => {
      await tx.execute(sql`select pg_sleep(0.2)`)
      await sleep(100)
      return tx.execute(sql`select 1 as one`)
    })
    await sleep(100)
    const [result] = await Promise.all([slow, closing.close()])
    expect(result).toEqual([{ one: 1 }])
    await expect(closing.plain((tx) => tx.execute(sql`select 1`))).rejects.toMatchObject({ code: 'CONNECTION_ENDED' })
  })
})

describe('a transaction that only reads', () => {
  const one = sql`select 1 as one`

  test('sees its tenants and no others, time after time, and its statement goes along with BEGIN', async () => {
    for (const id of [contoso, fabrikam, contoso]) {
      const seen = await db.reading([id], (tx) => tenantsByIds(tx, [contoso, fabrikam]))
      expect(seen.map((tenant) => tenant.id)).toEqual([id])
      expect(await db.plain((tx) => tenantsByIds(tx, [contoso, fabrikam]))).toEqual([])
    }
  })

  test('cannot write', async () => {
    const before = await names()
    const writing = db.reading([contoso], (tx) => tx.execute(sql`update tenant set name = 'read'`))
    await expect(writing).rejects.toMatchObject({ code: '25006' })
    expect(await names()).toEqual(before)
    await works()
  })

  test.each([
    ['its BEGIN', 'begin read only nonsense'],
    ['what follows BEGIN', "begin read only; set local app.tenants to ''; set local plan_cache_mode to nonsense"],
  ])('fails as a whole when %s fails, whatever its statements said', async (_, begin) => {
    const pool = createPool({
      max: 1,
      open: (onclose) => openClient(database.url, { onclose, max_lifetime: null }),
      onStatement: () => {},
      transactionMs: null,
    })
    // A connection that has answered is one that sends both together.
    expect(await pool.reading('begin read only', (tx) => tx.execute(one))).toEqual([{ one: 1 }])
    const after: unknown[] = []
    const failing = pool.reading(begin, async (tx) => {
      await tx.execute(one).catch(() => {})
      after.push(await tx.execute(sql`select 2 as two`))
    })
    await expect(failing).rejects.toMatchObject({ code: expect.stringMatching(/^42601$|^22023$/) })
    await sleep(50)
    expect(after).toEqual([])
    expect(await pool.reading('begin read only', (tx) => tx.execute(one))).toEqual([{ one: 1 }])
    await pool.close()
  })
})

test.each(['plain', 'single', 'reading', 'withTenants'] as const)('%s sends what it is given once', async (how) => {
  const work = (tx: Pick<Tx, 'execute'>) =>
    tx.execute(
      sql`select set_config('app.count', (current_setting('app.count', true)::int + ${1}::int)::text, false) as count`,
    )
  await db.single((tx) => tx.execute(sql`select set_config('app.count', '0', false)`))
  for (const count of ['1', '2', '3']) {
    const counted = how === 'plain' || how === 'single' ? db[how](work) : db[how]([contoso], work)
    expect(await counted).toEqual([{ count }])
  }
})

test('a statement with parameters is prepared once, and planned anew in each transaction', async () => {
  const found = sql`select name from tenant where id = ${contoso}::uuid`
  for (let time = 0; time < 8; time += 1) await db.withTenants([contoso], (tx) => tx.execute(found))
  const known = await db.plain((tx) =>
    tx.execute(
      sql`select generic_plans::int as generic, custom_plans::int as custom from pg_prepared_statements where statement like 'select name from tenant%'`,
    ),
  )
  expect(known).toEqual([{ generic: 0, custom: 8 }])
})
