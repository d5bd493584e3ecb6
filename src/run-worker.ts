/** The worker as a process: on SIGTERM or SIGINT it finishes the jobs under way. */
import type { Config, Secrets } from './config.ts'
import { connectServices, createLog } from './connect.ts'
import { createWorker } from './worker.ts'

export interface WorkerProcess {
  close(): Promise<void>
  closed: Promise<void>
}

/** Throws when `DATABASE_JOBS_URL` is unset. Installs handlers for SIGTERM and SIGINT. */
export async function runWorker({ config, secrets }: { config: Config; secrets: Secrets }): Promise<WorkerProcess> {
  if (secrets.databaseJobsUrl === null) throw new Error('DATABASE_JOBS_URL is missing')
  const log = createLog(config.logLevel)
  const { services, close: disconnect } = connectServices(config, secrets, log, 'tourniquet-worker')
  const worker = await createWorker({
    services,
    jobsUrl: secrets.databaseJobsUrl,
    eventRetentionDays: config.eventRetentionDays,
  }).catch(async (error: unknown) => {
    await disconnect()
    throw error
  })
  log.info({}, 'Working')
  const { promise: closed, resolve: hasClosed } = Promise.withResolvers<void>()
  let closing = false
  async function close(): Promise<void> {
    if (closing) return closed
    closing = true
    await worker.close()
    await disconnect()
    for (const signal of signals) process.off(signal, onSignal)
    log.info({}, 'Stopped')
    hasClosed()
  }
  const onSignal = () => void close()
  for (const signal of signals) process.on(signal, onSignal)
  return { close, closed }
}

const signals = ['SIGTERM', 'SIGINT'] as const
