/** A blob's records become events, in the transaction that remembers the blob. */
import { addFeedCounts, type FeedCounts, type OpenBlob, settleBlob } from '../../db/feed.ts'
import { classify } from '../events/classify.ts'
import { type Accepted, changedAnything, count, noCounts, storeAccepted } from '../events/store.ts'
import type { Turn } from './turn.ts'

const batchSizeMax = 500

/**
 * Once stored, a record is not stored again, from whichever blob it comes: a large blob that is cut off between two batches is
 * read again as a whole.
 */
export async function storeBlob(turn: Turn, { contentId }: OpenBlob, records: readonly unknown[]): Promise<void> {
  const { feed, services } = turn
  const { accepted, unreadable } = classified(turn, records)
  for (let start = 0; start === 0 || start < accepted.length; start += batchSizeMax) {
    const batch = accepted.slice(start, start + batchSizeMax)
    const isLast = start + batchSizeMax >= accepted.length
    await turn.write(async (tx) => {
      const counts = noCounts()
      count(counts, batch, await storeAccepted(tx, feed.tenantId, batch, 'FEED'))
      const { merged, noEvent, duplicates } = counts
      const added: FeedCounts = {
        blobs: isLast ? 1 : 0,
        events: Object.values(counts.events).reduce((sum, one) => sum + one, 0),
        merged,
        noEvent,
        duplicates,
        unreadable: isLast ? unreadable : 0,
      }
      await addFeedCounts(tx, feed, added, changedAnything(counts) ? services.now() : null)
      if (isLast) await settleBlob(tx, feed, contentId, services.now())
    })
  }
}

/** What is no audit record, or names another tenant than the one whose feed it came by, is counted and kept out. */
function classified(
  { feed, services }: Turn,
  records: readonly unknown[],
): { accepted: Accepted[]; unreadable: number } {
  const accepted = records.flatMap((record): Accepted[] => {
    const found = classify(record, { tenantId: feed.tenantId, ownAppId: services.clientId })
    return 'tenantId' in found && found.tenantId === feed.tenantId ? [found] : []
  })
  return { accepted, unreadable: records.length - accepted.length }
}
