/**
 * What is kept of events, and the partitions that hold them. The first four are functions for the role `jobs`: the serving
 * role cannot make events disappear. Each is one short transaction that leaves everything as it was, or done.
 */
import { sql } from 'drizzle-orm'
import type { Database, Tx } from './connection.ts'
import { lockRecords } from './records.ts'

/** From now on older records are refused. Counts from the beginning of that month; null keeps everything. */
export const keepEventsFrom = (jobs: Database, moment: Date | null): Promise<void> =>
  patiently(async () => {
    await jobs.plain((tx) => tx.execute(sql`select keep_events_from(${moment?.toISOString() ?? null}::timestamptz)`))
  })

/** Makes partitions for the months that begin within so many months; answers how many were missing. */
export async function addEventMonths(jobs: Database, { aheadMonths }: { aheadMonths: number }): Promise<number> {
  for (let added = 0; ; added++) {
    if (!(await call<boolean>(jobs, sql`select add_event_month(make_interval(months => ${aheadMonths})) as answer`)))
      return added
  }
}

/** Drops the months that are wholly older than what is kept, and deletes what is older still. Answers how many months went. */
export async function dropExpiredEvents(jobs: Database): Promise<number> {
  const months = await call<number>(jobs, sql`select drop_expired_event_months() as answer`)
  while ((await call<number>(jobs, sql`select delete_expired_events(20000) as answer`)) > 0);
  return months
}

/**
 * Forgets the subjects that no event names any more, once after events have gone. `tenants` names them all; `db` serves.
 */
export async function sweepSubjects(
  jobs: Database,
  db: Database,
  tenantIds: () => Promise<readonly string[]>,
): Promise<number> {
  const keptFrom = await call<string | null>(jobs, sql`select subjects_to_sweep() as answer`)
  if (keptFrom === null) return 0
  let forgotten = 0
  for (const tenantId of await tenantIds()) {
    forgotten += await db.withTenants([tenantId], async (tx) => {
      await lockRecords(tx, [tenantId])
      return only<number>(await tx.execute(sql`select forget_unnamed_subjects(${tenantId}::uuid) as answer`))
    })
  }
  await call(jobs, sql`select subjects_swept(${keptFrom}::timestamptz)::text as answer`)
  return forgotten
}

const call = <T>(jobs: Database, statement: Parameters<Tx['execute']>[0]): Promise<T> =>
  patiently(() => jobs.plain(async (tx) => only<T>(await tx.execute(statement))))

function only<T>(rows: readonly Record<string, unknown>[]): T {
  return rows[0]?.['answer'] as T
}

const attemptsMax = 40
const pauseMs = 250

/**
 * The functions wait a quarter of a second for a table at most, since readers queue behind whoever waits: a busy table is
 * tried again a little later.
 */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === attemptsMax || !isBusy(error)) throw error
      await new Promise((done) => setTimeout(done, pauseMs * (1 + Math.random())))
    }
  }
}

/** A lock that was not to be had in time, or a deadlock. */
const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === '55P03' || error.code === '40P01')
