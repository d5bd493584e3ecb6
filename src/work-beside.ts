/** The worker inside a gateway's process: an installation of one process reads its feeds and settles its runs, too. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config, Secrets } from './config.ts'
import type { Services } from './context.ts'
import { migrationsPending } from './db/migrate.ts'

const pauseMs = 5_000

/** Returns at once. While the database is away or older than this program the gateway says so; the worker begins when it is ready. */
export function workBeside(
  { config, secrets }: { config: Config; secrets: Secrets },
  { db, log }: Pick<Services, 'db' | 'log'>,
): { close(): Promise<void> } {
  const closing = new AbortController()
  if (!config.worker) return { close: async () => {} }
  if (secrets.databaseJobsUrl === null) {
    log.warn(
      {},
      'No worker in this process: DATABASE_JOBS_URL is missing. Events come in while "tourniquet worker" runs.',
    )
    return { close: async () => {} }
  }

  async function begin() {
    while (!closing.signal.aborted) {
      try {
        if (!(await migrationsPending(db))) {
          // Loaded only now: the gateway answers first.
          const { runWorker } = await import('./run-worker.ts')
          return await runWorker({ config, secrets })
        }
      } catch (error) {
        log.error({ err: error }, 'The worker could not begin; it is tried again')
      }
      await sleep(pauseMs, undefined, { signal: closing.signal }).catch(() => {})
    }
    return null
  }

  const beginning = begin()
  return {
    async close() {
      closing.abort()
      const worker = await beginning
      await worker?.close()
    },
  }
}
