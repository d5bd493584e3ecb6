/** The activity feed: who reads which type of content of which tenant, how far, and the blobs that are still to be fetched. */
import { and, eq, isNull, lte, sql } from 'drizzle-orm'
import type { FeedContentType, FeedFault, FeedGapReason } from '../services/feed/types.ts'
import type { Tx } from './connection.ts'
import { storableJson } from './json.ts'
import { feed, feedBlob, feedGap } from './tables.ts'

/** One type of content of one tenant. */
export interface FeedKey {
  tenantId: string
  contentType: FeedContentType
}

/** What a worker took over to read. */
export interface TakenFeed extends FeedKey {
  holder: string
  subscribedAt: Date | null
  listedUntil: Date | null
  lookedBackAt: Date | null
  tendedAt: Date | null
  fault: FeedFault | null
  faultSince: Date | null
  failures: number
}

export interface ListedBlob {
  contentId: string
  contentUri: string
  createdAt: Date
  expiresAt: Date
}

export interface OpenBlob extends ListedBlob {
  tries: number
}

export interface FeedCounts {
  blobs: number
  events: number
  merged: number
  noEvent: number
  duplicates: number
  unreadable: number
}

export interface FeedGapDraft extends FeedKey {
  id: string
  beginsAt: Date
  endsAt: Date
  why: FeedGapReason
  /** Null where nobody knows how many there were. */
  blobs: number | null
  noticedAt: Date
}

const ofKey = ({ tenantId, contentType }: FeedKey) =>
  and(eq(feed.tenantId, tenantId), eq(feed.contentType, contentType))
const blobsOf = ({ tenantId, contentType }: FeedKey) =>
  and(eq(feedBlob.tenantId, tenantId), eq(feedBlob.contentType, contentType))

/** Gives every connected tenant of the transaction a feed of each type, due at once. Those that are there stay as they are. */
export async function introduceFeeds(tx: Tx, contentTypes: readonly FeedContentType[], now: Date): Promise<void> {
  await tx.execute(sql`
    insert into feed (tenant_id, content_type, introduced_at, due_at)
    select tenant.id, type, ${now.toISOString()}::timestamptz, ${now.toISOString()}::timestamptz from tenant cross join unnest(${sql.param(contentTypes)}::text[]) type
    where tenant.status = 'CONNECTED'
      and not exists (select from feed where feed.tenant_id = tenant.id and feed.content_type = type)
    on conflict do nothing`)
}

/**
 * Takes feeds that are due and that no living worker reads, longest due first: whoever has just been read waits behind all others.
 * `failing` are those whose last turn ended with a fault.
 */
export async function takeDueFeeds(
  tx: Tx,
  {
    holder,
    now,
    leaseMs,
    failing,
    most,
  }: { holder: string; now: Date; leaseMs: number; failing: boolean; most: number },
): Promise<TakenFeed[]> {
  if (most <= 0) return []
  const moment = sql`${now.toISOString()}::timestamptz`
  // Materialized, or the plan might run the limit again for every row that it compares.
  const due = sql`(
    with due as materialized (
      select f.tenant_id, f.content_type from feed f join tenant t on t.id = f.tenant_id
      where t.status = 'CONNECTED' and f.due_at <= ${moment} and (f.holder is null or f.lease_ends_at < ${moment})
        and (f.failures > 0) = ${failing}
      order by f.due_at limit ${most} for update of f skip locked)
    select tenant_id, content_type from due)`
  return tx
    .update(feed)
    .set({ holder, leaseEndsAt: after(now, leaseMs) })
    .where(sql`(${feed.tenantId}, ${feed.contentType}) in ${due}`)
    .returning({
      tenantId: feed.tenantId,
      contentType: feed.contentType,
      holder: sql<string>`${feed.holder}`,
      subscribedAt: feed.subscribedAt,
      listedUntil: feed.listedUntil,
      lookedBackAt: feed.lookedBackAt,
      tendedAt: feed.tendedAt,
      fault: feed.fault,
      faultSince: feed.faultSince,
      failures: feed.failures,
    })
}

/** Extends the lease, and keeps others off the row until the transaction ends. False when it is lost, or the tenant is connected no more. */
export async function holdFeed(tx: Tx, key: FeedKey, holder: string, now: Date, leaseMs: number): Promise<boolean> {
  const rows = await tx
    .update(feed)
    .set({ leaseEndsAt: after(now, leaseMs) })
    .where(
      and(
        ofKey(key),
        eq(feed.holder, holder),
        sql`exists (select from tenant where tenant.id = ${feed.tenantId} and tenant.status = 'CONNECTED')`,
      ),
    )
    .returning({ tenantId: feed.tenantId })
  return rows.length > 0
}

export interface TurnEnd {
  dueAt: Date
  fault: FeedFault | null
  faultSince: Date | null
  failures: number
}

