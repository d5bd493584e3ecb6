/** A blob's records become events, in the transaction that remembers the blob. */
import { addFeedCounts, type FeedCounts, type OpenBlob, settleBlob } from '../../db/feed.ts'
import { type ReadableRecord, readRecord } from '../events/classify.ts'
import { changedAnything, count, noCounts, storeReadable } from '../events/store.ts'
import type { Turn } from './turn.ts'

const batchSizeMax = 500

/**
 * Once stored, a record is not stored again, from whichever blob it comes: a large blob that is cut off between two batches is
 * read again as a whole.
 */
export async function storeBlob(turn: Turn, { contentId }: OpenBlob, records: readonly unknown[]): Promise<void> {
  const { feed, services } = turn
  const { readable, unreadable } = read(turn, records)
  for (let start = 0; start === 0 || start < readable.length; start += batchSizeMax) {
    const batch = readable.slice(start, start + batchSizeMax)
    const isLast = start + batchSizeMax >= readable.length
    await turn.write(async (tx) => {
      const counts = noCounts()
      count(await storeReadable(tx, batch, { source: 'FEED', ownAppId: services.clientId }), () => [counts])
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
function read({ feed }: Turn, records: readonly unknown[]): { readable: ReadableRecord[]; unreadable: number } {
  const readable = records.flatMap((record): ReadableRecord[] => {
    const found = readRecord(record, { tenantId: feed.tenantId })
    return found.outcome === 'READABLE' && found.tenantId === feed.tenantId ? [found] : []
  })
  return { readable, unreadable: records.length - readable.length }
}
