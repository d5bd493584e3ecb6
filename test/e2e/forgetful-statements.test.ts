/** Statements that forget their tenant, on a database that holds rows of every table for three of them: the second wall alone stands. */
import { type SQL, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type Database, type Tx } from '../../src/db/connection.ts'
import { enqueue } from '../../src/db/jobs.ts'
import { tenantTables } from '../support/isolation/samples.ts'
import { anIsolationScene, type IsolationScene } from '../support/isolation/scene.ts'
import { ownerSql } from '../support/owner-sql.ts'

let scene: IsolationScene
let own: string
let other: string
let tables: string[]
/** One connection, so that whatever one transaction leaves behind is there for the next. */
let db: Database
beforeAll(async () => {
  scene = await anIsolationScene()
  own = scene.tenant('Quokka').tenant.id
  other = scene.tenant('Narwhal').tenant.id
  tables = [
    ...(await tenantTables(scene.database)).filter((name) => !['operator', 'access_grant'].includes(name)),
    'tenant',
  ]
  db = connect({ url: scene.database.url, max: 1 })
})
afterAll(async () => {
  await db?.close()
  await scene?.close()
})

const tenantOf = (table: string): SQL => sql.raw(table === 'tenant' ? 'id' : 'tenant_id')
const seenIn = async (tx: Tx): Promise<Record<string, string[]>> => {
  const seen: Record<string, string[]> = {}
  for (const table of tables) {
    const rows = await tx.execute<{ id: string }>(sql`select distinct ${tenantOf(table)} as id from ${sql.raw(table)}`)
    seen[table] = rows.map(({ id }) => id)
  }
  return seen
}
const everyTable = (ids: string[]) => Object.fromEntries(tables.map((table) => [table, ids]))
const nothing = () => db.plain(seenIn).then((seen) => expect(seen).toEqual(everyTable([])))
const undone = new Error('undone')
const rowsOf = (table: string, tenantId: string) =>
  ownerSql(
    scene.database,
    `select count(*)::int as rows, md5(string_agg(t::text, '|' order by t::text)) as hash from ${table} t where ${table === 'tenant' ? 'id' : 'tenant_id'} = '${tenantId}'`,
  )

describe('every table', () => {
  test('shows the rows of the tenants of the transaction and no others', async () => {
    expect(tables.length).toBeGreaterThan(17)
    expect(await db.withTenants([own], seenIn)).toEqual(everyTable([own]))
    await nothing()
  })

  test('takes in no row of another tenant, and lets none be moved there', async () => {
    for (const table of tables) {
      const column = table === 'tenant' ? 'id' : 'tenant_id'
      const name = sql.raw(table)
      const copied = sql`insert into ${name} select (jsonb_populate_record(null::${name},
        to_jsonb(t) || jsonb_build_object(${column}::text, ${other}::text))).* from ${name} t limit 1`
      for (const statement of [copied, sql`update ${name} set ${sql.raw(column)} = ${other}::uuid`]) {
        await expect(
          db.withTenants([own], (tx) => tx.execute(statement)),
          table,
          // The second: a row of the audit has a column that nobody may give.
        ).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|428C9)$/) })
      }
    }
  })

  test('loses and changes nothing of another tenant, whatever is said without a condition', async () => {
    for (const table of tables) {
      const before = await rowsOf(table, other)
      for (const statement of [
        `delete from ${table}`,
        `update ${table} set ${table === 'tenant' ? 'name = name' : 'tenant_id = tenant_id'}`,
      ]) {
        const changed = db.withTenants([own], async (tx) => {
          const { count } = await tx.execute(sql.raw(statement))
          expect(count, statement).toBe((await rowsOf(table, own))[0]?.['rows'])
          throw undone
        })
        const fault: unknown = await changed.catch((error: unknown) => error)
        expect(fault === undone || (fault as { code?: string }).code, statement).toBeOneOf([true, '42501', '23503'])
      }
      expect(await rowsOf(table, other), table).toEqual(before)
    }
  })

  test('is not betrayed by an expression that fails on a value and tells it', async () => {
    for (const table of tables) {
      const betraying = sql`select from ${sql.raw(table)} t where t::text::int = 1`
      expect(await db.plain((tx) => tx.execute(betraying)), table).toEqual([])
      const fault: unknown = await db.withTenants([own], (tx) => tx.execute(betraying)).catch((error: unknown) => error)
      expect(String(fault), table).toContain('invalid input syntax')
      expect(String(fault), table).not.toMatch(new RegExp(`Narwhal|Axolotl|${other}`, 'i'))
    }
  })
})

