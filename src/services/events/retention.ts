import type { Services } from '../../context.ts'
import type { Database } from '../../db/connection.ts'
import { addEventMonths, dropExpiredEvents, keepEventsFrom, sweepSubjects } from '../../db/event-partitions.ts'
import { listAllTenants } from '../../db/tenants.ts'

/** The worker's task, and when: once an hour, also after an hour without a worker. */
export const retainEventsTask = 'retain-events'
export const retainEventsCrontab = `17 * * * * ${retainEventsTask} ?fill=1h`

const aheadMonths = 3
const dayMs = 86_400_000

/**
 * Makes the partitions of the months to come, and takes away the events that are older than is asked for, with their records
 * and the subjects that nothing names any more. Runs and audit stay. By several workers at once, or after one died in the
 * middle, it comes to the same. `jobs` is connected as that role.
 */
export async function retainEvents(
  { db, log, now }: Pick<Services, 'db' | 'log' | 'now'>,
  jobs: Database,
  retentionDays: number | null,
): Promise<void> {
  const keptFrom = retentionDays === null ? null : new Date(now().getTime() - retentionDays * dayMs)
  // First, so that nobody brings in what is about to go.
  await keepEventsFrom(jobs, keptFrom)
  const added = await addEventMonths(jobs, { aheadMonths })
  const dropped = await dropExpiredEvents(jobs)
  const forgotten = await sweepSubjects(jobs, db, async () => (await db.plain(listAllTenants)).map(({ id }) => id))
  const done = { added, dropped, forgotten }
  if (Object.values(done).some((count) => count > 0))
    log.info(done, 'Events: months added, months dropped, subjects forgotten')
}
