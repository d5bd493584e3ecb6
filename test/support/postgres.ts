/** One PostgreSQL for a run of the tests, one migrated template in it, and a copy of the template for each test file. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import type { TestProject } from 'vitest/node'
import { connect, type Database } from '../../src/db/connection.ts'
import { openClient } from '../../src/db/driver.ts'
import { startEmbeddedPostgres, stopEmbeddedOrphan } from '../../src/db/embedded-postgres.ts'
import { migrate } from '../../src/db/migrate.ts'
import { canary } from './canary/canary.ts'
import { collectorIn } from './canary/collect.ts'
import { dumpDatabase } from './canary/dump.ts'
import { endOfRun } from './canary/end-of-run.ts'

interface Server {
  ownerUrl: string
  appUrl: string
  jobsUrl: string
}

declare module 'vitest' {
  interface ProvidedContext {
    postgres: Server
  }
}

const prefix = 'tourniquet-test-'

/** Vitest's global setup. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeLeftovers()
  const dir = mkdtempSync(join(tmpdir(), prefix))
  const server = await startEmbeddedPostgres({ dir, durable: false, logStatements: true })
  await migrate(server)
  const { ownerUrl, appUrl, jobsUrl, log } = server
  project.provide('postgres', { ownerUrl, appUrl, jobsUrl })

  const folder = join(dir, 'canary')
  mkdirSync(folder)
  project.provide('canary', folder)
  const collector = collectorIn(
    () => folder,
    () => 'the whole run',
  )
  for (const url of [ownerUrl, appUrl, jobsUrl]) collector.secret('database password', new URL(url).password)
  // Before it are the statements that made the roles, with these passwords.
  const logBegin = readFileSync(log).length
  return async () => {
    try {
      for (const name of await databasesLeft(server)) await dumpDatabase(urlsOf(server, name), collector)
      collector.written('statement', 'to PostgreSQL', readFileSync(log).subarray(logBegin).toString())
      await endOfRun(project, folder)
    } finally {
      await server.stop()
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

export interface TestDatabase {
  /** As the serving role, which row-level security holds. */
  url: string
  ownerUrl: string
  jobsUrl: string
  /** Connected as the serving role. */
  db: Database
  /** Closes `db` and removes the database, cutting whoever is still connected. */
  drop(): Promise<void>
}

/** A migrated, empty database of its own, e.g. in `beforeAll`; give it back with `drop` in `afterAll`. */
export async function aDatabase(): Promise<TestDatabase> {
  const server = inject('postgres')
  const name = `test_${randomBytes(8).toString('hex')}`
  await asOwner(server, `create database ${name} template tourniquet owner owner`)
  const urls = urlsOf(server, name)
  const db = connect({ url: urls.appUrl, applicationName: name })
  let dropped = false
  return {
    url: urls.appUrl,
    ownerUrl: urls.ownerUrl,
    jobsUrl: urls.jobsUrl,
    db,
    async drop() {
      await db.close()
      if (dropped) return
      dropped = true
      await asOwner(server, cutAllOf(name))
      await dumpDatabase(urls, canary)
      await asOwner(server, `drop database if exists ${name} with (force)`)
    },
  }
}

const urlsOf = ({ ownerUrl, appUrl, jobsUrl }: Server, name: string): Server => ({
  ownerUrl: named(ownerUrl, name),
  appUrl: named(appUrl, name),
  jobsUrl: named(jobsUrl, name),
})

/** Of tests that did not give theirs back. */
async function databasesLeft(server: Server): Promise<string[]> {
  const rows = await asOwner(server, "select datname from pg_database where datname like 'test\\_%'")
  return rows.map(({ datname }) => String(datname))
}

/** Whoever is still connected may hold a lock. */
const cutAllOf = (name: string): string =>
  `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and backend_type = 'client backend'`

async function asOwner(server: Server, statement: string): Promise<Record<string, unknown>[]> {
  const client = openClient(named(server.ownerUrl, 'postgres'))
  try {
    return [...(await client.unsafe(statement))]
  } finally {
    await client.end({ timeout: 5 })
  }
}

function named(url: string, database: string): string {
  return Object.assign(new URL(url), { pathname: `/${database}` }).href
}

/** Servers and folders of runs that were killed; those of runs that still go on are claimed by their process. */
async function removeLeftovers(): Promise<void> {
  const someTimeAgo = Date.now() - 10 * 60_000
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    const dir = join(tmpdir(), name)
    try {
      // A younger folder may be one that another run is just about to claim.
      if (statSync(dir).mtimeMs > someTimeAgo) continue
      await stopEmbeddedOrphan(dir)
      rmSync(dir, { recursive: true, force: true })
    } catch {
      // In use, or somebody else's: it stays.
    }
  }
}
