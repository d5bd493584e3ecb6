/** Verifying an audit trail against a plain read of the same rows. */
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { verifyAuditChain } from '../src/db/audit-chain.ts'
import { openClient } from '../src/db/driver.ts'
import { type BenchDatabase, withDatabases } from './databases.ts'
import { millisecondsOf, type Spread, shown, spreadOf } from './rounds.ts'

const { values: options } = parseArgs({
  args: process.argv.slice(2).filter((_, index, all) => all.slice(0, index + 1).some((one) => one.startsWith('-'))),
  options: {
    /** Entries of the trail. */
    size: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    /** Tiny: shows that it runs, measures nothing. */
    smoke: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const size = options.smoke ? 2_000 : Number(options.size)
const rounds = options.smoke ? 2 : Number(options.rounds)
const tenantId = '01900000-0000-7000-8000-00000000aaaa'
const atOnce = 10_000

/** As steps of runs write them, chained by the product's own function. */
async function append({ ownerUrl }: BenchDatabase): Promise<number> {
  const owner = openClient(ownerUrl)
  try {
    return await millisecondsOf(async () => {
      for (let begin = 0; begin < size; begin += atOnce) {
        await owner.begin(async (tx) => {
          await tx`select set_config('app.tenants', ${tenantId}, true)`
          await tx`select audit_append_many((
            select jsonb_agg(jsonb_build_object(
              'tenant_id', ${tenantId}::text, 'name', 'remediation.confirmed', 'at', now(), 'event_id', gen_random_uuid(),
              'run_id', gen_random_uuid(), 'kind', 'DISABLE_USER', 'subject_id', gen_random_uuid(),
              'operator', jsonb_build_object('id', gen_random_uuid(), 'kind', 'PERSON', 'displayName', 'Ada'),
              'details', jsonb_build_object('n', n, 'sentence', 'Blocked the sign-in of Bo', 'code', null,
                'credential', 'APPLICATION', 'traceId', md5(n::text), 'upstreamRequestId', gen_random_uuid(),
                'upstreamCalls', jsonb_build_array(jsonb_build_object('service', 'graph', 'method', 'PATCH', 'status', 204)),
                'evidence', jsonb_build_object('accountEnabled', true))))
            from generate_series(1, ${Math.min(atOnce, size - begin)}::int) n))`
        })
      }
      await owner`analyze audit_entry`
    })
  } finally {
    await owner.end({ timeout: 5 })
  }
}

/** All columns of all rows in their order, parsed by the driver and thrown away. */
async function read({ ownerUrl }: BenchDatabase): Promise<void> {
  const sql = openClient(ownerUrl)
  let rows = 0
  try {
    await sql.begin(async (tx) => {
      await tx`select set_config('app.tenants', ${tenantId}, true)`
      const cursor = tx`
        select tenant_id, seq, at, name, operator, event_id, run_id, kind, subject_id, details, previous_hash, hash
        from audit_entry where tenant_id = ${tenantId} order by seq`.cursor(5000)
      for await (const page of cursor) rows += page.length
    })
  } finally {
    await sql.end({ timeout: 5 })
  }
  if (rows !== size) throw new Error(`${rows} rows were read of ${size}`)
}

async function verify({ db }: BenchDatabase): Promise<void> {
  const { rows, fault } = await db.withTenants([tenantId], (tx) => verifyAuditChain(tx, tenantId))
  if (rows !== size || fault) throw new Error(`${rows} rows were found in order of ${size}: ${fault?.what}`)
}

await withDatabases(async ({ make }) => {
  const base = await make()
  const appended = (size / (await append(base))) * 1000
  const perSecond: Record<'read' | 'verify', number[]> = { read: [], verify: [] }
  const ratio: number[] = []
  // The first round only warms up.
  for (let round = 0; round <= rounds; round++) {
    const readMs = await millisecondsOf(() => read(base))
    const verifyMs = await millisecondsOf(() => verify(base))
    if (round === 0) continue
    perSecond.read.push((size / readMs) * 1000)
    perSecond.verify.push((size / verifyMs) * 1000)
    ratio.push(verifyMs / readMs)
  }
  const found: Record<string, Spread> = {
    read: spreadOf(perSecond.read),
    verify: spreadOf(perSecond.verify),
    timesOfRead: spreadOf(ratio),
  }
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version }
  if (options.json) {
    console.log(JSON.stringify({ size, rounds, machine, appended, ...found }))
    return
  }
  console.log(
    `${machine.cores} × ${machine.cpu}, Node.js ${machine.node}; medians of ${rounds} rounds in turns (least–most)`,
  )
  console.log(`A trail of ${size} entries, appended ${Math.round(appended).toLocaleString('en')} a second`)
  for (const [name, spread] of Object.entries(found)) {
    const what = {
      read: 'read, rows a second',
      verify: 'verified, rows a second',
      timesOfRead: 'verifying, times a read',
    }
    console.log(`  ${what[name as keyof typeof what].padEnd(26)} ${shown(spread)}`)
  }
})
