/** What never arrives is stored and audited, in the transaction that goes past it. */
import { appendAudit } from '../../db/audit.ts'
import type { Tx } from '../../db/connection.ts'
import { type FeedKey, insertGap } from '../../db/feed.ts'
import { newId } from '../../db/ids.ts'
import type { FeedGapReason } from './types.ts'

export interface GapFound {
  from: Date
  until: Date
  why: FeedGapReason
  /** Null where nobody knows how many there were. */
  blobs?: number | null
}

export async function recordGap(tx: Tx, key: FeedKey, gap: GapFound, now: Date): Promise<void> {
  const { tenantId, contentType } = key
  const { from, until, why, blobs = null } = gap
  const id = newId(now)
  await insertGap(tx, { tenantId, contentType, id, beginsAt: from, endsAt: until, why, blobs, noticedAt: now })
  const sentence = sentenceOfGap(contentType, gap)
  const details = { gapId: id, contentType, from: from.toISOString(), until: until.toISOString(), why, blobs, sentence }
  await appendAudit(tx, [{ tenantId, name: 'feed.gap_found', at: now, operator: null, details }])
}

const causes: Record<FeedGapReason, string> = {
  NOT_READ_IN_TIME: 'nobody read the feed for longer than the seven days for which Microsoft keeps content',
  CONTENT_EXPIRED: 'the content was gone before it could be fetched',
  CONTENT_UNREADABLE: 'Microsoft answered with something that is no list of records, however often it was asked',
  SUBSCRIPTION_OFF: 'the subscription was off',
  AUDITING_OFF: 'auditing was off in the tenant',
}

export function sentenceOfGap(contentType: string, { from, until, why, blobs }: GapFound): string {
  const what = blobs == null ? contentType : `${blobs} ${blobs === 1 ? 'blob' : 'blobs'} of ${contentType}`
  return `Events may be missing: ${what}, made from ${from.toISOString()} to ${until.toISOString()}, because ${causes[why]}.`
}
