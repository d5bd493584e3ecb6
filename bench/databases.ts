/** A real PostgreSQL, with the settings that it has in production, in a folder that goes when the work is done. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { connect, type Database } from '../src/db/connection.ts'
import { openClient } from '../src/db/driver.ts'
import { startEmbeddedPostgres } from '../src/db/embedded-postgres.ts'
import { migrate } from '../src/db/migrate.ts'

export interface BenchDatabase {
  ownerUrl: string
  url: string
  /** As the serving role. */
  db: Database
  close(): Promise<void>
}

export interface BenchDatabases {
  /** An empty one, migrated, that is gone when it is closed. */
  make(): Promise<BenchDatabase>
  /** One of a name, filled when it is not there yet. It goes with the folder. */
  filled(name: string, fill: (ownerUrl: string) => Promise<void>): Promise<BenchDatabase>
}

/** Runs `work` with a server in a temporary folder, or in one that stays, with what is in it, for the next time. */
export async function withDatabases(
  work: (databases: BenchDatabases) => Promise<void>,
  { kept, maxConnections }: { kept?: string | undefined; maxConnections?: number } = {},
): Promise<void> {
  const dir = kept ?? mkdtempSync(join(tmpdir(), 'tourniquet-bench-'))
  const server = await startEmbeddedPostgres({ dir, durable: true, maxConnections })
  const named = (url: string, name: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href
  const admin = openClient(named(server.ownerUrl, 'postgres'))
  const drop = (name: string) => admin.unsafe(`drop database if exists ${name} with (force)`)
  const opened = (name: string, close: () => Promise<unknown>): BenchDatabase => {
    const db = connect({ url: named(server.appUrl, name), applicationName: name })
    return {
      ownerUrl: named(server.ownerUrl, name),
      url: named(server.appUrl, name),
      db,
      async close() {
        await db.close()
        await close()
      },
    }
  }
  const create = (name: string) => admin.unsafe(`create database ${name} template tourniquet owner owner`)
  let made = 0
  try {
    await migrate(server)
    await work({
      async make() {
        made += 1
        const name = `bench_${made}`
        await drop(name)
        await create(name)
        return opened(name, () => drop(name))
      },
      async filled(name, fill) {
        const [there] = await admin`select from pg_database where datname = ${name}`
        if (there === undefined) {
          // Under its name only when it is whole.
          await drop(`${name}_begun`)
          await create(`${name}_begun`)
          await fill(named(server.ownerUrl, `${name}_begun`))
          await admin.unsafe(`alter database ${name}_begun rename to ${name}`)
        }
        return opened(name, async () => {})
      },
    })
  } finally {
    await admin.end({ timeout: 5 })
    await server.stop()
    if (kept === undefined) rmSync(dir, { recursive: true, force: true })
  }
}

/** What an import writes, in an order in which it can be copied. */
const tables = ['tenant', 'subject', 'subject_alias', 'security_event', 'event_subject', 'event_record']

/** Milliseconds of a plain COPY of all rows of one database into another one: its bound. */
export async function copyAll(from: BenchDatabase, to: BenchDatabase): Promise<number> {
  const source = openClient(from.ownerUrl)
  const target = openClient(to.ownerUrl)
  try {
    const rows = new Map<string, string>()
    for (const table of tables) {
      await source.unsafe(`alter table ${table} no force row level security`)
      await target.unsafe(`alter table ${table} no force row level security`)
      rows.set(table, await text(await source.unsafe(`copy (select * from ${table}) to stdout`).readable()))
    }
    const begun = performance.now()
    await target.begin(async (tx) => {
      for (const [table, lines] of rows) {
        await pipeline(Readable.from([lines]), await tx.unsafe(`copy ${table} from stdin`).writable())
      }
    })
    return performance.now() - begun
  } finally {
    await source.end({ timeout: 5 })
    await target.end({ timeout: 5 })
  }
}
