/** Whether new events can arrive. The product needs it, no remediation does: nothing is blocked by its faults (B19). */
import type { UpstreamError } from '../../clients/errors.ts'
import type { FeedGap, FeedStatus } from '../../db/feed-status.ts'
import type { ActivityFeed } from '../facts/activity-feed.ts'
import type { Reading } from '../facts/fact.ts'
import type { GrantedPermissions } from '../facts/granted-permissions.ts'
import { isAuditingOff } from '../feed/faults.ts'
import { sentenceOfGap } from '../feed/gaps.ts'
import { type HealthLinks, healthy, unhealthy, unknown } from './health-check.ts'
import type { HealthCheck } from './health-types.ts'

export const feedPermission = 'ActivityFeed.Read'

const name = 'ACTIVITY_FEED'

/** What our workers made of the feed. */
export interface FeedRead {
  statuses: readonly FeedStatus[]
  gaps: readonly FeedGap[]
  now: Date
}

/** A worker comes by every minute, and after long faults every quarter of an hour. */
const lateMs = 45 * 60_000
/** Older gaps are in the audit, and in the tenant's `feed`. */
const gapsShownMs = 7 * 24 * 60 * 60_000

/** `feed` null: it was not asked. Whether anything is subscribed to yet is no fault. */
export function activityFeedCheck(
  links: HealthLinks,
  granted: Reading<GrantedPermissions>,
  feed: Reading<ActivityFeed> | null,
  read: FeedRead | null = null,
): HealthCheck {
  const consented = granted.known && granted.value.state === 'CONSENTED' ? granted.value : null
  if (granted.known && !consented) return unknown(name, 'It cannot be looked at before our application may sign in.')
  if (consented && !consented.application.has(feedPermission)) return permissionMissing(links)
  if (feed === null) return unknown(name, 'The activity feed was not asked.')
  if (!feed.known) return failed(links, feed.error, consented !== null)
  const stopped = feed.value.filter(({ status }) => status !== 'enabled').map(({ contentType }) => contentType)
  if (stopped.length > 0) {
    return unhealthy(
      name,
      `The subscription is switched off: no new events arrive of ${stopped.join(', ')}. Start it again.`,
      { mendUrl: links.subscriptions },
    )
  }
  const fault = read && faultOfReading(links, read)
  if (fault) return fault
  return healthy(name, [`The activity feed answers; subscriptions: ${feed.value.length}.`, ...remarks(read)].join(' '))
}

/** Microsoft answers us, and yet nothing arrives. */
function faultOfReading(links: HealthLinks, { statuses, now }: FeedRead): HealthCheck | null {
  const failing = statuses.filter(({ fault }) => fault !== null)
  const typesOf = (some: readonly FeedStatus[]) => some.map(({ contentType }) => contentType).join(', ')
  const disabled = failing.filter(({ fault }) => fault === 'SUBSCRIPTION_DISABLED')
  if (disabled.length > 0) {
    const message = `An administrator switched the subscription off: no new events arrive of ${typesOf(disabled)}.`
    return unhealthy(name, message, { mendUrl: links.subscriptions })
  }
  const late = statuses.filter(({ listedAt, introducedAt }) => isBefore(listedAt ?? introducedAt, now, lateMs))
  if (late.length === 0) return null
  const since = new Date(Math.min(...late.map(({ listedAt, introducedAt }) => Number(listedAt ?? introducedAt))))
  const what = `Since ${since.toISOString()} nothing was read of ${typesOf(late)}`
  const faults = [...new Set(late.flatMap(({ fault }) => fault ?? []))].join(', ')
  return faults === ''
    ? unknown(name, `${what}: no worker runs. Whoever operates this service has to start one.`)
    : unknown(name, `${what} (${faults}). It is tried again.`)
}

/** What is no fault that anybody could mend, and yet has to be known. */
function remarks(read: FeedRead | null): string[] {
  if (!read) return []
  const failing = read.statuses.reduce((sum, { failingBlobs }) => sum + failingBlobs, 0)
  const gaps = read.gaps.filter(({ noticedAt }) => !isBefore(noticedAt, read.now, gapsShownMs))
  const [newest] = gaps
  return [
    ...(failing > 0 ? [`${failing} blobs could not be read yet; they are tried again.`] : []),
    ...(newest
      ? [
          sentenceOfGap(newest.contentType, { ...newest, from: newest.beginsAt, until: newest.endsAt }),
          ...(gaps.length > 1 ? [`${gaps.length} gaps were found in the last week.`] : []),
        ]
      : []),
  ]
}

const isBefore = (moment: Date, now: Date, ms: number): boolean => now.getTime() - moment.getTime() > ms

function failed(links: HealthLinks, error: UpstreamError, isGranted: boolean): HealthCheck {
  const { kind, upstreamCode } = error
  if (isAuditingOff(error)) {
    const message = 'Auditing is switched off in the tenant: no new events arrive. Turn it on in Microsoft Purview.'
    return unhealthy(name, message, { mendUrl: links.auditing })
  }
  if (upstreamCode === 'AF20023') {
    const message = 'An administrator switched the subscription off: no new events arrive.'
    return unhealthy(name, message, { mendUrl: links.subscriptions })
  }
  if (upstreamCode === 'AF10001' && !isGranted) return permissionMissing(links)
  if (kind === 'FORBIDDEN' || kind === 'UNAUTHORIZED') {
    const message = `The activity feed refuses our token${upstreamCode === null ? '' : ` (${upstreamCode})`}: no new events arrive. A permission that was just granted can take an hour to count.`
    return unhealthy(name, message, { mendUrl: links.consent() })
  }
  return unknown(name, 'The activity feed did not answer. Ask again in a minute.')
}

const permissionMissing = (links: HealthLinks): HealthCheck =>
  unhealthy(name, `${feedPermission} is missing: no new events arrive. No remediation depends on it.`, {
    missingPermissions: [feedPermission],
    mendUrl: links.consent(),
  })
