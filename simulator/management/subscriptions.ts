/** `/subscriptions`: an application subscribes to types of content, each for itself. */
import { type ActivitySubscription, type ContentType, contentTypes, type Tenant } from '../world.ts'
import {
  alreadyEnabled,
  noSubscription,
  parameterMissing,
  subscriptionDisabled,
  unknownContentType,
  webhookNotValidated,
  wrongType,
} from './errors.ts'
import { type FeedRequest, type FeedRoute, requirePermission } from './route.ts'

export const subscriptionRoutes: readonly FeedRoute[] = [
  { method: 'GET', path: '/subscriptions/list', handler: list },
  { method: 'POST', path: '/subscriptions/start', handler: start },
  { method: 'POST', path: '/subscriptions/stop', handler: stop },
]

/** What was stopped stays in the list as disabled. */
function list({ tenant, caller }: FeedRequest): object[] {
  return subscriptionsOf(tenant)
    .filter(({ appId }) => appId === caller.appId)
    .map(shown)
}

function start(request: FeedRequest): object {
  const { engine, tenant, caller, body } = request
  const contentType = contentTypeOf(request)
  if (contentType === 'DLP.All') requirePermission(caller, 'ActivityFeed.ReadDlp')
  const address = webhookAddressOf(body)
  const known = subscriptionOf(request, contentType)
  if (known?.disabledByAdmin) throw subscriptionDisabled()
  if (address !== null) throw webhookNotValidated(address)
  if (known?.status === 'enabled') throw alreadyEnabled()
  const subscription: ActivitySubscription = known ?? { appId: caller.appId, contentType, status: 'enabled' }
  subscription.status = 'enabled'
  if (!known) tenant.activitySubscriptions = [...subscriptionsOf(tenant), subscription]
  engine.changed(tenant.id)
  return shown(subscription)
}

function stop(request: FeedRequest): null {
  const { engine, tenant } = request
  const known = subscriptionOf(request, contentTypeOf(request))
  if (known?.disabledByAdmin) throw subscriptionDisabled()
  if (known?.status !== 'enabled') throw noSubscription()
  known.status = 'disabled'
  engine.changed(tenant.id)
  return null
}

const subscriptionsOf = (tenant: Tenant): ActivitySubscription[] => tenant.activitySubscriptions ?? []

const subscriptionOf = ({ tenant, caller }: FeedRequest, contentType: ContentType): ActivitySubscription | undefined =>
  subscriptionsOf(tenant).find((one) => one.appId === caller.appId && one.contentType === contentType)

const shown = ({ contentType, status }: ActivitySubscription): object => ({ contentType, status, webhook: null })

/** Names are compared without regard to case. */
function contentTypeOf({ url }: FeedRequest): ContentType {
  const given = url.searchParams.get('contentType')
  if (!given) throw parameterMissing('contentType')
  const known = contentTypes.find((name) => name.toLowerCase() === given.toLowerCase())
  if (!known) throw unknownContentType()
  return known
}

/** Null without a webhook. */
function webhookAddressOf(body: unknown): string | null {
  if (body === null) return null
  const webhook = property(body, 'webhook')
  if (webhook === null || webhook === undefined) return null
  const address = property(webhook, 'address')
  if (address === undefined) throw parameterMissing('webhook.address')
  if (typeof address !== 'string') throw wrongType('webhook.address', 'String')
  return address
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) throw wrongType(name, 'Object')
  return Object.entries(value).find(([key]) => key === name)?.[1]
}