describe('the tenants of a transaction are gone with it', () => {
  test('when it failed', async () => {
    await expect(db.withTenants([own], (tx) => tx.execute(sql`select 1 / 0`))).rejects.toMatchObject({ code: '22012' })
    await nothing()
  })

  test('when the work threw before and after a statement', async () => {
    for (const first of [sql`select 1`, sql`select id from tenant`]) {
      const failing = db.withTenants([own], async (tx) => {
        await tx.execute(first)
        throw undone
      })
      await expect(failing).rejects.toBe(undone)
      await nothing()
    }
  })

  test('when a statement was cancelled', async () => {
    const cancelled = db.withTenants([own], async (tx) => {
      await tx.execute(sql`set local statement_timeout = '20ms'`)
      await tx.execute(sql`select pg_sleep(10)`)
    })
    await expect(cancelled).rejects.toMatchObject({ code: '57014' })
    await nothing()
  })

  test('when the connection was cut', async () => {
    const cut = db.withTenants([own], (tx) => tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`))
    await expect(cut).rejects.toThrow()
    await nothing()
  })

  test('and what a savepoint set is gone with the savepoint', async () => {
    await db.withTenants([own], async (tx) => {
      await tx.execute(sql`savepoint here`)
      await tx.execute(sql`select set_config('app.tenants', ${other}, true)`)
      expect((await seenIn(tx))['tenant']).toEqual([other])
      await tx.execute(sql`rollback to here`)
      expect(await seenIn(tx)).toEqual(everyTable([own]))
    })
    await nothing()
  })

  test('also of many transactions that share few connections', async () => {
    const two = connect({ url: scene.database.url, max: 2 })
    const ids = scene.marked.map(({ tenant }) => tenant.id)
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const mine = index % 4 === 3 ? [] : [ids[index % 3] ?? '']
        const rows = await two.withTenants(mine, (tx) => tx.execute<{ id: string }>(sql`select id from tenant`))
        expect(rows.map(({ id }) => id)).toEqual(mine)
        expect(await two.plain((tx) => tx.execute(sql`select from audit_entry limit 1`))).toHaveLength(0)
      }),
    )
    await two.close()
  })
})

describe('functions that run with the rights of the owner look at the tenants of the transaction', () => {
  const entry = (tenantId: string) => ({
    tenant_id: tenantId,
    name: 'remediation.confirmed',
    at: new Date().toISOString(),
    details: {},
  })

  test.each([
    ['another', () => [entry(other)]],
    ['its own and another', () => [entry(own), entry(other)]],
    ['none', () => [{ ...entry(own), tenant_id: null }]],
  ])('audit_append_many writes nothing when entries name %s tenant', async (_, entries) => {
    const before = [await rowsOf('audit_entry', own), await rowsOf('audit_entry', other)]
    const appending = db.withTenants([own], (tx) =>
      tx.execute(sql`select audit_append_many(${JSON.stringify(entries())}::jsonb)`),
    )
    await expect(appending).rejects.toMatchObject({ code: '42501' })
    expect([await rowsOf('audit_entry', own), await rowsOf('audit_entry', other)]).toEqual(before)
  })

  test('forget_unnamed_subjects forgets nothing of another', async () => {
    await ownerSql(
      scene.database,
      `insert into subject (tenant_id, id, type, attributes) values ('${other}', gen_random_uuid(), 'SYSTEM', '{}')`,
    )
    const before = await rowsOf('subject', other)
    const [forgotten] = await db.withTenants([own], (tx) =>
      tx.execute(sql`select forget_unnamed_subjects(${other}::uuid) as count`),
    )
    expect(forgotten).toEqual({ count: 0 })
    expect(await rowsOf('subject', other)).toEqual(before)
  })

  test('place_arrivals says a number of places, whatever tenants they are of', async () => {
    const rows = await db.plain((tx) => tx.execute<Record<string, unknown>>(sql`select * from place_arrivals(10)`))
    expect(rows.map((row) => Object.keys(row))).toEqual([['head', 'placed']])
  })

  test('a job is added and nothing is told', async () => {
    expect(
      await db.withTenants([own], (tx) => enqueue(tx, 'settle-run', { tenantId: own, runId: own })),
    ).toBeUndefined()
  })
})
