/** Fetches the blobs that were listed, some at a time. One that cannot be had never keeps the others waiting. */
import { UpstreamError } from '../../clients/errors.ts'
import { dueBlobs, type OpenBlob, postponeBlob, settleBlob } from '../../db/feed.ts'
import { pauseAfter } from './faults.ts'
import { recordGap } from './gaps.ts'
import { storeBlob } from './store.ts'
import { FeedLostError, type Turn } from './turn.ts'
import type { FeedGapReason } from './types.ts'

/** Fetched side by side for one feed. */
const lanes = 4
const batchSizeMax = 64
/** An answer that is no list of records may have been an accident so many times. */
const triesMax = 5

/** True when nothing is left that could be fetched now. Throws what concerns the feed as a whole. */
export async function fetchBlobs(turn: Turn): Promise<boolean> {
  const { db, now } = turn.services
  while (turn.hasTime()) {
    const blobs = await db.withTenants([turn.feed.tenantId], (tx) => dueBlobs(tx, turn.feed, now(), batchSizeMax))
    if (blobs.length === 0) return true
    await fetchAll(turn, blobs)
  }
  return false
}

type Lost = OpenBlob & { why: FeedGapReason }

async function fetchAll(turn: Turn, blobs: readonly OpenBlob[]): Promise<void> {
  const lost: Lost[] = []
  const waiting = blobs.values()
  let isStopped = false
  const lane = async () => {
    for (const blob of waiting) {
      if (isStopped || !turn.hasTime()) return
      try {
        const why = await fetchOne(turn, blob)
        if (why) lost.push({ ...blob, why })
      } catch (error) {
        isStopped = true
        throw error
      }
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: lanes }, lane))
  const failure = ends.find(({ status }) => status === 'rejected')
  if (lost.length > 0) await giveUp(turn, lost)
  if (failure?.status === 'rejected') throw failure.reason
}

/** Null: its records are stored, or it is tried again later. */
async function fetchOne(turn: Turn, blob: OpenBlob): Promise<FeedGapReason | null> {
  const { services, feed, api } = turn
  if (blob.expiresAt <= services.now()) return 'CONTENT_EXPIRED'
  try {
    await storeBlob(turn, blob, await api.blob(blob.contentUri))
    return null
  } catch (error) {
    if (error instanceof FeedLostError) throw error
    const verdict = verdictOn(error, blob)
    if (verdict === 'FEED') throw error
    if (verdict !== 'LATER') return verdict
    const { tenantId, contentType } = feed
    const { contentId, tries } = blob
    services.log.warn(
      { err: error, tenantId, contentType, contentId, tries },
      'Content could not be read; it is tried again',
    )
    const pauseMs = pauseAfter(error, tries + 1, services.timing.feed)
    await turn.write((tx) => postponeBlob(tx, feed, contentId, new Date(services.now().getTime() + pauseMs)))
    return null
  }
}

/** Whether a failure is the blob's own, to be tried later or given up, or concerns the whole feed. */
function verdictOn(error: unknown, { tries }: OpenBlob): 'FEED' | 'LATER' | FeedGapReason {
  // Whatever our own code could not do with it, the others go on.
  if (!(error instanceof UpstreamError)) return 'LATER'
  const { kind, status, upstreamCode } = error
  switch (kind) {
    case 'NOT_FOUND':
      return 'CONTENT_EXPIRED'
    case 'BAD_REQUEST':
    case 'CONFLICT':
      // No subscription, or one that was switched off.
      if (upstreamCode === 'AF20022' || upstreamCode === 'AF20023') return 'FEED'
      return tries + 1 < triesMax ? 'LATER' : 'CONTENT_UNREADABLE'
    case 'CONNECTION':
      return status === 200 && tries + 1 >= triesMax ? 'CONTENT_UNREADABLE' : 'LATER'
    case 'TIMEOUT':
      return 'LATER'
    case 'UNAVAILABLE':
      // Without a status nothing was sent: the service is not asked for now.
      return status === null ? 'FEED' : 'LATER'
    default:
      return 'FEED'
  }
}

/** One gap for each reason, from the first to the last blob. */
async function giveUp({ feed, services, write }: Turn, lost: readonly Lost[]): Promise<void> {
  const now = services.now()
  await write(async (tx) => {
    for (const { contentId } of lost) await settleBlob(tx, feed, contentId, now)
    for (const [why, blobs] of Map.groupBy(lost, (one) => one.why)) {
      const made = blobs.map(({ createdAt }) => createdAt.getTime())
      const [from, until] = [new Date(Math.min(...made)), new Date(Math.max(...made) + 1)]
      await recordGap(tx, feed, { from, until, why, blobs: blobs.length }, now)
    }
  })
}
