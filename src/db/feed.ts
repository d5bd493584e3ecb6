/** The activity feed: who reads which type of content of which tenant, how far, and the blobs that are still to be fetched. */
import { and, eq, isNull, lt, lte, or, sql } from 'drizzle-orm'
import type { FeedContentType, FeedFault, FeedGapReason } from '../services/feed/types.ts'
import type { Tx } from './connection.ts'
import { storableJson } from './json.ts'
import { feed, feedBlob, feedGap } from './tables.ts'

/** Tasks of the queue. Tenants whose last turn ended with a fault have one of their own, so that they never hold up the others. */
export const readFeedTask = 'read-feed'
export const readFailingFeedTask = 'read-failing-feed'

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
const ofConnectedTenant = sql`exists (select from tenant where tenant.id = ${feed.tenantId} and tenant.status = 'CONNECTED')`
const blobsOf = ({ tenantId, contentType }: FeedKey) =>
  and(eq(feedBlob.tenantId, tenantId), eq(feedBlob.contentType, contentType))

/** A job of the queue for each, under a key of its own, so that a feed never waits twice. */
const enqueueReading = (from: string, { runAt = sql`now()`, mode = 'replace' } = {}) => sql`
  select work.enqueue(
    case when failures > 0 then ${readFailingFeedTask} else ${readFeedTask} end,
    jsonb_build_object('tenantId', tenant_id, 'contentType', content_type),
    ${runAt}, 'read-feed ' || tenant_id || ' ' || content_type, ${mode})
  from ${sql.raw(from)}`

/** Gives every connected tenant of the transaction a feed of each type, to be read from then on. Those that are there stay as they are. */
export async function introduceFeeds(tx: Tx, contentTypes: readonly FeedContentType[], from: Date): Promise<void> {
  const moment = sql`${from.toISOString()}::timestamptz`
  await tx.execute(sql`
    with introduced as (
      insert into feed (tenant_id, content_type, introduced_at, due_at, queued_at)
      select tenant.id, type, ${moment}, ${moment}, ${moment}
      from tenant cross join unnest(${sql.param(contentTypes)}::text[]) type
      where tenant.status = 'CONNECTED'
        and not exists (select from feed where feed.tenant_id = tenant.id and feed.content_type = type)
      on conflict do nothing
      returning tenant_id, content_type, failures, due_at)
    ${enqueueReading('introduced', { runAt: sql`due_at` })}`)
}

/**
 * Puts feeds into the queue whose time has come, that nobody reads, and that were not put there since `queuedBefore`: their worker
 * died with the job, or their tenant was not connected when it ran. Whoever waits in the queue keeps its place. At most a thousand.
 */
export async function queueLeftFeeds(tx: Tx, { now, queuedBefore }: { now: Date; queuedBefore: Date }): Promise<void> {
  const moment = sql`${now.toISOString()}::timestamptz`
  await tx.execute(sql`
    with idle as materialized (
      select f.tenant_id, f.content_type from feed f join tenant t on t.id = f.tenant_id
      where t.status = 'CONNECTED' and f.due_at <= ${moment} and (f.holder is null or f.lease_ends_at < ${moment})
        and (f.queued_at is null or f.queued_at < ${queuedBefore.toISOString()}::timestamptz)
      order by f.due_at limit 1000 for update of f skip locked),
    queued as (
      update feed f set queued_at = ${moment} from idle
      where f.tenant_id = idle.tenant_id and f.content_type = idle.content_type
      returning f.tenant_id, f.content_type, f.failures)
    ${enqueueReading('queued', { mode: 'preserve_run_at' })}`)
}

/** Takes a feed to read it; null while a living worker has it, or when its tenant is not connected. */
export async function takeFeed(
  tx: Tx,
  key: FeedKey,
  { holder, now, leaseMs }: { holder: string; now: Date; leaseMs: number },
): Promise<TakenFeed | null> {
  const [taken] = await tx
    .update(feed)
    .set({ holder, leaseEndsAt: after(now, leaseMs) })
    .where(and(ofKey(key), or(isNull(feed.holder), lt(feed.leaseEndsAt, now)), ofConnectedTenant))
    .returning({
      tenantId: feed.tenantId,
      contentType: feed.contentType,
      subscribedAt: feed.subscribedAt,
      listedUntil: feed.listedUntil,
      lookedBackAt: feed.lookedBackAt,
      tendedAt: feed.tendedAt,
      fault: feed.fault,
      faultSince: feed.faultSince,
      failures: feed.failures,
    })
  return taken ? { ...taken, holder } : null
}

/** Extends the lease, and keeps others off the row until the transaction ends. False when it is lost, or the tenant is connected no more. */
export async function holdFeed(tx: Tx, key: FeedKey, holder: string, now: Date, leaseMs: number): Promise<boolean> {
  const rows = await tx
    .update(feed)
    .set({ leaseEndsAt: after(now, leaseMs) })
    .where(and(ofKey(key), eq(feed.holder, holder), ofConnectedTenant))
    .returning({ tenantId: feed.tenantId })
  return rows.length > 0
}

export interface TurnEnd {
  dueAt: Date
  fault: FeedFault | null
  faultSince: Date | null
  failures: number
}

/** Gives the feed back and puts its next reading into the queue; nothing happens when the lease was lost. */
export async function endTurn(tx: Tx, key: FeedKey, holder: string, now: Date, end: TurnEnd): Promise<void> {
  const { dueAt, fault, faultSince, failures } = end
  // By the database's own clock, which the queue goes by.
  const runAt = sql`now() + ${Math.max(0, dueAt.getTime() - now.getTime())} * interval '1 millisecond'`
  await tx.execute(sql`
    with ended as (
      update feed set holder = null, lease_ends_at = null, due_at = ${dueAt.toISOString()}::timestamptz,
        queued_at = ${now.toISOString()}::timestamptz, fault = ${fault}, failures = ${failures},
        fault_since = ${faultSince?.toISOString() ?? null}::timestamptz
      where tenant_id = ${key.tenantId}::uuid and content_type = ${key.contentType} and holder = ${holder}::uuid
      returning tenant_id, content_type, failures)
    ${enqueueReading('ended', { runAt })}`)
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
