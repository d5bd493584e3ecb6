/** `/subscriptions/content` and the content itself: blobs of audit records, by when they landed. */
import type { AuditContent } from '../audit/content.ts'
import { chanceOf, shuffledBy } from '../random.ts'
import { type ContentType, type FeedSettings, feedDefaults } from '../world.ts'
import {
  contentExpired,
  contentUnknown,
  invalidNextPage,
  invalidRange,
  noSubscription,
  subscriptionDisabled,
  wrongType,
} from './errors.ts'
import { contentTypeOf, type FeedAnswer, type FeedRequest, type FeedRoute, subscriptionOf } from './route.ts'

export const contentRoutes: readonly FeedRoute[] = [
  { method: 'GET', path: '/subscriptions/content', handler: list },
  { method: 'GET', path: '/audit/{id}', handler: records },
]

const hourMs = 3_600_000
const keptMs = 7 * 24 * hourMs
const windowMaxMs = 24 * hourMs

interface Page {
  /** The moment of the first page: what lands later does not shift the pages. */
  asOf: number
  offset: number
}

function list(request: FeedRequest): FeedAnswer {
  const { engine, tenant, url } = request
  const contentType = contentTypeOf(request)
  const since = requireSubscription(request, contentType)
  const page = pageOf(url) ?? { asOf: engine.now().getTime(), offset: 0 }
  const { start, end } = rangeOf(url, page.asOf, engine.now().getTime())
  const landed = (tenant.auditContent ?? []).filter((content) => {
    const created = Date.parse(content.contentCreated)
    const isInRange = created >= start && created < end && created >= since && created <= page.asOf
    return content.contentType === contentType && isInRange
  })
  const settings = { ...feedDefaults, ...engine.world.switches?.feed }
  const listed = inListOrder(landed, settings, engine.seed)
  const next = page.offset + settings.pageSize
  return {
    ...(next < listed.length && { headers: { NextPageUri: nextPageUri(request, { ...page, offset: next }) } }),
    body: listed.slice(page.offset, next).map((content) => shown(request, content)),
  }
}

function records(request: FeedRequest): FeedAnswer {
  const { engine, tenant, contentId } = request
  const now = engine.now().getTime()
  const content = tenant.auditContent?.find((one) => one.contentId === contentId)
  if (!content || Date.parse(content.contentCreated) > now) throw contentUnknown(contentId)
  requireSubscription(request, content.contentType)
  if (Date.parse(content.contentCreated) + keptMs <= now) throw contentExpired(contentId)
  return { body: content.records }
}

/** Since when its content is for the caller. Throws when it cannot read the type. */
function requireSubscription(request: FeedRequest, contentType: ContentType): number {
  const subscription = subscriptionOf(request, contentType)
  if (subscription?.disabledByAdmin) throw subscriptionDisabled()
  if (subscription?.status !== 'enabled') throw noSubscription()
  return subscription.contentSince ? Date.parse(subscription.contentSince) : 0
}

/** Both times or neither; without them the last 24 hours. */
function rangeOf({ searchParams }: URL, asOf: number, now: number): { start: number; end: number } {
  const [startTime, endTime] = [searchParams.get('startTime'), searchParams.get('endTime')]
  // The last moment itself is in it.
  if (startTime === null && endTime === null) return { start: asOf - windowMaxMs, end: asOf + 1 }
  if (startTime === null || endTime === null) throw invalidRange('AF20030')
  const start = timeOf('startTime', startTime)
  const end = timeOf('endTime', endTime)
  if (start >= end || end - start > windowMaxMs) throw invalidRange('AF20030')
  if (start < now - keptMs) throw invalidRange('AF20055')
  return { start, end }
}

/** UTC, without a zone mark. */
function timeOf(name: string, text: string): number {
  const isForm = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?$/.test(text)
  const time = isForm ? Date.parse(text.includes('T') ? `${text}Z` : text) : Number.NaN
  if (Number.isNaN(time)) throw wrongType(name, 'DateTime')
  return time
}

/** Some blobs stand in the list a second time, and the list keeps no order. */
function inListOrder(
  landed: readonly AuditContent[],
  { duplicates, shuffled }: Required<FeedSettings>,
  seed: number,
): AuditContent[] {
  const twice = duplicates ? landed.filter(({ contentId }) => chanceOf(String(seed), contentId, 'twice') < 0.15) : []
  const inOrder = [...landed, ...twice].toSorted((a, b) => a.contentCreated.localeCompare(b.contentCreated))
  return shuffled ? shuffledBy(inOrder, String(seed), 'list') : inOrder
}

const rootOf = ({ url, tenant }: FeedRequest): string => `${url.origin}/api/v1.0/${tenant.id}/activity/feed`

function shown(request: FeedRequest, { contentType, contentId, contentCreated }: AuditContent): object {
  return {
    contentType,
    contentId,
    contentUri: `${rootOf(request)}/audit/${contentId}`,
    contentCreated,
    contentExpiration: new Date(Date.parse(contentCreated) + keptMs).toISOString(),
  }
}

function nextPageUri(request: FeedRequest, page: Page): string {
  const query = new URLSearchParams(request.url.searchParams)
  query.set('nextPage', Buffer.from(JSON.stringify([page.asOf, page.offset])).toString('base64url'))
  return `${rootOf(request)}/subscriptions/content?${query}`
}

/** Null: the first page. */
function pageOf({ searchParams }: URL): Page | null {
  const token = searchParams.get('nextPage')
  if (token === null) return null
  try {
    const [asOf, offset] = JSON.parse(Buffer.from(token, 'base64url').toString())
    if (Number.isInteger(asOf) && Number.isInteger(offset) && offset > 0) return { asOf, offset }
  } catch {
    // Falls through: it is no token of ours.
  }
  throw invalidNextPage()
}
