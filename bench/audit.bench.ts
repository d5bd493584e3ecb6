/** Verifying an audit trail against a plain read of the same rows. */
import { verifyAuditChain } from '../src/db/audit-chain.ts'
import { openClient } from '../src/db/driver.ts'
import { type BenchDatabase, withDatabases } from './databases.ts'
import { report } from './goals.ts'
import { readOptions } from './options.ts'
import { millisecondsOf } from './rounds.ts'

const { size, rounds } = readOptions({ usualRounds: 5 })
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
  report(
    'audit',
    [
      { what: 'entries appended a second, 10,000 at once', values: [appended] },
      { what: 'rows read a second', values: perSecond.read },
      { what: 'rows verified a second', values: perSecond.verify },
      { what: 'verifying, times a read', values: ratio },
    ],
    { size, rounds },
  )
})
