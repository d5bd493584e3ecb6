/** A file that mixes the records of many tenants: what one of them brings, or lacks, changes nothing for another. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { consentRecord, delegatedGrantRecord, signInRecord } from '../../../test/support/audit-records.ts'
import { ownerSql } from '../../../test/support/owner-sql.ts'
import { aDatabase, type TestDatabase } from '../../../test/support/postgres.ts'
import { seeded } from '../../../test/support/seeded.ts'
import type { ServiceContext } from '../../context.ts'
import { pageOfAuditEntries } from '../../db/audit.ts'
import { importRecords, TenantsNotStoredError } from './import.ts'
import { importAuditRecords } from './import-audit-records.ts'
import type { ImportLine } from './lines.ts'

const now = () => new Date('2026-02-01T00:00:00Z')
let database: TestDatabase
beforeAll(async () => {
  database = await aDatabase()
})
afterAll(() => database.drop())

const freshTenants = (count: number) => Array.from({ length: count }, () => crypto.randomUUID())

async function* lines(records: readonly object[]): AsyncGenerator<ImportLine> {
  for (const [index, record] of records.entries()) yield { line: index + 1, text: JSON.stringify(record) }
}

const importAll = (records: readonly object[]) =>
  importRecords({ db: database.db, now }, lines(records), { source: 'IMPORT' })

/** Sign-ins of one user with the same address everywhere, and a consent with its companion. */
const recordsOf = (OrganizationId: string, signIns: number) => [
  ...Array.from({ length: signIns }, (_, index) => signInRecord('UserLoggedIn', { OrganizationId, Id: `s${index}` })),
  // The only one that tells the tenant's name.
  consentRecord({ OrganizationId, OrganizationName: 'contoso.onmicrosoft.com' }),
  delegatedGrantRecord({ OrganizationId }),
]

function shuffled<T>(values: readonly T[], seed: number): T[] {
  const chance = seeded(seed)
  return values
    .map((value) => ({ value, place: chance.number() }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value)
}

/** What is stored of each tenant, and whether everything that it holds is its own. */
async function storedOf(tenantIds: readonly string[]) {
  const rows = await ownerSql(
    database,
    `select t.id, (select count(*)::int from event_record r where r.tenant_id = t.id) as records,
      (select count(*)::int from security_event e where e.tenant_id = t.id) as events,
      (select count(*)::int from event_arrival a where a.tenant_id = t.id) as arrivals,
      (select count(*)::int from subject s where s.tenant_id = t.id and s.merged_into is null) as subjects,
      (select count(*)::int from security_event e, jsonb_to_recordset(e.subjects) named(id uuid)
        where e.tenant_id = t.id and not exists (select from subject s where s.tenant_id = e.tenant_id and s.id = named.id)) as strange,
      (select jsonb_agg(a.details order by a.seq) from audit_entry a where a.tenant_id = t.id) as audit
    from tenant t where t.id = any('{${tenantIds.join()}}')`,
  )
  const found = new Map(rows.map(({ id, ...row }) => [String(id), row]))
  return tenantIds.map((id) => found.get(id) ?? null)
}

const expected = (signIns: number) => ({
  records: signIns + 2,
  events: signIns + 1,
  arrivals: signIns + 1,
  strange: 0,
})

describe('importing a file of many tenants mixed', () => {
  test('gives each tenant its own, by as many statements as there are batches, and a second time nothing', async () => {
    const tenantIds = freshTenants(150)
    const records = shuffled(
      tenantIds.flatMap((id) => recordsOf(id, 2)),
      1,
    )
    const before = database.db.statements()
    const report = await importAll(records)
    // Two batches, and the audit by as many tenants as it takes at once: not ten for each tenant.
    expect(database.db.statements() - before).toBeLessThan(60)
    expect(report).toMatchObject({ lines: 600, events: { USER_ACTIVITY: 300 }, merged: 150, duplicates: 0 })
    // A consent that comes a batch after its companion was counted as what the companion alone is.
    expect(Object.values(report.events).reduce((sum, count) => sum + count, 0)).toBe(450)
    expect(report.tenants.map(({ id }) => id)).toEqual([
      ...new Set(records.map((record) => String(record['OrganizationId']))),
    ])
    expect(report.tenants.every(({ name, isNew }) => name === 'contoso.onmicrosoft.com' && isNew)).toBe(true)
    const [alone] = freshTenants(1)
    await importAll(recordsOf(alone ?? '', 2))
    const [asAlone] = await storedOf([alone ?? ''])
    for (const stored of await storedOf(tenantIds)) {
      expect({ ...stored, audit: null }).toEqual({ ...asAlone, audit: null })
      expect(stored).toMatchObject({
        ...expected(2),
        audit: [{ source: 'IMPORT', events: { USER_ACTIVITY: 2 }, merged: 1, duplicates: 0 }],
      })
    }
    const again = await importAll(shuffled(records, 2))
    expect(again).toMatchObject({ events: {}, merged: 0, noEvent: 0, duplicates: 600 })
    for (const stored of await storedOf(tenantIds)) expect(stored?.['audit']).toHaveLength(1)
  })

  test('several importers of the same file in different orders wait for each other, and never for good', async () => {
    const tenantIds = freshTenants(80)
    const records = tenantIds.flatMap((id) => recordsOf(id, 5))
    const orders = [1, 2, 3, 4].map((seed) => shuffled(records, seed))
    const reports = await Promise.all(orders.map(importAll))
    const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0)
    expect(sum(reports.flatMap(({ events }) => Object.values(events)))).toBe(80 * 6)
    expect(sum(reports.map(({ merged }) => merged))).toBe(80)
    expect(sum(reports.map(({ duplicates }) => duplicates))).toBe(3 * records.length)
    expect(sum(reports.map(({ tenants }) => tenants.filter(({ isNew }) => isNew).length))).toBe(80)
    for (const stored of await storedOf(tenantIds)) expect(stored).toMatchObject(expected(5))
  }, 60_000)

  test('what is wrong with a tenant keeps no other’s records out, and is made good by the same file', async () => {
    const tenantIds = freshTenants(9)
    const [broken = '', ...others] = tenantIds
    const records = shuffled(
      tenantIds.flatMap((id) => recordsOf(id, 70)),
      5,
    )
    await ownerSql(database, `alter table subject add constraint broken check (tenant_id <> '${broken}')`)
    const importing = importAll(records)
    await expect(importing).rejects.toThrow(TenantsNotStoredError)
    await expect(importing).rejects.toMatchObject({ tenantIds: [broken], cause: { code: '23514' } })
    expect(await storedOf([broken])).toEqual([null])
    for (const stored of await storedOf(others)) {
      expect(stored).toMatchObject({ ...expected(70), audit: [{ events: { USER_ACTIVITY: 70 } }] })
    }
    await ownerSql(database, 'alter table subject drop constraint broken')
    expect(await importAll(records)).toMatchObject({ duplicates: 8 * 72, events: { USER_ACTIVITY: 70 }, merged: 1 })
    expect(await storedOf([broken])).toMatchObject([expected(70)])
  })

  test('a record that is too old is counted as its own tenant’s, beside what is stored', async () => {
    const [old = '', fresh = ''] = freshTenants(2)
    await ownerSql(database, `update event_retention set kept_from = '2026-01-01T00:00:00Z'`)
    try {
      const report = await importAll([
        signInRecord('UserLoggedIn', { OrganizationId: old, CreationTime: '2025-12-31T23:59:59' }),
        ...recordsOf(fresh, 1),
      ])
      expect(report).toMatchObject({ outsideRetention: 1, events: { USER_ACTIVITY: 1 } })
    } finally {
      await ownerSql(database, 'update event_retention set kept_from = null')
    }
    expect(await storedOf([old, fresh])).toMatchObject([{ records: 0, events: 0, audit: null }, expected(1)])
  })

  test('every tenant’s subscribers are told', async () => {
    const tenantIds = freshTenants(5)
    const told = new Set<string>()
    const { promise: all, resolve } = Promise.withResolvers<void>()
    const { promise: listening, resolve: begun } = Promise.withResolvers<void>()
    const end = database.db.listen('event_arrivals', {
      listening: begun,
      notified(tenantId) {
        told.add(tenantId)
        if (tenantIds.every((id) => told.has(id))) resolve()
      },
    })
    await listening
    await importAll(tenantIds.flatMap((id) => recordsOf(id, 1)))
    await all
    await end()
  })
})

