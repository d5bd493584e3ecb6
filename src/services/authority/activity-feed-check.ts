/** Whether new events can arrive. The product needs it, no remediation does: nothing is blocked by its faults (B19). */
import type { UpstreamError } from '../../clients/errors.ts'
import type { ActivityFeed } from '../facts/activity-feed.ts'
import type { Reading } from '../facts/fact.ts'
import type { GrantedPermissions } from '../facts/granted-permissions.ts'
import { isAuditingOff } from '../feed/faults.ts'
import { type HealthLinks, healthy, unhealthy, unknown } from './health-check.ts'
import type { HealthCheck } from './health-types.ts'

export const feedPermission = 'ActivityFeed.Read'

const name = 'ACTIVITY_FEED'

/** `feed` null: it was not asked. Whether anything is subscribed to yet is no fault. */
export function activityFeedCheck(
  links: HealthLinks,
  granted: Reading<GrantedPermissions>,
  feed: Reading<ActivityFeed> | null,
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
  return healthy(name, `The activity feed answers; subscriptions: ${feed.value.length}.`)
}

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
