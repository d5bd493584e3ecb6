/**
 * Reads the activity feeds of all connected tenants, beside any number of other workers: each takes feeds that are due, and
 * whoever dies loses them when the lease ends.
 */
import type { Services } from '../../context.ts'
import { introduceFeeds, recordTended, type TakenFeed, takeDueFeeds } from '../../db/feed.ts'
import { newId } from '../../db/ids.ts'
import { listAllTenants } from '../../db/tenants.ts'
import { inSpan, inTrace, newTrace } from '../../trace.ts'
import { takeTurn } from './take-turn.ts'
import { feedContentTypes } from './types.ts'

export interface FeedReader {
  /** Begins nothing new and gives back what is under way. */
  close(): Promise<void>
}

export interface FeedReaderOptions {
  /** Done for the tenant before a type of content is read for the first time, and then once a day. A failure is logged, and holds nothing up. */
  daily?: readonly ((services: Services, tenantId: string) => Promise<unknown>)[]
  /** Feeds that are read at the same time. */
  turnsMax?: number
}

const turnsMaxDefault = 16
/** Tenants that answer late or not at all never take more than this share of the turns. */
const failingShare = 1 / 4
const dayMs = 24 * 60 * 60_000

/** Starts at once. */
export function createFeedReader(
  services: Services,
  { daily = [], turnsMax = turnsMaxDefault }: FeedReaderOptions = {},
): FeedReader {
  const { db, log, now } = services
  const timing = services.timing.feed
  const holder = newId(now())
  const closing = new AbortController()
  const turns = new Map<Promise<void>, { failing: boolean }>()
  let tenantIds: string[] = []
  let lookedForTenantsAt = Number.NEGATIVE_INFINITY

  async function lookForTenants(): Promise<void> {
    if (performance.now() - lookedForTenantsAt < timing.tenantsMs) return
    const tenants = await db.plain(listAllTenants)
    tenantIds = tenants.filter(({ status }) => status === 'CONNECTED').map(({ id }) => id)
    await db.withTenants(tenantIds, (tx) => introduceFeeds(tx, feedContentTypes, now()))
    lookedForTenantsAt = performance.now()
  }

  async function takeWhatIsDue(): Promise<void> {
    await lookForTenants()
    for (const failing of [false, true]) {
      const busy = [...turns.values()].filter((turn) => turn.failing).length
      const free = turnsMax - turns.size
      const most = failing ? Math.min(free, Math.max(1, turnsMax * failingShare) - busy) : free
      if (most <= 0) continue
      const taken = await db.withTenants(tenantIds, (tx) =>
        takeDueFeeds(tx, { holder, now: now(), leaseMs: timing.leaseMs, failing, most }),
      )
      for (const feed of taken) begin(feed, failing)
    }
  }

  function begin(feed: TakenFeed, failing: boolean): void {
    const taken = () => inSpan('feed turn', {}, () => tend(feed).then(() => takeTurn(services, feed, closing.signal)))
    const turn = inTrace(newTrace(), taken).finally(() => turns.delete(turn))
    turns.set(turn, { failing })
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

  let ticking: Promise<unknown> | null = null
  let restsUntil = Number.NEGATIVE_INFINITY
  const tick = () => {
    if (performance.now() < restsUntil) return
    ticking ??= takeWhatIsDue()
      .catch((error: unknown) => {
        restsUntil = performance.now() + timing.tenantsMs
        log.error({ err: error }, 'Looking for feeds that are due failed; it is tried again')
      })
      .finally(() => {
        ticking = null
      })
  }
  const timer = setInterval(tick, timing.tickMs)
  tick()

  return {
    async close() {
      clearInterval(timer)
      await ticking
      closing.abort()
      await Promise.allSettled(turns.keys())
    },
  }
}
