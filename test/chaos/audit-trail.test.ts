/** An owner of the database who does anything at all to an audit trail, and a trail of a million entries. */
import { performance } from 'node:perf_hooks'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openClient } from '../../src/db/driver.ts'
import { aTrail, columnChanges, swap } from '../support/audit-trails.ts'
import { aDatabase, type TestDatabase } from '../support/postgres.ts'
import { aSealingKey } from '../support/sealing-key.ts'
import { type Seeded, seeded } from '../support/seeded.ts'

/** All of it, or a sample. One alone: `-t 'seed 17:'`. */
const isSoak = process.env['TOURNIQUET_SOAK'] === '1'
const seeds = Array.from({ length: isSoak ? 400 : 25 }, (_, index) => index + 1)

vi.setConfig({ testTimeout: 3_600_000, hookTimeout: 300_000 })

const keys = [aSealingKey()]
let database: TestDatabase
beforeAll(async () => {
  database = await aDatabase()
})
afterAll(() => database?.drop())

interface Tampering {
  what: string
  statements: string[]
  /** The first entry that is not what it was. */
  seq: number
}

/** Of a trail of `length` entries, never only of what is beyond `signed`. */
function aTampering({ whole, oneOf }: Seeded, length: number, signed: number): Tampering {
  const seq = whole(1, signed)
  const changes = columnChanges.filter(([column]) => !['tenant_id', 'previous_hash', 'hash'].includes(column))
  const [column, value] = oneOf([changes[0] ?? ['', ''], ...changes])
  const other = whole(1, length)
  const choices: [Tampering, ...Tampering[]] = [
    {
      what: `${column} of ${seq} changed`,
      statements: [`update audit_entry set ${column} = ${value} where tenant_id = $T and seq = ${seq}`],
      seq,
    },
    { what: `${seq} removed`, statements: [`delete from audit_entry where tenant_id = $T and seq = ${seq}`], seq },
    {
      what: `all from ${seq} removed`,
      statements: [`delete from audit_entry where tenant_id = $T and seq >= ${seq}`],
      seq,
    },
    {
      what: `${seq} inserted again at the end`,
      statements: [
        `insert into audit_entry select tenant_id, ${length + 1}, at, name, operator, event_id, run_id, kind, subject_id,
         details, previous_hash, hash from audit_entry where tenant_id = $T and seq = ${seq}`,
        `delete from audit_entry where tenant_id = $T and seq = ${seq}`,
      ],
      seq,
    },
    ...(other === seq
      ? []
      : [{ what: `${seq} and ${other} exchanged`, statements: swap(seq, other), seq: Math.min(seq, other) }]),
  ]
  return oneOf(choices)
}

describe('whatever is done to signed entries, verification names the first place', () => {
  test.each(seeds)('seed %i: as it was done, and with the chain computed anew', async (seed) => {
    const chance = seeded(seed)
    const trail = await aTrail(database, keys)
    const ends: number[] = []
    let length = 0
    for (let part = chance.whole(1, 4); part > 0; part--) {
      const count = chance.whole(1, 12)
      await trail.append(count)
      length += count
      ends.push((await trail.signed()).seq)
    }
    const signed = length
    const beyond = chance.whole(0, 5)
    await trail.append(beyond)
    length += beyond
    expect(await trail.verify()).toMatchObject({ rows: length, signedUpTo: signed, fault: null })

    const { what, statements, seq } = aTampering(chance, length, signed)
    await trail.tamper(...statements)
    expect((await trail.verify()).fault?.seq, what).toBe(seq)

    await trail.tamper(trail.recompute)
    const fault = (await trail.verify()).fault
    // The forger's chain holds in itself: the first head that was signed at or after the place tells, or the end that is gone.
    const firstSigned = ends.find((end) => end >= seq) ?? signed
    expect(fault?.seq, `${what}, computed anew`).toBeGreaterThanOrEqual(seq)
    expect(fault?.seq, `${what}, computed anew`).toBeLessThanOrEqual(firstSigned)
  })
})

const tenThousand = 10_000
/** Made in the database: as parameters, a million entries would fill the log of statements. */
const appendTenThousand = `
  select audit_append_many((
    select jsonb_agg(jsonb_build_object(
      'tenant_id', $T, 'name', 'remediation.confirmed', 'at', now(), 'event_id', gen_random_uuid(),
      'run_id', gen_random_uuid(), 'kind', 'DISABLE_USER', 'subject_id', gen_random_uuid(),
      'operator', jsonb_build_object('id', gen_random_uuid(), 'kind', 'PERSON', 'displayName', 'Ada'),
      'details', jsonb_build_object('n', n, 'sentence', 'Blocked the sign-in of Bo', 'evidence', jsonb_build_object('accountEnabled', true))))
    from generate_series(1, ${tenThousand}) n))`

test.runIf(isSoak)('a million entries are verified as they are, and one changed among them is found', async () => {
  const million = 100 * tenThousand
  const trail = await aTrail(database, keys)
  for (let count = 0; count < million; count += tenThousand) await trail.tamper(appendTenThousand)
  await trail.signed()
  const owner = openClient(database.url)
  const read = performance.now()
  let rows = 0
  await owner.begin(async (tx) => {
    await tx`select set_config('app.tenants', ${trail.tenantId}, true)`
    for await (const page of tx`select * from audit_entry where tenant_id = ${trail.tenantId} order by seq`.cursor(
      5000,
    ))
      rows += page.length
  })
  const readMs = performance.now() - read
  await owner.end()
  expect(rows).toBe(million)

  const seen: number[] = []
  const verifying = performance.now()
  expect(await trail.verify({ onRows: (so) => seen.push(so) })).toMatchObject({ rows: million, fault: null })
  const verifyMs = performance.now() - verifying
  expect(seen.at(-1)).toBe(million)
  const rate = (ms: number) => `${Math.round(million / (ms / 1000)).toLocaleString('en')} a second`
  console.log(
    `A million audit entries: verified ${rate(verifyMs)}, read ${rate(readMs)} (${(verifyMs / readMs).toFixed(1)} times)`,
  )

  await trail.tamper(`update audit_entry set kind = 'X' where tenant_id = $T and seq = ${million - 7}`)
  expect(await trail.verify()).toMatchObject({ fault: { seq: million - 7 } })
  // What is left is read by the canary scan, and these entries hold nothing.
  await trail.tamper('truncate audit_entry, audit_head, audit_signed_head')
})
