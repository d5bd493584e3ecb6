/** Processes with many callers in flight that are killed, over and over: what was answered is on record, once, and whole. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { verifyAuditChain } from '../../src/db/audit-chain.ts'
import { type Client, openClient } from '../../src/db/driver.ts'
import { aDatabase, type TestDatabase } from '../support/postgres.ts'
import { seeded } from '../support/seeded.ts'

/** All of it, or a sample; another one by `TOURNIQUET_SEED`. */
const isSoak = process.env['TOURNIQUET_SOAK'] === '1'
const kills = isSoak ? 40 : 4
const callers = 128
const chance = seeded(Number(process.env['TOURNIQUET_SEED'] ?? 1))

vi.setConfig({ testTimeout: 900_000, hookTimeout: 300_000 })

let database: TestDatabase
let app: Client
beforeAll(async () => {
  database = await aDatabase()
  app = openClient(database.url)
})
afterAll(async () => {
  await app?.end()
  await database?.drop()
})

interface Answer {
  tenantId: string
  unit: string
  answer: string
}

function aWriter(name: string, tenants: readonly string[]): { process: ChildProcess; answers: Promise<Answer[]> } {
  const program = join(import.meta.dirname, '../support/audit-writer.ts')
  const child = spawn(process.execPath, [program, name, String(callers), ...tenants], {
    env: { PATH: process.env['PATH'], DATABASE_URL: database.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const answers = text(child.stdout).then((lines) =>
    lines
      .split('\n')
      // What follows the last line was not written to its end.
      .slice(0, -1)
      .map((line) => {
        const [tenantId = '', unit = '', answer = ''] = line.split(' ')
        return { tenantId, unit, answer }
      }),
  )
  return { process: child, answers }
}

/** Units of the tenant, by its trail and by its rows. */
function kept(tenantId: string): Promise<{ trail: string[]; rows: string[] }> {
  return app.begin(async (tx) => {
    await tx`select set_config('app.tenants', ${tenantId}, true)`
    const trail =
      await tx`select details ->> 'unit' as unit from audit_entry where tenant_id = ${tenantId} order by seq`
    const rows = await tx`select key from lease where tenant_id = ${tenantId} and key <> 'taken'`
    return { trail: trail.map(({ unit }) => String(unit)), rows: rows.map(({ key }) => String(key)) }
  })
}

async function take(tenantId: string): Promise<void> {
  await app.begin(async (tx) => {
    await tx`select set_config('app.tenants', ${tenantId}, true)`
    await tx`insert into lease (tenant_id, key, run_id, expires_at) values (${tenantId}, 'taken', ${tenantId}, now())`
  })
}

/** Nobody of those who were killed is still committing. */
async function quiet(): Promise<void> {
  await vi.waitFor(
    async () => {
      const [row] = await app`
        select count(*)::int as others from pg_stat_activity
        where datname = current_database() and usename = current_user and pid <> pg_backend_pid() and state <> 'idle'`
      expect(row?.['others']).toBe(0)
    },
    { timeout: 20_000, interval: 50 },
  )
}

test('processes write the same trails and are killed, one after the other', async () => {
  const tenants = Array.from({ length: 4 }, () => crypto.randomUUID())
  for (const tenantId of tenants) await take(tenantId)
  const answers: Answer[] = []
  for (let kill = 0; kill < kills; kill++) {
    const writers = [`a${kill}`, `b${kill}`, `c${kill}-alone`].map((name) =>
      aWriter(name, chance.oneOf([[tenants[0] ?? ''], tenants])),
    )
    for (const writer of writers) {
      if (writer.process.stdout) await once(writer.process.stdout, 'data')
    }
    for (const writer of writers) {
      await sleep(chance.whole(20, 400))
      writer.process.kill('SIGKILL')
      const said = await writer.answers
      expect(said.length).toBeGreaterThan(0)
      answers.push(...said)
    }
  }
  await quiet()

  const written = answers.filter(({ answer }) => answer === 'written')
  const refused = answers.filter(({ answer }) => answer !== 'written')
  expect(refused.length).toBeGreaterThan(0)
  expect(new Set(refused.map(({ answer }) => answer))).toEqual(new Set(['23505']))
  for (const tenantId of tenants) {
    const { rows, fault } = await database.db.withTenants([tenantId], (tx) => verifyAuditChain(tx, tenantId))
    expect(fault).toBeNull()
    const { trail, rows: changed } = await kept(tenantId)
    expect(rows).toBe(trail.length)
    const once = new Set(trail)
    expect(once.size, 'no unit twice').toBe(trail.length)
    const withRow = trail.filter((unit) => !unit.includes('-alone-'))
    expect(withRow.length, 'entries of both sorts').toBeLessThan(trail.length)
    expect(new Set(changed), 'each entry with its row').toEqual(new Set(withRow))
    const lost = written.filter((one) => one.tenantId === tenantId && !once.has(one.unit))
    expect(lost, 'answered and not on record').toEqual([])
    expect(refused.filter(({ unit }) => once.has(unit))).toEqual([])
  }
  if (isSoak) console.info(`${written.length} units answered by ${kills * 3} processes that were killed`)
})
