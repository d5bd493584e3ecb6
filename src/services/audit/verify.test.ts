import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { aTrail, columnChanges, swap, type Trail } from '../../../test/support/audit-trails.ts'
import { aDatabase, type TestDatabase } from '../../../test/support/postgres.ts'
import { aSealingKey } from '../../../test/support/sealing-key.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const keys = [aSealingKey()]
let database: TestDatabase
beforeAll(async () => {
  database = await aDatabase()
})
afterAll(() => database?.drop())

/** Twelve entries; the heads at 4 and at 8 are signed. */
async function twelve(): Promise<Trail> {
  const trail = await aTrail(database, keys)
  for (const count of [4, 4]) {
    await trail.append(count)
    await trail.signed()
  }
  await trail.append(4)
  expect(await trail.verify()).toEqual({ rows: 12, signedHeads: 2, signedUpTo: 8, fault: null })
  return trail
}

const faultAt = (seq: number) => ({ fault: { seq, what: expect.stringContaining(String(seq)) } })

describe('the owner of the database, whatever he changes, is found', () => {
  test.each(columnChanges)('a changed %s', async (column, value) => {
    const trail = await twelve()
    await trail.tamper(`alter table audit_entry no force row level security`)
    await trail.tamper(`update audit_entry set ${column} = ${value} where tenant_id = $T and seq = 6`)
    await trail.tamper(`alter table audit_entry force row level security`)
    expect(await trail.verify()).toMatchObject(faultAt(6))
    await trail.tamper(trail.recompute)
    // The chain's own columns are then as they were.
    const fault = ['previous_hash', 'hash'].includes(column) ? { fault: null } : { fault: { seq: 8 } }
    expect(await trail.verify()).toMatchObject(
      column === 'seq' || column === 'tenant_id' ? { fault: { seq: 8 } } : fault,
    )
  })

  test.each([
    ['the first', 1, 4],
    ['one in the middle', 6, 8],
    ['the last that is signed', 8, 8],
  ])('a removed entry, %s, and the chain computed anew', async (_, seq, signed) => {
    const trail = await twelve()
    await trail.tamper(`delete from audit_entry where tenant_id = $T and seq = ${seq}`)
    expect(await trail.verify()).toMatchObject(faultAt(seq))
    await trail.tamper(trail.recompute)
    expect(await trail.verify()).toMatchObject(faultAt(signed))
  })

  test('the removed last entry, by the head', async () => {
    const trail = await twelve()
    await trail.tamper('delete from audit_entry where tenant_id = $T and seq = 12')
    expect(await trail.verify()).toMatchObject({ rows: 11, ...faultAt(12) })
  })

  test.each([
    [1, 2, 4],
    [5, 7, 8],
    [8, 9, 8],
  ])('entries %i and %i exchanged, and the chain computed anew', async (one, other, signed) => {
    const trail = await twelve()
    await trail.tamper(...swap(one, other))
    expect(await trail.verify()).toMatchObject({ fault: { seq: one } })
    await trail.tamper(trail.recompute)
    expect(await trail.verify()).toMatchObject(faultAt(signed))
  })

  test.each([7, 3, 0])('a trail that was cut after entry %i, its head with it', async (left) => {
    const trail = await twelve()
    await trail.tamper(`delete from audit_entry where tenant_id = $T and seq > ${left}`, trail.recompute)
    expect(await trail.verify()).toMatchObject({ fault: { what: expect.stringMatching(/missing at the end/) } })
    expect(await trail.verify()).toMatchObject({ fault: { seq: left + 1 } })
    expect(await trail.sign()).toMatchObject({ head: null, fault: { seq: left + 1 } })
  })

  test.each([
    ['number', '3', 2],
    ['seq', '7', 2],
    ['hash', "sha256('x')", 2],
    ['signed_at', "signed_at - interval '1 hour'", 2],
    ['signature', "sha256('x')", 2],
    ['key_id', "'0000000000000000'", 2],
    ['signature', "sha256('x')", 1],
    ['hash', "sha256('x')", 1],
  ])('a changed %s of a signed head (%s in head %i)', async (column, value, number) => {
    const trail = await twelve()
    await trail.tamper(`update audit_signed_head set ${column} = ${value} where tenant_id = $T and number = ${number}`)
    expect((await trail.verify()).fault).not.toBeNull()
  })

  test('a removed signed head', async () => {
    const trail = await twelve()
    await trail.tamper('delete from audit_signed_head where tenant_id = $T and number = 1')
    expect(await trail.verify()).toMatchObject({ fault: { seq: 8, what: 'Signed head 1 is missing.' } })
  })
})

/** Places of each sort: the first, one in the middle, the last that is signed, one after it, the very last. */
const places = [1, 6, 8, 10, 12]
const tables = ['audit_entry', 'audit_head', 'audit_signed_head']

