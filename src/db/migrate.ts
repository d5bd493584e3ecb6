/** Brings a database up to date. Safe to run again, and from several processes at once. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sql } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as runDrizzleMigrations } from 'drizzle-orm/postgres-js/migrator'
import type { Database } from './connection.ts'
import { openClient } from './driver.ts'
import { queueFunctions } from './queue-functions.ts'

/** One number for all processes that migrate the same database. */
const migrationLock = 7_411_002_650

/**
 * Tables, roles and functions as the owner, then the job queue as `jobs`. The roles `app` and `jobs` are made without
 * login when they are missing; whoever runs the server gives them passwords.
 */
export async function migrate({ ownerUrl, jobsUrl }: { ownerUrl: string; jobsUrl: string }): Promise<void> {
  const client = openClient(ownerUrl, { connection: { application_name: 'tourniquet migrate' } })
  try {
    // Held by the session: the migrator opens its own transaction on this one connection.
    await client`select pg_advisory_lock(${migrationLock})`
    await runDrizzleMigrations(drizzle(client), { migrationsFolder: migrationsFolder() })
    await migrateQueue(jobsUrl)
  } finally {
    await client.end({ timeout: 5 })
  }
}

async function migrateQueue(jobsUrl: string): Promise<void> {
  const { Logger, runMigrations } = await import('graphile-worker')
  await runMigrations({
    connectionString: jobsUrl,
    maxPoolSize: 1,
    logger: new Logger(() => () => {}),
    crontab: '',
  })
  const client = openClient(jobsUrl, { connection: { application_name: 'tourniquet migrate' } })
  try {
    await client.unsafe(queueFunctions)
  } finally {
    await client.end({ timeout: 5 })
  }
}

/** Whether the database lacks a migration that this program brings. */
export async function migrationsPending(db: Database): Promise<boolean> {
  const wanted = readMigrationFiles({ migrationsFolder: migrationsFolder() }).at(-1)
  const found = await db.plain(async (tx) => {
    const [table] = await tx.execute<{ exists: boolean }>(
      sql`select to_regclass('drizzle.__drizzle_migrations') is not null as exists`,
    )
    if (!table?.exists) return null
    const [last] = await tx.execute<{ created_at: string }>(
      sql`select created_at from drizzle.__drizzle_migrations order by created_at desc limit 1`,
    )
    return last === undefined ? null : Number(last.created_at)
  })
  return wanted !== undefined && (found === null || found < wanted.folderMillis)
}

/** `drizzle/` above this file: two folders up in the sources, one in the built server. */
function migrationsFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const found = join(folder, 'drizzle')
    if (existsSync(join(found, 'meta', '_journal.json'))) return found
    if (folder === dirname(folder))
      throw new Error('The folder "drizzle" with the migrations is missing beside the program.')
  }
}
