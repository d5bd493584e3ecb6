import { afterAll, beforeAll, expect, test } from 'vitest'
import { aDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { type Client, openClient } from './driver.ts'

let database: TestDatabase
let client: Client
beforeAll(async () => {
  database = await aDatabase()
  client = openClient(database.url)
})
afterAll(async () => {
  await client?.end()
  await database?.drop()
})

test.each([
  { type: 'text', values: ['plain', '', 'a,b', '{}', '"quoted"', String.raw`back\slash \" \\`, 'NULL', ' Zoë\n'] },
  { type: 'text', values: [] },
  { type: 'text', values: ['one', null] },
  { type: 'uuid', values: ['11111111-1111-4111-8111-111111111111'] },
  { type: 'int', values: [-1, 0, 2_147_483_647] },
  { type: 'float8', values: [0.1, 1e300, -5] },
])('arrays of $type go and come back as they are: $values', async ({ type, values }) => {
  const [row] = await client.unsafe(`select $1::${type}[] as back, cardinality($1::${type}[]) as length`, [values])
  expect(row).toEqual({ back: values, length: values.length })
})

test('every array that a table of ours has is one of them', async () => {
  const found = await client`
    select distinct format_type(a.atttypid, null) as type from pg_attribute a join pg_class c on c.oid = a.attrelid
    join pg_type t on t.oid = a.atttypid
    where c.relnamespace = 'public'::regnamespace and t.typcategory = 'A' and a.attnum > 0`
  expect(found.map(({ type }) => type)).toEqual(['text[]'])
})
