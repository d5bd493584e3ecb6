/**
 * A process that writes into audit trails with many callers at once until it is killed: `audit-writer.ts NAME CALLERS TENANT…`, with
 * the database in `DATABASE_URL`. Each unit has a number, a row of its own and an entry, or with a name that ends in `-alone` the entry
 * alone; its line is written once it is answered.
 */
import { sql } from 'drizzle-orm'
import { connect } from '../../src/db/connection.ts'

const [name = '', callers = '1', ...tenants] = process.argv.slice(2)
const db = connect({ url: process.env['DATABASE_URL'] ?? '' })
const isEntriesAlone = name.endsWith('-alone')
let units = 0

async function write(): Promise<void> {
  units += 1
  const unit = `${name}-${units}`
  const tenantId = tenants[units % tenants.length] ?? ''
  const entry = { tenantId, name: 'unit.written', at: new Date(), operator: null, details: { unit } }
  const recorded = { audit: [entry], result: 'written' }
  // One of many conflicts with what is there.
  const key = units % 31 === 0 ? 'taken' : unit
  const answer = await db
    .audited(
      tenantId,
      isEntriesAlone
        ? recorded
        : async (tx) => {
            await tx.execute(sql`
              insert into lease (tenant_id, key, run_id, expires_at)
              values (${tenantId}::uuid, ${key}, ${crypto.randomUUID()}::uuid, now())`)
            return recorded
          },
    )
    .catch((error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'failed'))
  process.stdout.write(`${tenantId} ${unit} ${answer}\n`)
}

await Promise.all(
  Array.from({ length: Number(callers) }, async () => {
    for (;;) await write()
  }),
)
