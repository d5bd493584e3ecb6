/** The worker as a process: on SIGTERM or SIGINT it finishes the jobs under way. */
import type { Config, Secrets } from './config.ts'
import { connectServices, createLog, type ProcessTiming, workerTiming } from './connect.ts'
import { createWorker } from './worker.ts'

export interface WorkerProcess {
  close(): Promise<void>
  closed: Promise<void>
}

export interface WorkerOptions {
  config: Config
  secrets: Secrets
  timing?: ProcessTiming
}

/** Throws when `DATABASE_JOBS_URL` is unset. Installs handlers for SIGTERM and SIGINT. */
export async function runWorker({ config, secrets, timing = workerTiming }: WorkerOptions): Promise<WorkerProcess> {
  if (secrets.databaseJobsUrl === null) throw new Error('DATABASE_JOBS_URL is missing')
  const log = createLog(config.logLevel)
  // Connections of its own, also beside a gateway: what catches up never keeps an operator waiting.
  const { services, close: disconnect } = connectServices(config, secrets, log, 'tourniquet-worker', timing)
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
