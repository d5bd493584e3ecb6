/**
 * Reads the activity feeds, settles runs that were left, whoever left them, ends privileged sessions whose time is over, signs the
 * audit, and keeps events as long as asked.
 */
import { z } from 'zod'
import type { Services } from './context.ts'
import { connect } from './db/connection.ts'
import { forgetDeadJobs, runJobs } from './db/job-runner.ts'
import { auditSchedule, auditTasks } from './services/audit/tasks.ts'
import { endExpiredSessions, endExpiredTask } from './services/authority/privileged-session.ts'
import { retainEvents, retainEventsCrontab, retainEventsTask } from './services/events/retention.ts'
import { tryToRefreshSnapshot } from './services/events/snapshot.ts'
import { createFeedReader } from './services/feed/reader.ts'
import { recoverRun, sweepRuns } from './services/remediations/recover.ts'
import { inTrace, newTrace } from './trace.ts'

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
  const runner = await runJobs({
    url: jobsUrl,
    log,
    concurrency: 5,
    crontab: [auditSchedule, retainEventsCrontab, '35 4 * * * forget-dead-jobs'].join('\n'),
    tasks: {
      ...auditTasks(services),
      'settle-run': async (payload) => {
        const { tenantId, runId } = settleRun.parse(payload)
        // What is not settled yet is the sweep's.
        await recoverRun(services, tenantId, runId)
      },
      [endExpiredTask]: async (payload) => {
        await endExpiredSessions(services, ofTenant.parse(payload).tenantId)
      },
      'forget-dead-jobs': () => forgetDeadJobs(jobsUrl),
      [retainEventsTask]: () => retainEvents(services, jobs, eventRetentionDays),
    },
  })
  const feeds = await createFeedReader(services, { jobsUrl, daily: [tryToRefreshSnapshot] })
  const sweeps = new Set<Promise<unknown>>()
  const busy = new Set<string>()
  const closing = new AbortController()
  // A job of a killed worker stays locked for hours, so runs are also looked for.
  const timer = setInterval(() => {
    const sweep = inTrace(newTrace(), () => sweepRuns(services, { busy, signal: closing.signal }))
      .catch((error: unknown) => log.error({ err: error }, 'Looking for runs that were left failed; it is tried again'))
      .finally(() => sweeps.delete(sweep))
    sweeps.add(sweep)
  }, services.timing.sweepEveryMs)

  return {
    async close() {
      clearInterval(timer)
      closing.abort()
      await Promise.allSettled([runner.close(), feeds.close(), ...sweeps])
      await jobs.close()
    },
  }
}
