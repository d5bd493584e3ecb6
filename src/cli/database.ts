import { readDatabaseUrls, readSealingKeys } from '../config.ts'
import { connect, type Database } from '../db/connection.ts'
import { sandboxDatabase, sandboxSealingKey } from '../sandbox/running.ts'
import { inTrace, newTrace } from '../trace.ts'
import { CommandFault } from './output.ts'

/** The database's address (role app): from the environment, else that of the sandbox in this folder. */
function databaseUrl(): string | null {
  const configured = readDatabaseUrls().app
  if (configured !== null) return configured
  const sandbox = sandboxDatabase()
  if (sandbox !== null) process.stderr.write(`DATABASE_URL is not set: using the sandbox in ${sandbox.folder}.\n`)
  return sandbox?.url ?? null
}

/** Runs a command's work on the database and closes it, whatever happens. */
export async function withDatabase<T>(work: (db: Database) => Promise<T>): Promise<T> {
  const url = databaseUrl()
  if (url === null) {
    throw new CommandFault(
      'There is no database: set DATABASE_URL (role app), or start the sandbox with "npm run sandbox".',
    )
  }
  const db = connect({ url, max: 4, applicationName: 'tourniquet-cli' })
  try {
    return await inTrace(newTrace(), () => work(db))
  } finally {
    await db.close()
  }
}

/** Of the same installation as the database: from the environment, or that of the sandbox in this folder. */
export function sealingKeys(): readonly Buffer[] {
  const configured = readSealingKeys()
  if (configured !== null) return configured
  const sandbox = readDatabaseUrls().app === null ? sandboxSealingKey() : null
  const keys = sandbox === null ? null : readSealingKeys({ SEALING_KEY: sandbox })
  if (keys !== null) return keys
  throw new CommandFault(
    'SEALING_KEY is not set: heads of the audit are signed and checked with the same keys as the gateway has.',
  )
}
