/**
 * Durable audit entries a second, chained, by 1, 32 and 256 callers who each wait for their own before they write the next: against
 * as many clients who each insert a plain row of the same width by a prepared statement. pgbench would do that; it does not come
 * with the embedded PostgreSQL, so the driver that the gateway uses does.
 */
import { randomUUID } from 'node:crypto'
import { type AuditDraft, appendAudit } from '../src/db/audit.ts'
import { connect, databaseTiming } from '../src/db/connection.ts'
import { openClient } from '../src/db/driver.ts'
import { type BenchDatabase, withDatabases } from './databases.ts'
import { type Goal, report } from './goals.ts'
import { readOptions } from './options.ts'
import { type Measured, note } from './rounds.ts'

const { smoke, rounds, seconds } = readOptions({ usualRounds: 5 })
const goals = new Map<number, { goal: Goal; atLeast: number }>([
  [1, { goal: 'P14', atLeast: 0.55 }],
  [32, { goal: 'P15', atLeast: 1.0 }],
  [256, { goal: 'P16', atLeast: 1.3 }],
])
const tenantCounts = smoke ? [1] : [1, 50]
const mostCallers = Math.max(...goals.keys())

/** As a run writes it when a step is over. */
const anEntry = (tenantId: string): AuditDraft => ({
  tenantId,
  name: 'remediation.confirmed',
  at: new Date(),
  operator: { id: randomUUID(), kind: 'PERSON', displayName: 'Ada' },
  eventId: randomUUID(),
  runId: randomUUID(),
  kind: 'DISABLE_USER',
  subjectId: randomUUID(),
  details: {
    sentence: 'Blocked the sign-in of Bo',
    code: null,
    upstreamRequestId: randomUUID(),
    upstreamCalls: [{ service: 'graph', method: 'PATCH', status: 204 }],
    credential: 'APPLICATION',
    evidence: { accountEnabled: true },
  },
})

/** A way to write an entry: settles when it is durable. */
interface Writer {
  write(entry: AuditDraft): Promise<unknown>
  close(): Promise<void>
}

/** The columns of an entry and a key, nothing more: no chain, no index beside the key, no row-level security. */
async function plainRows({ ownerUrl }: BenchDatabase): Promise<Writer> {
  const sql = openClient(ownerUrl, { max: mostCallers })
  await sql`create table plain_row (
    tenant_id uuid not null, seq bigint generated always as identity, at timestamptz not null, name text not null,
    operator jsonb, event_id uuid, run_id uuid, kind text, subject_id uuid, details jsonb not null,
    previous_hash bytea not null, hash bytea not null, primary key (tenant_id, seq))`
  const hash = Buffer.alloc(32, 7)
  return {
    write: ({ tenantId, name, at, operator, eventId, runId, kind, subjectId, details }) => sql`
      insert into plain_row (tenant_id, at, name, operator, event_id, run_id, kind, subject_id, details, previous_hash, hash)
      values (${tenantId}, ${at}, ${name}, ${JSON.stringify(operator)}::text::jsonb, ${eventId ?? null}, ${runId ?? null},
        ${kind ?? null}, ${subjectId ?? null}, ${JSON.stringify(details)}::text::jsonb, ${hash}, ${hash})`,
    close: () => sql.end({ timeout: 5 }),
  }
}

/** A transaction for each entry, through as many connections as a gateway has. */
function transactions({ url }: BenchDatabase): Writer {
  const db = connect({ url, timing: databaseTiming })
  return {
    write: (entry) => db.withTenants([entry.tenantId], (tx) => appendAudit(tx, [entry])),
    close: () => db.close(),
  }
}

/** Together with what others write for the tenant meanwhile. */
function grouped({ url }: BenchDatabase): Writer {
  const db = connect({ url, timing: databaseTiming })
  return {
    write: (entry) => db.audited(entry.tenantId, { audit: [entry], result: null }),
    close: () => db.close(),
  }
}

/** Rows a second of callers who each write one after another. */
async function rate(writer: Writer, callers: number, tenants: readonly string[], forSeconds: number): Promise<number> {
  const begun = performance.now()
  const until = begun + forSeconds * 1000
  let rows = 0
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let n = caller; performance.now() < until; n++) {
        await writer.write(anEntry(tenants[n % tenants.length] ?? ''))
        rows += 1
      }
    }),
  )
  return (rows / (performance.now() - begun)) * 1000
}

await withDatabases(
  async ({ make }) => {
    const base = await make()
    const writers: Record<string, Writer> = {
      plain: await plainRows(base),
      'a transaction each': transactions(base),
      together: grouped(base),
    }
    const perSecond: Measured = {}
    const ratios: Measured = {}
    try {
      for (const tenantCount of tenantCounts) {
        const tenants = Array.from({ length: tenantCount }, () => randomUUID())
        for (const callers of goals.keys()) {
          const of = `${callers} callers, ${tenantCount} tenants`
          // The first round only warms up: connections are opened, statements are prepared.
          for (let round = 0; round <= rounds; round++) {
            let plain = Number.NaN
            for (const [name, writer] of Object.entries(writers)) {
              const found = await rate(writer, callers, tenants, round === 0 ? seconds / 2 : seconds)
              if (name === 'plain') plain = found
              if (round === 0) continue
              note(perSecond, `${of}: ${name}`, found)
              if (name !== 'plain') note(ratios, `${of}: ${name}`, found / plain)
            }
          }
        }
      }
    } finally {
      await Promise.all(Object.values(writers).map((writer) => writer.close()))
    }
    report(
      'audit-lane',
      [
        ...Object.entries(perSecond).map(([what, values]) => ({ what: `${what}, rows a second`, values })),
        ...Object.entries(ratios).map(([what, values]) => {
          // The goals are for the way in which the gateway writes.
          const wanted = what.endsWith('together') ? goals.get(Number.parseInt(what, 10)) : undefined
          return {
            goal: wanted?.goal,
            what: `${what}, over plain`,
            values,
            limit: wanted && { atLeast: wanted.atLeast },
          }
        }),
      ],
      { rounds, seconds },
    )
  },
  { maxConnections: mostCallers + 40 },
)