/** A trail that is put back as it was after each tampering. */
async function restorable(): Promise<Trail & { restored(): Promise<void> }> {
  const trail = await twelve()
  const columns = 'tenant_id, seq, at, name, operator, event_id, run_id, kind, subject_id, details, previous_hash, hash'
  const kept = (table: string) => `${table}_${trail.tenantId.replaceAll('-', '')}`
  const columnsOf = (table: string) => (table === 'audit_entry' ? columns : '*')
  for (const table of tables)
    await trail.tamper(`create table ${kept(table)} as select ${columnsOf(table)} from ${table} where tenant_id = $T`)
  return {
    ...trail,
    async restored() {
      const back = tables.map((table) => {
        const into = table === 'audit_entry' ? `${table} (${columns})` : table
        return `delete from ${table} where tenant_id = $T; insert into ${into} select * from ${kept(table)}`
      })
      await trail.tamper(back.join('; '))
      expect((await trail.verify()).fault).toBeNull()
    },
  }
}

describe('every change of one row', () => {
  test('the changes name every column that can be written', async () => {
    const rows = await database.db.plain((tx) =>
      tx.execute<{ name: string }>(sql`select column_name as name from information_schema.columns
        where table_name = 'audit_entry' and is_generated = 'NEVER'`),
    )
    expect(new Set(columnChanges.map(([column]) => column))).toEqual(new Set([...rows].map(({ name }) => name)))
  })

  test.each(places)('every column of entry %i', async (seq) => {
    const trail = await restorable()
    await trail.tamper('alter table audit_entry no force row level security')
    for (const [column, value] of columnChanges) {
      await trail.tamper(`update audit_entry set ${column} = ${value} where tenant_id = $T and seq = ${seq}`)
      expect((await trail.verify()).fault?.seq, column).toBe(seq)
      await trail.restored()
    }
    await trail.tamper('alter table audit_entry force row level security')
  })

  test.each(places)(
    'entry %i removed, put in twice, exchanged with its neighbour, and a forged one put in there',
    async (seq) => {
      const trail = await restorable()
      const copy = (at: number | string) => `insert into audit_entry
      select tenant_id, ${at}, at, 'remediation.forged', operator, event_id, run_id, kind, subject_id, details, previous_hash, hash
      from audit_entry where tenant_id = $T and seq = ${seq}`
      const shifted = `update audit_entry set seq = seq + 1000 where tenant_id = $T and seq >= ${seq}`
      const neighbour = seq === 12 ? 11 : seq + 1
      const tamperings: [what: string, statements: string[], first: number][] = [
        ['removed', [`delete from audit_entry where tenant_id = $T and seq = ${seq}`], seq],
        ['exchanged', swap(seq, neighbour), Math.min(seq, neighbour)],
        [
          'forged before it',
          [
            shifted,
            copy(seq).replace(`seq = ${seq}`, `seq = ${seq + 1000}`),
            'update audit_entry set seq = seq - 999 where tenant_id = $T and seq > 1000',
          ],
          seq,
        ],
        ['put in again at the end', [copy(13)], 13],
        ['put in before the first', [copy(0)], 0],
        ['put in far before the first', [copy(-5)], -5],
        ['cut from here', [`delete from audit_entry where tenant_id = $T and seq >= ${seq}`], seq],
      ]
      for (const [what, statements, first] of tamperings) {
        await trail.tamper(...statements)
        expect((await trail.verify()).fault?.seq, what).toBe(first)
        if (first >= 1 && first <= 8) {
          await trail.tamper(trail.recompute)
          expect((await trail.verify()).fault, `${what}, computed anew`).not.toBeNull()
        }
        await trail.restored()
      }
    },
  )

  test('an entry that follows the last one by hash, with no head that names it', async () => {
    const trail = await twelve()
    await trail.append(1)
    await trail.tamper(`update audit_head set seq = 12, hash = (select hash from audit_entry where tenant_id = $T and seq = 12)
      where tenant_id = $T`)
    expect(await trail.verify()).toMatchObject({ fault: { seq: 13, what: 'Entry 13 was put in after the head.' } })
  })

  test.each([
    ['seq', 'seq - 1'],
    ['seq', 'seq + 1'],
    ['hash', "sha256('x')"],
  ])('%s of the head, to %s', async (column, value) => {
    const trail = await twelve()
    await trail.tamper(`update audit_head set ${column} = ${value} where tenant_id = $T`)
    expect((await trail.verify()).fault).not.toBeNull()
  })

  test.each([
    ['entries and head', ['audit_entry', 'audit_head'], 1],
    ['the head alone', ['audit_head'], 12],
    ['the entries alone', ['audit_entry'], 1],
  ])('%s of a tenant, removed wholly', async (_, gone, seq) => {
    const trail = await twelve()
    for (const table of gone) await trail.tamper(`delete from ${table} where tenant_id = $T`)
    expect((await trail.verify()).fault?.seq).toBe(seq)
  })

  test('an older backup of everything, and nothing at all, are found by a head that was kept', async () => {
    const trail = await restorable()
    const kept = await trail.signed()
    await trail.restored()
    expect(await trail.verify()).toMatchObject({ rows: 12, signedUpTo: 8, fault: null })
    await trail.append(1)
    const later = await trail.signed()
    await trail.restored()
    expect(await trail.verify({ kept: [kept] })).toMatchObject({ fault: null })
    expect(await trail.verify({ kept: [kept, later] })).toMatchObject({ rows: 12, ...faultAt(13) })
    for (const table of tables) await trail.tamper(`delete from ${table} where tenant_id = $T`)
    expect(await trail.verify()).toMatchObject({ rows: 0, fault: null })
    expect(await trail.verify({ kept: [kept] })).toMatchObject({ rows: 0, ...faultAt(1) })
  })
})