/** Gives the feed back; nothing happens when the lease was lost. */
export async function endTurn(tx: Tx, key: FeedKey, holder: string, end: TurnEnd): Promise<void> {
  await tx
    .update(feed)
    .set({ ...end, holder: null, leaseEndsAt: null })
    .where(and(ofKey(key), eq(feed.holder, holder)))
}

export async function recordTended(tx: Tx, key: FeedKey, tendedAt: Date): Promise<void> {
  await tx.update(feed).set({ tendedAt }).where(ofKey(key))
}

export async function recordSubscribed(tx: Tx, key: FeedKey, subscribedAt: Date): Promise<void> {
  await tx.update(feed).set({ subscribedAt }).where(ofKey(key))
}

/** Adds what was listed; what is known already, to be fetched or settled, stays as it is. */
export async function addListed(tx: Tx, key: FeedKey, blobs: readonly ListedBlob[], now: Date): Promise<void> {
  if (blobs.length === 0) return
  const rows = blobs.map(({ contentId, contentUri, createdAt, expiresAt }) => ({
    content_id: contentId,
    content_uri: contentUri,
    created_at: createdAt.toISOString(),
    expires_at: expiresAt.toISOString(),
  }))
  await tx.execute(sql`
    insert into feed_blob (tenant_id, content_type, content_id, content_uri, created_at, expires_at, due_at)
    select ${key.tenantId}::uuid, ${key.contentType}, content_id, content_uri, created_at, expires_at, ${now.toISOString()}::timestamptz
    from jsonb_to_recordset(${storableJson(rows)}::jsonb)
      b(content_id text, content_uri text, created_at timestamptz, expires_at timestamptz)
    on conflict do nothing`)
}

/** All content before `until` is listed. Settled blobs made before `forgetBefore` go: they are not listed again. */
export async function advanceListing(
  tx: Tx,
  key: FeedKey,
  { until, now, lookedBack, forgetBefore }: { until: Date; now: Date; lookedBack: boolean; forgetBefore: Date },
): Promise<void> {
  await tx
    .update(feed)
    .set({
      listedUntil: sql`greatest(${feed.listedUntil}, ${until.toISOString()})`,
      listedAt: now,
      ...(lookedBack && { lookedBackAt: now }),
    })
    .where(ofKey(key))
  await tx
    .delete(feedBlob)
    .where(
      and(
        blobsOf(key),
        sql`${feedBlob.settledAt} is not null`,
        sql`${feedBlob.createdAt} < ${forgetBefore.toISOString()}`,
      ),
    )
}

/** Blobs to be fetched now, newest first: what happens now is worth more than what is caught up on. */
export async function dueBlobs(tx: Tx, key: FeedKey, now: Date, most: number): Promise<OpenBlob[]> {
  return tx
    .select({
      contentId: feedBlob.contentId,
      contentUri: feedBlob.contentUri,
      createdAt: feedBlob.createdAt,
      expiresAt: feedBlob.expiresAt,
      tries: feedBlob.tries,
    })
    .from(feedBlob)
    .where(and(blobsOf(key), isNull(feedBlob.settledAt), lte(feedBlob.dueAt, now)))
    .orderBy(sql`${feedBlob.createdAt} desc`)
    .limit(most)
}

export async function settleBlob(tx: Tx, key: FeedKey, contentId: string, now: Date): Promise<void> {
  await tx
    .update(feedBlob)
    .set({ settledAt: now })
    .where(and(blobsOf(key), eq(feedBlob.contentId, contentId)))
}

/** It is tried again at `dueAt`. */
export async function postponeBlob(tx: Tx, key: FeedKey, contentId: string, dueAt: Date): Promise<void> {
  await tx
    .update(feedBlob)
    .set({ dueAt, tries: sql`${feedBlob.tries} + 1` })
    .where(and(blobsOf(key), eq(feedBlob.contentId, contentId)))
}

/** Adds what came of records. `receivedAt` null: nothing new arrived. */
export async function addFeedCounts(
  tx: Tx,
  key: FeedKey,
  { blobs, events, merged, noEvent, duplicates, unreadable }: FeedCounts,
  receivedAt: Date | null,
): Promise<void> {
  await tx
    .update(feed)
    .set({
      blobs: sql`${feed.blobs} + ${blobs}`,
      events: sql`${feed.events} + ${events}`,
      merged: sql`${feed.merged} + ${merged}`,
      noEvent: sql`${feed.noEvent} + ${noEvent}`,
      duplicates: sql`${feed.duplicates} + ${duplicates}`,
      unreadable: sql`${feed.unreadable} + ${unreadable}`,
      ...(receivedAt && { receivedAt }),
    })
    .where(ofKey(key))
}

export async function insertGap(tx: Tx, gap: FeedGapDraft): Promise<void> {
  await tx.insert(feedGap).values(gap)
}

const after = (now: Date, ms: number): Date => new Date(now.getTime() + ms)
