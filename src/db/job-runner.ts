/** Runs jobs of the queue in this process, beside any number of others. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Logger, makeWorkerUtils, type Runner, run, type TaskList } from 'graphile-worker'
import type { Log } from '../context.ts'
import { inSpan, inTrace, newTrace } from '../trace.ts'

export interface JobRunnerOptions {
  /** PostgreSQL's address for the role `jobs`. */
  url: string
  log: Log
  /** By the name of the task. What throws is tried again later, as the queue has it. */
  tasks: Record<string, (payload: unknown) => Promise<void>>
  crontab?: string
  /** Jobs at the same time. */
  concurrency: number
  /** How often it looks for jobs whose time has come; of new ones it is told. */
  pollMs?: number
}

export interface JobRunner {
  /** Begins nothing new, and waits for the jobs under way. */
  close(): Promise<void>
}

const restartPauseMs = 1_000

/** Rejects when it cannot begin. Later the queue gives up when its connection breaks at a bad moment: then it is begun again, until closed. */
export async function runJobs(options: JobRunnerOptions): Promise<JobRunner> {
  const { log } = options
  const closing = new AbortController()
  let runner = await begin(options)

  async function keepRunning(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await runner.promise
        if (closing.signal.aborted) return
        log.warn({}, 'The job queue stopped; it is begun again')
      } catch (error) {
        log.error({ err: error }, 'The job queue broke off; it is begun again')
      }
      await beginAgain()
    }
  }
  async function beginAgain(): Promise<void> {
    while (!closing.signal.aborted) {
      await sleep(restartPauseMs, undefined, { signal: closing.signal }).catch(() => {})
      if (closing.signal.aborted) return
      try {
        runner = await begin(options)
        return
      } catch (error) {
        log.error({ err: error }, 'The job queue could not begin; it is tried again')
      }
    }
  }
  const kept = keepRunning()

  return {
    async close() {
      closing.abort()
      await stop(runner)
      await kept
      // One that was just being begun again.
      await stop(runner)
    },
  }
}

/** Jobs that were tried in vain to the end, or whose key went to another one when their worker died. */
export async function forgetDeadJobs(url: string): Promise<void> {
  const utils = await makeWorkerUtils({ connectionString: url, maxPoolSize: 1 })
  try {
    await utils.cleanup({ tasks: ['DELETE_PERMAFAILED_JOBS'] })
  } finally {
    await utils.release()
  }
}

const stop = (runner: Runner) =>
  runner.stop().catch(() => {
    // It has stopped already.
  })

const begin = ({ url, log, tasks, crontab, concurrency, pollMs }: JobRunnerOptions): Promise<Runner> =>
  run({
    connectionString: url,
    // One listens, one asks for jobs and gives them back; they hold none while they run.
    maxPoolSize: 3,
    concurrency,
    ...(pollMs === undefined ? {} : { pollInterval: pollMs }),
    noHandleSignals: true,
    // Without either it would look for a file.
    ...(crontab === undefined ? { parsedCronItems: [] } : { crontab }),
    // Only in batches does closing wait until the queue knows that a job is done, and is a lost connection no unhandled rejection.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    logger: loggerOf(log),
    taskList: traced(tasks),
  })

/** Each job is a trace of its own. */
const traced = (tasks: JobRunnerOptions['tasks']): TaskList =>
  Object.fromEntries(
    Object.entries(tasks).map(([name, work]) => [
      name,
      (payload: unknown) =>
        inTrace(newTrace(), () => inSpan('job', { attributes: { 'tourniquet.task': name } }, () => work(payload))),
    ]),
  )

const loggerOf = (log: Log) =>
  new Logger(() => (level, message) => {
    if (level === 'error') log.error({}, message)
    else if (level === 'warning') log.warn({}, message)
    else log.debug({}, message)
  })
