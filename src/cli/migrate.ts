/** `tourniquet migrate` */
import { readDatabaseUrls } from '../config.ts'
import { migrate } from '../db/migrate.ts'
import { type Answer, CommandFault } from './output.ts'

/** Brings tables, roles and the job queue up to this version; safe to run again, and from several processes at once. */
export async function migrateDatabase(): Promise<Answer> {
  const { owner, jobs } = readDatabaseUrls()
  const missing = [
    ...(owner ? [] : ['DATABASE_MIGRATION_URL (role owner)']),
    ...(jobs ? [] : ['DATABASE_JOBS_URL (role jobs)']),
  ]
  if (!owner || !jobs) {
    throw new CommandFault(
      `There is no database to migrate: set ${missing.join(' and ')}. The sandbox migrates its own.`,
    )
  }
  await migrate({ ownerUrl: owner, jobsUrl: jobs })
  return { json: { migrated: true }, text: 'The database is up to date.' }
}
