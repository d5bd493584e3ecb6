/**
 * Reads the activity feeds of all connected tenants, beside any number of other workers. Each reading is a job of the queue, and
 * the end of one puts the next into it; the lease on the feed's row keeps two from reading one, and shows what died with its worker.
 */
import { z } from 'zod'
import type { Services } from '../../context.ts'
import {
  type FeedKey,
  introduceFeeds,
  queueLeftFeeds,
  readFailingFeedTask,
  readFeedTask,
  recordTended,
  type TakenFeed,
  takeFeed,
} from '../../db/feed.ts'
import { newId } from '../../db/ids.ts'
import { runJobs } from '../../db/job-runner.ts'
import { listAllTenants } from '../../db/tenants.ts'
import { takeTurn } from './take-turn.ts'
import { feedContentTypes } from './types.ts'

export interface FeedReader {
  /** Begins nothing new and gives back what is under way. */
  close(): Promise<void>
}

export interface FeedReaderOptions {
  /** PostgreSQL's address for the role `jobs`. */
  jobsUrl: string
  /** Done for the tenant before a type of content is read for the first time, and then once a day. A failure is logged, and holds nothing up. */
  daily?: readonly ((services: Services, tenantId: string) => Promise<unknown>)[]
  /** Feeds that are read at the same time, at least two. */
  turnsMax?: number
}

const turnsMaxDefault = 16
/** Tenants that answer late or not at all never take more than this share of the turns. */
const failingShare = 1 / 4
const dayMs = 24 * 60 * 60_000

const reading = z.object({ tenantId: z.guid(), contentType: z.enum(feedContentTypes) })

/** Starts at once. */
export async function createFeedReader(
  services: Services,
  { jobsUrl, daily = [], turnsMax = turnsMaxDefault }: FeedReaderOptions,
): Promise<FeedReader> {
  const { db, log, now } = services
  const timing = services.timing.feed
  const closing = new AbortController()

  async function read(payload: unknown): Promise<void> {
    const key: FeedKey = reading.parse(payload)
    const holder = newId(now())
    const taken = await db.withTenants([key.tenantId], (tx) =>
      takeFeed(tx, key, { holder, now: now(), leaseMs: timing.leaseMs }),
    )
    if (!taken) return
    await tend(taken)
    await takeTurn(services, taken, closing.signal)
  }

  async function tend({ tenantId, contentType, tendedAt }: TakenFeed): Promise<void> {
    const isDue = tendedAt === null || now().getTime() - tendedAt.getTime() >= dayMs
    if (!isDue || daily.length === 0) return
    try {
      for (const work of daily) await work(services, tenantId)
      await db.withTenants([tenantId], (tx) => recordTended(tx, { tenantId, contentType }, now()))
    } catch (error) {
      log.warn({ err: error, tenantId }, 'What is done once a day for a tenant failed; its next turn tries again')
    }
  }

  /** New tenants, those that are connected again, and what a dead worker left. */
  async function lookForTenants(): Promise<void> {
    const tenants = await db.plain(listAllTenants)
    const connected = tenants.filter(({ status }) => status === 'CONNECTED').map(({ id }) => id)
    const moment = now()
    await db.withTenants(connected, async (tx) => {
      await introduceFeeds(tx, feedContentTypes, moment)
      await queueLeftFeeds(tx, { now: moment, queuedBefore: new Date(moment.getTime() - timing.leaseMs) })
    })
  }

  let looking: Promise<unknown> | null = null
  const look = () => {
    looking ??= lookForTenants()
      .catch((error: unknown) => log.error({ err: error }, 'Looking for feeds to read failed; it is tried again'))
      .finally(() => {
        looking = null
      })
  }

  const failingMax = Math.max(1, Math.floor(turnsMax * failingShare))
  const queue = { url: jobsUrl, log, pollMs: timing.tickMs }
  const runners = await Promise.all([
    runJobs({ ...queue, concurrency: Math.max(1, turnsMax - failingMax), tasks: { [readFeedTask]: read } }),
    runJobs({ ...queue, concurrency: failingMax, tasks: { [readFailingFeedTask]: read } }),
  ])
  const timer = setInterval(look, timing.tenantsMs)
  look()

  return {
    async close() {
      clearInterval(timer)
      await looking
      closing.abort()
      await Promise.all(runners.map((runner) => runner.close()))
    },
  }
}
