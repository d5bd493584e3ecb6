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