test('verification tells how far it is', async () => {
  const trail = await twelve()
  const told: [number, number][] = []
  await trail.verify({ onRows: (rows, total) => told.push([rows, total]) })
  expect(told).toEqual([[12, 12]])
})

describe('a head that was kept elsewhere', () => {
  test('finds the trail that was written anew together with every signed head, and the one that was cut to before it', async () => {
    const trail = await twelve()
    const kept = await trail.signed()
    expect(kept.seq).toBe(12)
    expect(await trail.verify({ kept: [kept] })).toMatchObject({ rows: 12, fault: null })
    await trail.tamper('delete from audit_signed_head where tenant_id = $T')
    await trail.tamper('delete from audit_entry where tenant_id = $T and seq = 12', trail.recompute)
    await trail.signed()
    expect(await trail.verify()).toMatchObject({ rows: 11, fault: null })
    expect(await trail.verify({ kept: [kept] })).toMatchObject({ rows: 11, ...faultAt(12) })
    await trail.append(2)
    expect(await trail.verify({ kept: [kept] })).toMatchObject(faultAt(12))
  })

  test('counts only as it was signed, and with its key', async () => {
    const trail = await twelve()
    const kept = await trail.signed()
    const changed = { ...kept, signedAt: new Date(0).toISOString() }
    expect(await trail.verify({ kept: [changed] })).toMatchObject({
      fault: { seq: 12, what: expect.stringMatching(/changed after/) },
    })
    expect((await trail.verify({ kept: [kept] }, [aSealingKey()])).fault?.what).toMatch(/SEALING_KEY does not have/)
  })
})

describe('signing', () => {
  test('keeps one head for what was added, and none while nothing was', async () => {
    const trail = await aTrail(database, keys)
    expect(await trail.sign()).toEqual({ head: null, fault: null })
    await trail.append(2)
    const first = await trail.signed()
    expect(first).toMatchObject({ tenantId: trail.tenantId, number: 1, seq: 2 })
    expect(await trail.signed()).toEqual(first)
    await trail.append(1)
    expect(await trail.signed()).toMatchObject({ number: 2, seq: 3 })
    expect(await trail.verify()).toMatchObject({ signedHeads: 2, signedUpTo: 3, fault: null })
  })

  test('at once by several leaves no gap and no fault', async () => {
    const trail = await aTrail(database, keys)
    await trail.append(5)
    const heads = await Promise.all(Array.from({ length: 6 }, () => trail.signed()))
    expect(new Set(heads.map(({ seq }) => seq))).toEqual(new Set([5]))
    expect(await trail.verify({ kept: heads })).toMatchObject({ signedHeads: 1, fault: null })
  })

  test('goes on when the keys change: all open, the first signs, and the old one may go after that', async () => {
    const trail = await twelve()
    const changed = [aSealingKey(), ...keys]
    expect(await trail.verify({}, changed)).toMatchObject({ fault: null })
    const { head } = await trail.sign(changed)
    expect(head).toMatchObject({ number: 3, seq: 12 })
    expect(await trail.sign(changed)).toMatchObject({ head, isNew: false })
    expect(await trail.verify({}, changed.slice(0, 1))).toMatchObject({ signedHeads: 3, fault: null })
    expect(await trail.verify({}, [aSealingKey()])).toMatchObject({
      fault: { seq: 12, what: expect.stringMatching(/cannot be checked/) },
    })
  })

  test('does not vouch for what does not hold since the last head', async () => {
    const trail = await twelve()
    await trail.tamper("update audit_entry set name = 'x' where tenant_id = $T and seq = 10")
    expect(await trail.sign()).toMatchObject({ head: null, fault: { seq: 10 } })
    expect(await trail.verify()).toMatchObject({ signedHeads: 2, fault: { seq: 10 } })
  })

  test.each([
    ['change', sql`update audit_signed_head set seq = 1`],
    ['remove', sql`delete from audit_signed_head`],
    ['empty', sql`truncate audit_signed_head`],
  ])('the serving role cannot %s signed heads', async (_, statement) => {
    const trail = await twelve()
    const doing = database.db.withTenants([trail.tenantId], (tx) => tx.execute(statement))
    await expect(doing).rejects.toMatchObject({ code: '42501' })
  })

  test('shows no tenant the heads of another', async () => {
    const trail = await twelve()
    const seen = await database.db.withTenants([crypto.randomUUID()], (tx) =>
      tx.execute(sql`select * from audit_signed_head where tenant_id = ${trail.tenantId}::uuid`),
    )
    expect([...seen]).toEqual([])
  })
})
