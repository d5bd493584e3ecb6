import { sql } from 'drizzle-orm'
import type { TransactionSql } from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { type AuditDraft, appendAudit, auditEntryBySeq, auditHeadOf, pageOfAuditEntries } from './audit.ts'
import { verifyAuditChain } from './audit-chain.ts'
import { connect, type Database } from './connection.ts'
import { type Client, openClient } from './driver.ts'

let database: TestDatabase
let db: Database
let owner: Client
beforeAll(async () => {
  database = await aDatabase()
  db = database.db
  owner = openClient(database.ownerUrl)
})
afterAll(async () => {
  await owner.end()
  await database.drop()
})

const ada = { id: '01900000-0000-7000-8000-000000000001', kind: 'PERSON', displayName: 'Ada' } as const
const draft = (tenantId: string, n: number, more: Partial<AuditDraft> = {}): AuditDraft => ({
  tenantId,
  name: 'remediation.requested',
  at: new Date(Date.UTC(2024, 4, 1, 10, 0, n, n)),
  operator: ada,
  details: { n, text: 'ü, 5:x and "quotes"\n', huge: 1e21, nothing: null, list: [1.5, 'a'] },
  ...more,
})
const aTenant = () => crypto.randomUUID()
const append = (entries: AuditDraft[], through = db) =>
  through.withTenants([...new Set(entries.map(({ tenantId }) => tenantId))], (tx) => appendAudit(tx, entries))
const verify = async (tenantId: string) => {
  const { rows, fault } = await db.withTenants([tenantId], (tx) => verifyAuditChain(tx, tenantId))
  return { rows, fault }
}

/** What only somebody with the owner's password could do: past row-level security, behind the service's back. */
async function tamper(tenantId: string, change: (trail: TransactionSql) => Promise<unknown>): Promise<void> {
  await owner.begin(async (trail) => {
    await trail`select set_config('app.tenants', ${tenantId}, true)`
    await change(trail)
  })
}

async function aTrailOf(length: number): Promise<string> {
  const tenantId = aTenant()
  await append(Array.from({ length }, (_, n) => draft(tenantId, n + 1)))
  return tenantId
}

describe('the serving role', () => {
  test.each([
    ['change', sql`update audit_entry set name = 'nothing'`],
    ['remove', sql`delete from audit_entry`],
    ['empty', sql`truncate audit_entry`],
    [
      'add past the chain',
      sql`insert into audit_entry select tenant_id, 2, at, name, operator, event_id, run_id, kind, subject_id,
      details, previous_hash, hash from audit_entry`,
    ],
    ['change the head', sql`update audit_head set seq = 0`],
    ['remove the head', sql`delete from audit_head`],
    ['empty the heads', sql`truncate audit_head`],
    ['take row-level security away', sql`alter table audit_entry disable row level security`],
    [
      'replace the function',
      sql`create or replace function audit_append_many(entries jsonb) returns void language sql as 'select'`,
    ],
  ])('cannot %s', async (_, statement) => {
    const tenantId = await aTrailOf(1)
    await expect(db.withTenants([tenantId], (tx) => tx.execute(statement))).rejects.toMatchObject({ code: '42501' })
    expect(await verify(tenantId)).toEqual({ rows: 1, fault: null })
  })

  test('cannot write into the trail of another tenant', async () => {
    const [ours, theirs] = [aTenant(), aTenant()]
    const writing = db.withTenants([ours], (tx) => appendAudit(tx, [draft(ours, 1), draft(theirs, 1)]))
    await expect(writing).rejects.toMatchObject({ code: '42501' })
    await expect(db.plain((tx) => appendAudit(tx, [draft(ours, 1)]))).rejects.toMatchObject({ code: '42501' })
    expect(await verify(ours)).toEqual({ rows: 0, fault: null })
  })

  test('sees no entries of another tenant', async () => {
    const theirs = await aTrailOf(2)
    const seen = await db.withTenants([aTenant()], (tx) => pageOfAuditEntries(tx, theirs, { first: 10 }))
    expect(seen).toEqual({ entries: [], hasNextPage: false })
  })
})

