import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { connect } from './connection.ts'
import { migrate, migrationsPending } from './migrate.ts'
import { listAllTenants, pageOfTenants, setTenantStatus, tenantsByIds, upsertTenant } from './tenants.ts'

const contoso = '11111111-1111-4111-8111-111111111111'
const fabrikam = '22222222-2222-4222-8222-222222222222'

let database: TestDatabase
beforeAll(async () => {
  database = await aDatabase()
  for (const [id, name] of [
    [contoso, 'Contoso'],
    [fabrikam, 'Fabrikam'],
  ] as const) {
    await database.db.withTenants([id], (tx) => upsertTenant(tx, { id, name, status: 'NOT_CONNECTED' }))
  }
})
afterAll(() => database.drop())

describe('tenants of a transaction', () => {
  test('another tenant is invisible, even to a statement without a condition', async () => {
    const seen = await database.db.withTenants([contoso], (tx) =>
      tx.execute<{ id: string }>(sql`select id from tenant`),
    )
    expect(seen.map(({ id }) => id)).toEqual([contoso])
    expect(await database.db.withTenants([contoso], (tx) => tenantsByIds(tx, [contoso, fabrikam]))).toHaveLength(1)
    expect(await database.db.withTenants([contoso], (tx) => setTenantStatus(tx, fabrikam, 'CONNECTED'))).toBeNull()
  })

  test('nothing of another tenant can be written', async () => {
    const writing = database.db.withTenants([contoso], (tx) =>
      upsertTenant(tx, { id: '33333333-3333-4333-8333-333333333333', name: 'Litware', status: 'CONNECTED' }),
    )
    await expect(writing).rejects.toMatchObject({ code: '42501' })
  })

  test('end with it: the next one on the same connection sees nothing', async () => {
    const one = connect({ url: database.url, max: 1 })
    await one.withTenants([contoso], (tx) => tx.execute(sql`select 1`))
    expect(await one.plain((tx) => tx.execute(sql`select id from tenant`))).toHaveLength(0)
    await one.close()
  })

  test('are checked for their form, because they become one text', async () => {
    await expect(database.db.withTenants([`${contoso},${fabrikam}`], async () => 1)).rejects.toThrow(TypeError)
    expect(await database.db.withTenants([], (tx) => tx.execute(sql`select id from tenant`))).toHaveLength(0)
  })

  test('every table with a tenant has forced row-level security', async () => {
    const rows = await database.db.plain((tx) =>
      tx.execute<{ relname: string; relforcerowsecurity: boolean }>(sql`
        select c.relname, c.relforcerowsecurity from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
          and a.attname = 'tenant_id' and c.relname not in ('operator', 'access_grant')`),
    )
    expect(rows.length).toBeGreaterThan(8)
    expect(rows.filter((row) => !row.relforcerowsecurity)).toEqual([])
  })
})

test('a failed statement says nothing of its parameters', async () => {
  const failing = database.db.plain((tx) => tx.execute(sql`select ${'a secret'}::int`))
  const error: Error = await failing.then(
    () => new Error('nothing failed'),
    (thrown) => thrown,
  )
  expect(error).toMatchObject({ code: '22P02' })
  expect(JSON.stringify([error, error.stack])).not.toContain('params')
})

test('statements are counted without what the connection itself sends', async () => {
  const before = database.db.statements()
  await database.db.withTenants([contoso], (tx) => tenantsByIds(tx, [contoso]))
  await database.db.ping()
  expect(database.db.statements() - before).toBe(1)
})

describe('tenants', () => {
  test('the command line lists all of them', async () => {
    const all = await database.db.plain(listAllTenants)
    expect(all.map(({ name }) => name)).toEqual(['Contoso', 'Fabrikam'])
  })

  test('an imported record never takes the connection away', async () => {
    await database.db.withTenants([contoso], async (tx) => {
      await setTenantStatus(tx, contoso, 'CONNECTED')
      const again = await upsertTenant(tx, { id: contoso, name: 'Contoso', status: 'NOT_CONNECTED' })
      expect(again.status).toBe('CONNECTED')
      expect((await upsertTenant(tx, { id: contoso, name: 'Contoso', status: 'DISCONNECTED' })).status).toBe(
        'DISCONNECTED',
      )
    })
  })

  test('pages go by name and do not overlap', async () => {
    await database.db.withTenants([contoso, fabrikam], async (tx) => {
      const one = await pageOfTenants(tx, [contoso, fabrikam], { first: 1 })
      expect(one).toMatchObject({ tenants: [{ name: 'Contoso' }], hasNextPage: true })
      const two = await pageOfTenants(tx, [contoso, fabrikam], { first: 1, after: contoso })
      expect(two).toMatchObject({ tenants: [{ name: 'Fabrikam' }], hasNextPage: false })
    })
  })
})

test('migrating again, and by several at once, changes nothing', async () => {
  await Promise.all([migrate(database), migrate(database), migrate(database)])
  expect(await migrationsPending(database.db)).toBe(false)
})
