/** The activity feed as it is shown: to whoever looks at a tenant, and in the numbers of the whole service. */
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { FeedContentType, FeedFault, FeedGapReason } from '../services/feed/types.ts'
import type { Tx } from './connection.ts'
import type { FeedCounts, FeedGapDraft } from './feed.ts'
import { feed, feedGap } from './tables.ts'

export interface FeedStatus extends FeedCounts {
  tenantId: string
  contentType: FeedContentType
  /** When we came to know that it is to be read. */
  introducedAt: Date
  subscribedAt: Date | null
  listedUntil: Date | null
  /** When the list of content was last had. */
  listedAt: Date | null
  receivedAt: Date | null
  fault: FeedFault | null
  faultSince: Date | null
  /** Listed and not fetched yet. */
  openBlobs: number
  /** Of these, tried in vain before. */
  failingBlobs: number
}

export type FeedGap = FeedGapDraft

/** By tenant and type of content; a tenant that was never connected has none. */
export async function feedStatuses(tx: Tx, tenantIds: readonly string[]): Promise<FeedStatus[]> {
  if (tenantIds.length === 0) return []
  const open = (more = sql``) => sql<number>`(select count(*)::int from feed_blob b
    where b.tenant_id = ${feed.tenantId} and b.content_type = ${feed.contentType} and b.settled_at is null ${more})`
  return tx
    .select({
      tenantId: feed.tenantId,
      contentType: feed.contentType,
      introducedAt: feed.introducedAt,
      subscribedAt: feed.subscribedAt,
      listedUntil: feed.listedUntil,
      listedAt: feed.listedAt,
      receivedAt: feed.receivedAt,
      fault: feed.fault,
      faultSince: feed.faultSince,
      blobs: feed.blobs,
      events: feed.events,
      merged: feed.merged,
      noEvent: feed.noEvent,
      duplicates: feed.duplicates,
      unreadable: feed.unreadable,
      openBlobs: open(),
      failingBlobs: open(sql`and b.tries > 0`),
    })
    .from(feed)
    .where(inArray(feed.tenantId, [...tenantIds]))
    .orderBy(feed.tenantId, feed.contentType)
}

/** Newest first. */
export async function feedGaps(tx: Tx, tenantId: string, most: number): Promise<FeedGap[]> {
  return tx
    .select()
    .from(feedGap)
    .where(and(eq(feedGap.tenantId, tenantId)))
    .orderBy(sql`${feedGap.noticedAt} desc, ${feedGap.id} desc`)
    .limit(most)
}

/** Of all tenants of the transaction together. */
export interface FeedTotals {
  counts: FeedCounts
  /** Feeds of connected tenants by their present fault. */
  faults: { fault: FeedFault; feeds: number }[]
  openBlobs: number
  /** Since the content of the feed that is furthest behind was listed; null when nothing is read. */
  oldestListedUntil: Date | null
  gaps: { why: FeedGapReason; gaps: number }[]
}

export async function feedTotals(tx: Tx): Promise<FeedTotals> {
  const [sums] = await tx.execute<Record<keyof FeedCounts | 'oldest' | 'open', string | null>>(sql`
    select coalesce(sum(f.blobs), 0) as blobs, coalesce(sum(f.events), 0) as events, coalesce(sum(f.merged), 0) as merged,
      coalesce(sum(f.no_event), 0) as "noEvent", coalesce(sum(f.duplicates), 0) as duplicates,
      coalesce(sum(f.unreadable), 0) as unreadable,
      min(f.listed_until) filter (where t.status = 'CONNECTED') as oldest,
      (select count(*) from feed_blob where settled_at is null) as open
    from feed f join tenant t on t.id = f.tenant_id`)
  const faults = await tx.execute<{ fault: FeedFault; feeds: number }>(sql`
    select f.fault, count(*)::int as feeds from feed f join tenant t on t.id = f.tenant_id
    where f.fault is not null and t.status = 'CONNECTED' group by f.fault`)
  const gaps = await tx.execute<{ why: FeedGapReason; gaps: number }>(
    sql`select why, count(*)::int as gaps from feed_gap group by why`,
  )
  const number = (name: keyof FeedCounts | 'open') => Number(sums?.[name] ?? 0)
  return {
    counts: {
      blobs: number('blobs'),
      events: number('events'),
      merged: number('merged'),
      noEvent: number('noEvent'),
      duplicates: number('duplicates'),
      unreadable: number('unreadable'),
    },
    faults: faults.map(({ fault, feeds }) => ({ fault, feeds })),
    openBlobs: number('open'),
    oldestListedUntil: sums?.oldest ? new Date(sums.oldest) : null,
    gaps: gaps.map(({ why, gaps: count }) => ({ why, gaps: count })),
  }
}
