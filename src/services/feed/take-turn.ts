/** One worker's turn on one type of content of one tenant: it lists what is new, fetches what is open, and gives the feed back. */
import { UpstreamError } from '../../clients/errors.ts'
import type { Services } from '../../context.ts'
import type { Tx } from '../../db/connection.ts'
import { endTurn, holdFeed, type TakenFeed, type TurnEnd } from '../../db/feed.ts'
import { fetchBlobs } from './blobs.ts'
import { faultOf, pauseAfter } from './faults.ts'
import { listOrSubscribe } from './listing.ts'
import { FeedLostError, type Turn } from './turn.ts'

/** What is begun in time is finished, at most so much later. */
const graceMs = 30_000

/** Never rejects: a fault is kept with the feed, which is due again after a pause. */
export async function takeTurn(services: Services, feed: TakenFeed, closing: AbortSignal): Promise<void> {
  const { db, microsoft, now, log } = services
  const timing = services.timing.feed
  const { tenantId, contentType, holder } = feed
  const over = new AbortController()
  const signal = AbortSignal.any([closing, over.signal])
  const stopAt = Date.now() + timing.turnMs
  const beganAt = now()
  const hold = (tx: Tx) => holdFeed(tx, feed, holder, now(), timing.leaseMs)
  const turn: Turn = {
    services,
    feed,
    api: microsoft.session({ deadlineAt: stopAt + graceMs, signal }).tenant(tenantId).managementActivity,
    hasTime: () => Date.now() < stopAt && !signal.aborted,
    write: (work) =>
      db.withTenants([tenantId], async (tx) => {
        if (!(await hold(tx))) throw new FeedLostError()
        return work(tx)
      }),
  }
  const heartbeat = setInterval(() => {
    db.withTenants([tenantId], hold).then(
      (isOurs) => !isOurs && over.abort(),
      () => {
        // The lease outlives some heartbeats; each write looks for itself.
      },
    )
  }, timing.heartbeatMs)

  async function read(): Promise<TurnEnd> {
    try {
      // What an earlier turn listed does not wait for the next list.
      await fetchBlobs(turn)
      await listOrSubscribe(turn)
      const isDone = await fetchBlobs(turn)
      const dueAt = isDone ? new Date(beganAt.getTime() + timing.pollMs) : now()
      return { dueAt, fault: null, faultSince: null, failures: 0 }
    } catch (error) {
      // Nobody's fault. Whoever has the feed now is not disturbed, for it is given back by its holder alone.
      if (signal.aborted || error instanceof FeedLostError) return { ...feed, dueAt: now() }
      if (!(error instanceof UpstreamError))
        log.error({ err: error, tenantId, contentType }, 'A feed could not be read')
      return failed(error)
    }
  }

  function failed(error: unknown): TurnEnd {
    const fault = faultOf(error)
    if (fault !== feed.fault) log.warn({ tenantId, contentType, fault }, 'A feed has a fault')
    // A token that was made before a permission was granted does not hold it.
    if (fault === 'PERMISSION_MISSING' || fault === 'TOKEN_REFUSED') microsoft.forgetTokens(tenantId)
    const failures = feed.failures + 1
    const dueAt = new Date(now().getTime() + pauseAfter(error, failures, timing))
    return { dueAt, fault, faultSince: (fault === feed.fault && feed.faultSince) || now(), failures }
  }

  try {
    const { dueAt, fault, faultSince, failures } = await read()
    await db.withTenants([tenantId], (tx) => endTurn(tx, feed, holder, now(), { dueAt, fault, faultSince, failures }))
  } catch (error) {
    // Without the database nothing can be given back: the lease ends by itself.
    log.error({ err: error, tenantId, contentType }, 'A feed was left')
  } finally {
    clearInterval(heartbeat)
    over.abort()
  }
}