describe('entries', () => {
  test('come back as they were written, newest first', async () => {
    const tenantId = aTenant()
    const eventId = crypto.randomUUID()
    const [runId, subjectId] = [crypto.randomUUID(), crypto.randomUUID()]
    await append([
      draft(tenantId, 1),
      draft(tenantId, 2, { operator: null, name: 'remediation.settled' }),
      draft(tenantId, 3, { eventId, runId, subjectId, kind: 'DISABLE_USER' }),
    ])
    await db.withTenants([tenantId], async (tx) => {
      const { entries, hasNextPage } = await pageOfAuditEntries(tx, tenantId, { first: 2 })
      expect(entries.map(({ seq }) => seq)).toEqual([3, 2])
      expect(hasNextPage).toBe(true)
      expect(entries[0]).toMatchObject({ ...draft(tenantId, 3), eventId, runId, subjectId, kind: 'DISABLE_USER' })
      expect(await auditEntryBySeq(tx, tenantId, 2)).toEqual(entries[1])
      expect(await auditHeadOf(tx, tenantId)).toEqual({ seq: 3, hash: entries[0]?.hash })
      const rest = await pageOfAuditEntries(tx, tenantId, { first: 2, after: '2' })
      expect(rest.entries.map(({ seq }) => seq)).toEqual([1])
      expect(rest.hasNextPage).toBe(false)
      const seqs = async (filter: object) =>
        (await pageOfAuditEntries(tx, tenantId, { filter, first: 9 })).entries.map(({ seq }) => seq)
      expect(await seqs({ names: ['remediation.settled'] })).toEqual([2])
      expect(await seqs({ eventId, runId })).toEqual([3])
      expect(await seqs({ operatorId: ada.id })).toEqual([3, 1])
      expect(await seqs({ since: draft(tenantId, 2).at, until: draft(tenantId, 3).at })).toEqual([2])
    })
  })

  test('are not there when the transaction fails, and leave no gap', async () => {
    const tenantId = await aTrailOf(1)
    const failing = db.withTenants([tenantId], async (tx) => {
      await appendAudit(tx, [draft(tenantId, 2)])
      throw new Error('lost')
    })
    await expect(failing).rejects.toThrow('lost')
    await append([draft(tenantId, 3)])
    expect(await verify(tenantId)).toEqual({ rows: 2, fault: null })
  })

  test('of several connections and tenants chain without a gap', async () => {
    const tenants = [aTenant(), aTenant(), aTenant()]
    const connections = [connect({ url: database.url }), connect({ url: database.url }), db]
    await Promise.all(
      Array.from({ length: 90 }, (_, n) => {
        // In another order each time: nobody may wait for somebody who waits for him.
        const order = tenants.map((_, place) => tenants[(place + n) % 3] ?? '')
        return append(
          order.map((tenantId) => draft(tenantId, n)),
          connections[n % 3],
        )
      }),
    )
    for (const tenantId of tenants) expect(await verify(tenantId)).toEqual({ rows: 90, fault: null })
    await Promise.all(connections.slice(0, 2).map((connection) => connection.close()))
  })

  test('by the thousand cost one statement', async () => {
    const tenantId = aTenant()
    const before = db.statements()
    await append(Array.from({ length: 6000 }, (_, n) => draft(tenantId, n)))
    expect(db.statements() - before).toBe(1)
    expect(await verify(tenantId)).toEqual({ rows: 6000, fault: null })
  })
})

describe('verification finds', () => {
  test.each([
    ['name', "'remediation.refused'"],
    ['operator', `operator || '{"displayName": "Bea"}'`],
    ['details', `details - 'n'`],
    ['at', "at + interval '1 microsecond'"],
    ['event_id', 'gen_random_uuid()'],
    ['kind', "''"],
  ])('a changed %s', async (column, value) => {
    const tenantId = await aTrailOf(5)
    await tamper(tenantId, (trail) => trail.unsafe(`update audit_entry set ${column} = ${value} where seq = 3`))
    expect(await verify(tenantId)).toMatchObject({ rows: 2, fault: { seq: 3, what: expect.stringMatching(/changed/) } })
  })

  test('a removed entry', async () => {
    const tenantId = await aTrailOf(5)
    await tamper(tenantId, (trail) => trail`delete from audit_entry where seq = 2`)
    expect(await verify(tenantId)).toMatchObject({ fault: { seq: 2, what: 'Entry 2 is missing.' } })
  })

  test('a removed entry whose place was taken', async () => {
    const tenantId = await aTrailOf(5)
    await tamper(tenantId, async (trail) => {
      await trail`delete from audit_entry where seq = 2`
      await trail`update audit_entry set seq = seq - 1 where seq > 2`
      await trail`update audit_head set seq = 4`
    })
    expect(await verify(tenantId)).toMatchObject({ fault: { seq: 2 } })
  })

  test('two entries that changed places', async () => {
    const tenantId = await aTrailOf(5)
    await tamper(tenantId, async (trail) => {
      await trail`update audit_entry set seq = 99 where seq = 2`
      await trail`update audit_entry set seq = 2 where seq = 3`
      await trail`update audit_entry set seq = 3 where seq = 99`
    })
    expect(await verify(tenantId)).toMatchObject({ fault: { seq: 2 } })
  })

  test('an entry of another tenant', async () => {
    const [tenantId, other] = [await aTrailOf(3), await aTrailOf(3)]
    await tamper(`${tenantId},${other}`, async (trail) => {
      await trail`delete from audit_entry where tenant_id = ${tenantId} and seq = 1`
      await trail`update audit_entry set tenant_id = ${tenantId} where tenant_id = ${other} and seq = 1`
    })
    expect(await verify(tenantId)).toMatchObject({ fault: { seq: 1 } })
  })

  test('a cut tail, a lost head and a wrong head', async () => {
    const cut = await aTrailOf(5)
    await tamper(cut, (trail) => trail`delete from audit_entry where seq > 3`)
    expect(await verify(cut)).toMatchObject({
      rows: 3,
      fault: { seq: 4, what: 'Entries 4 to 5 are missing at the end: the head names entry 5.' },
    })
    const headless = await aTrailOf(5)
    await tamper(headless, (trail) => trail`delete from audit_head`)
    expect(await verify(headless)).toMatchObject({ fault: { seq: 5 } })
    const wrong = await aTrailOf(5)
    await tamper(wrong, (trail) => trail`update audit_head set hash = sha256('x')`)
    expect(await verify(wrong)).toMatchObject({ fault: { seq: 5 } })
    const emptied = await aTrailOf(5)
    await tamper(emptied, (trail) => trail`delete from audit_entry`)
    expect(await verify(emptied)).toMatchObject({ rows: 0, fault: { seq: 1 } })
  })
})
