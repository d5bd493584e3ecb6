/** `/subscriptions`: an application subscribes to types of content, each for itself. */
import { contentTypeOf as contentTypeOfRecord, landHistory } from '../audit/content.ts'
import type { AuditRecord } from '../sample/record-forms.ts'
import { type ActivitySubscription, type ContentType, feedDefaults, type Tenant } from '../world.ts'
import {
  alreadyEnabled,
  noSubscription,
  parameterMissing,
  subscriptionDisabled,
  webhookNotValidated,
  wrongType,
} from './errors.ts'
import {
  contentTypeOf,
  type FeedAnswer,
  type FeedRequest,
  type FeedRoute,
  requirePermission,
  subscriptionOf,
} from './route.ts'

export const subscriptionRoutes: readonly FeedRoute[] = [
  { method: 'GET', path: '/subscriptions/list', handler: list },
  { method: 'POST', path: '/subscriptions/start', handler: start },
  { method: 'POST', path: '/subscriptions/stop', handler: stop },
]

/** What was stopped stays in the list as disabled. */
function list({ tenant, caller }: FeedRequest): FeedAnswer {
  const own = subscriptionsOf(tenant).filter(({ appId }) => appId === caller.appId)
  return { body: own.map(shown) }
}

function start(request: FeedRequest): FeedAnswer {
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
  subscription.contentSince = contentSince(request, contentType, known !== undefined).toISOString()
  if (!known) tenant.activitySubscriptions = [...subscriptionsOf(tenant), subscription]
  engine.changed(tenant.id)
  return { body: shown(subscription) }
}

/** The first start reaches back some hours; what landed while an application was not subscribed is lost for it. */
function contentSince({ engine, tenant, history }: FeedRequest, contentType: ContentType, isRestart: boolean): Date {
  const now = engine.now()
  if (isRestart) return now
  const settings = engine.world.switches?.feed
  const isFirst = !subscriptionsOf(tenant).some((one) => one.contentType === contentType)
  const isOfIt = (record: AuditRecord): boolean =>
    record.OrganizationId === tenant.id && contentTypeOfRecord(record) === contentType
  if (isFirst) landHistory(tenant, history().filter(isOfIt), now, { seed: engine.seed, settings })
  return new Date(now.getTime() - (settings?.historyHours ?? feedDefaults.historyHours) * 3_600_000)
}

function stop(request: FeedRequest): FeedAnswer {
  const { engine, tenant } = request
  const known = subscriptionOf(request, contentTypeOf(request))
  if (known?.disabledByAdmin) throw subscriptionDisabled()
  if (known?.status !== 'enabled') throw noSubscription()
  known.status = 'disabled'
  engine.changed(tenant.id)
  return { body: null }
}

const subscriptionsOf = (tenant: Tenant): ActivitySubscription[] => tenant.activitySubscriptions ?? []

const shown = ({ contentType, status }: ActivitySubscription): object => ({ contentType, status, webhook: null })

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
