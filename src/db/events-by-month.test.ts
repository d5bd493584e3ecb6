/** The migration that cuts events by month, on a database that holds data in the layout before. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as runDrizzleMigrations } from 'drizzle-orm/postgres-js/migrator'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ownerSql } from '../../test/support/owner-sql.ts'
import { aDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { aRecord } from '../../test/support/records.ts'
import { eventId, sha256 } from '../services/events/ids.ts'
import { openClient } from './driver.ts'
import { pageOfEvents } from './events.ts'
import { migrate } from './migrate.ts'
import { storeRecords } from './records.ts'

let database: TestDatabase
let folder: string
beforeAll(async () => {
  database = await aDatabase()
  folder = mkdtempSync(join(tmpdir(), 'tourniquet-migrations-'))
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await database.drop()
})

/** Makes the database as it was before the migration of that name. */
async function before(name: string): Promise<void> {
  cpSync(resolve(import.meta.dirname, '../../drizzle'), folder, { recursive: true })
  const file = join(folder, 'meta/_journal.json')
  const journal: { entries: { tag: string }[] } = JSON.parse(readFileSync(file, 'utf8'))
  const end = journal.entries.findIndex(({ tag }) => tag.endsWith(name))
  expect(end).toBeGreaterThan(0)
  writeFileSync(file, JSON.stringify({ ...journal, entries: journal.entries.slice(0, end) }))
  const owner = openClient(database.ownerUrl)
  try {
    await owner.unsafe(
      'drop schema public cascade; drop schema drizzle cascade; create schema public; grant usage on schema public to public',
    )
    await runDrizzleMigrations(drizzle(owner), { migrationsFolder: folder })
  } finally {
    await owner.end()
  }
}

test('keeps every event, finds it as before, and knows the records that made them', async () => {
  await before('events-by-month')
  const tenantId = crypto.randomUUID()
  const times = ['2018-02-03T04:05:06Z', '2025-12-31T23:59:59.999Z', new Date().toISOString(), '2044-01-01T00:00:00Z']
  const hash = (name: string) => sha256(name)
  const idOf = (name: string) => eventId(new Date(name), tenantId, name, hash(name))
  const subjectId = crypto.randomUUID()
  const quoted = (text: string) => `'${text}'`
  const values = (rows: (string | null)[][]) =>
    rows
      .map((row) => `(${[tenantId, ...row].map((value) => (value === null ? 'null' : quoted(value))).join(', ')})`)
      .join(', ')
  await ownerSql(
    database,
    `set local app.tenants = '${tenantId}';
    insert into tenant (id, name, status) values ('${tenantId}', 'Contoso', 'CONNECTED');
    insert into subject (tenant_id, id, type, attributes) values ('${tenantId}', '${subjectId}', 'USER', '{"userPrincipalName": "ada@contoso.com"}');
    insert into subject_alias values ('${tenantId}', 'USER', 'upn:ada@contoso.com', '${subjectId}');
    insert into security_event (tenant_id, id, occurred_at, type, severity, title, description, techniques, reasons, source, subjects, rank)
      values ${values(times.map((at) => [idOf(at), at, 'USER_ACTIVITY', 'LOW', at, '', '{}', '{}', 'FEED', `[{"id": "${subjectId}", "role": "ACTOR"}]`, '1']))};
    insert into event_subject values ${values(times.map((at) => [subjectId, idOf(at)]))};
    insert into event_record (tenant_id, record_id, record_hash, event_id) values ${values([
      ...times.map((at) => [at, `\\x${hash(at).toString('hex')}`, idOf(at)]),
      ['of the first', `\\x${hash('of the first').toString('hex')}`, idOf(times[0] ?? '')],
      ['no event', `\\x${hash('no event').toString('hex')}`, null],
    ])};`,
  )

  await migrate({ ownerUrl: database.ownerUrl, jobsUrl: database.jobsUrl })
  await migrate({ ownerUrl: database.ownerUrl, jobsUrl: database.jobsUrl })

  const newestFirst = times.toReversed()
  const titles = (filter = {}) =>
    database.db.withTenants([tenantId], async (tx) =>
      (await pageOfEvents(tx, { tenantIds: [tenantId], filter, first: 10 })).events.map(({ title }) => title),
    )
  expect(await titles()).toEqual(newestFirst)
  expect(await titles({ userPrincipalName: 'ada@contoso.com' })).toEqual(newestFirst)
  expect(await titles({ sourceRecordId: 'of the first' })).toEqual(times.slice(0, 1))
  expect(await titles({ sourceRecordId: times[1] })).toEqual(times.slice(1, 2))
  expect(await ownerSql(database, 'select count(*)::int from event_record')).toEqual([{ count: 6 }])

  const again = times.map((at) => ({ ...aRecord(at, { title: at }), id: idOf(at) }))
  const outcomes = await database.db.withTenants([tenantId], (tx) => storeRecords(tx, tenantId, again))
  expect(outcomes.map(({ stored }) => stored)).toEqual(times.map(() => 'DUPLICATE'))

  // Nothing is where it does not belong, and another tenant still sees nothing.
  expect(
    await ownerSql(
      database,
      "select to_regclass('event_record_before') as old, to_regclass('security_event_2024') as year",
    ),
  ).toEqual([{ old: null, year: null }])
  const stranger = crypto.randomUUID()
  for (const table of ['security_event', 'event_subject', 'event_record']) {
    const seen = await database.db.withTenants([stranger], (tx) => tx.execute(`select * from ${table}`))
    expect(seen, table).toHaveLength(0)
    expect(
      await ownerSql(
        database,
        `select relrowsecurity and relforcerowsecurity as walled from pg_class where oid = '${table}'::regclass`,
      ),
    ).toEqual([{ walled: true }])
  }
})
