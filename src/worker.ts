/**
 * Reads the activity feeds, settles runs that were left, whoever left them, ends privileged sessions whose time is over, signs the
 * audit, and keeps events as long as asked.
 */
import { Logger, run } from 'graphile-worker'
import { z } from 'zod'
import type { Log, Services } from './context.ts'
import { connect } from './db/connection.ts'
import { auditSchedule, auditTasks } from './services/audit/tasks.ts'
import { endExpiredSessions, endExpiredTask } from './services/authority/privileged-session.ts'
import { retainEvents, retainEventsCrontab, retainEventsTask } from './services/events/retention.ts'
import { tryToRefreshSnapshot } from './services/events/snapshot.ts'
import { createFeedReader } from './services/feed/reader.ts'
import { recoverRun, sweepRuns } from './services/remediations/recover.ts'

export interface WorkerDependencies {
  services: Services
  /** PostgreSQL's address for the role `jobs`. */
  jobsUrl: string
  /** Null: events are kept for ever. */
  eventRetentionDays: number | null
}

export interface Worker {
  /** Ends after the jobs under way. */
  close(): Promise<void>
}

const settleRun = z.object({ tenantId: z.guid(), runId: z.guid() })
const ofTenant = z.object({ tenantId: z.guid() })

/** Starts at once. */
export async function createWorker({ services, jobsUrl, eventRetentionDays }: WorkerDependencies): Promise<Worker> {
  const { log } = services
  const jobs = connect({ url: jobsUrl, max: 1, applicationName: 'tourniquet-worker' })
  const runner = await run({
    connectionString: jobsUrl,
    concurrency: 5,
    noHandleSignals: true,
    crontab: [auditSchedule, retainEventsCrontab].join('\n'),
    logger: loggerOf(log),
    taskList: {
      ...auditTasks(services),
      'settle-run': async (payload) => {
        const { tenantId, runId } = settleRun.parse(payload)
        // What is not settled yet is the sweep's.
        await recoverRun(services, tenantId, runId)
      },
      [endExpiredTask]: async (payload) => {
        await endExpiredSessions(services, ofTenant.parse(payload).tenantId)
      },
      [retainEventsTask]: () => retainEvents(services, jobs, eventRetentionDays),
    },
  })
  const feeds = createFeedReader(services, { daily: [tryToRefreshSnapshot] })
  const sweeps = new Set<Promise<unknown>>()
  const busy = new Set<string>()
  const closing = new AbortController()
  // A job of a killed worker stays locked for hours, so runs are also looked for.
  const timer = setInterval(() => {
    const sweep = sweepRuns(services, { busy, signal: closing.signal })
      .catch((error: unknown) => log.error({ err: error }, 'Looking for runs that were left failed; it is tried again'))
      .finally(() => sweeps.delete(sweep))
    sweeps.add(sweep)
  }, services.timing.sweepEveryMs)

  return {
    async close() {
      clearInterval(timer)
      closing.abort()
      await Promise.allSettled([runner.stop(), feeds.close(), ...sweeps])
      await jobs.close()
    },
  }
}

const loggerOf = (log: Log) =>
  new Logger(() => (level, message) => {
    if (level === 'error') log.error({}, message)
    else if (level === 'warning') log.warn({}, message)
    else log.debug({}, message)
  })