describe('the mutation', () => {
  const operator = {
    id: crypto.randomUUID(),
    kind: 'PERSON',
    displayName: 'Alex',
    tenantId: crypto.randomUUID(),
    objectId: null,
    email: null,
  } as const
  const contextOf = (tenantIds: readonly string[]): Parameters<typeof importAuditRecords>[0] => ({
    db: database.db,
    now,
    operator,
    clientId: '99999999-9999-4999-8999-999999999999',
    access: {
      tenantIds,
      can: (tenantId, role) => tenantIds.includes(tenantId) && role === 'Events.Ingest',
      rolesIn: () => ['Events.Ingest'],
    } satisfies ServiceContext['access'],
  })

  test('answers for each record of many tenants in order, and writes each tenant’s audit', async () => {
    const tenantIds = freshTenants(200)
    const [stranger = ''] = freshTenants(1)
    const records = shuffled(
      [...tenantIds, stranger].flatMap((id) => recordsOf(id, 1)),
      7,
    )
    const results = await importAuditRecords(contextOf(tenantIds), records)
    expect(results.map(({ index }) => index)).toEqual(records.map((_, index) => index))
    for (const [index, record] of records.entries()) {
      const result = results[index]
      const outcome =
        record['OrganizationId'] === stranger ? 'NOT_FOUND' : record['Operation'] === 'UserLoggedIn' ? 'EVENT' : null
      if (outcome !== null) expect(result?.outcome).toBe(outcome)
      if (result?.tenantId != null) expect(result.tenantId).toBe(record['OrganizationId'])
    }
    expect(results.filter(({ outcome }) => outcome === 'MERGED')).toHaveLength(200)
    for (const stored of await storedOf(tenantIds)) expect(stored).toMatchObject(expected(1))
    for (const tenantId of tenantIds.slice(0, 5)) {
      const { entries } = await database.db.withTenants([tenantId], (tx) =>
        pageOfAuditEntries(tx, tenantId, { first: 10 }),
      )
      expect(entries).toMatchObject([
        { seq: 1, name: 'events.imported', operator: { id: operator.id }, details: { merged: 1 } },
      ])
    }
    expect(await storedOf([stranger])).toEqual([null])
  })

  test('stores the records of all others when something is wrong with one tenant', async () => {
    const tenantIds = freshTenants(6)
    const [broken = '', ...others] = tenantIds
    await ownerSql(database, `alter table audit_entry add constraint broken check (tenant_id <> '${broken}')`)
    try {
      const records = tenantIds.flatMap((id) => recordsOf(id, 1))
      await expect(importAuditRecords(contextOf(tenantIds), records)).rejects.toMatchObject({ tenantIds: [broken] })
    } finally {
      await ownerSql(database, 'alter table audit_entry drop constraint broken')
    }
    expect(await storedOf([broken])).toEqual([null])
    for (const stored of await storedOf(others)) expect(stored).toMatchObject(expected(1))
  })
})
