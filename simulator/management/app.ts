/** The Office 365 Management Activity API: subscriptions to the audit records of a tenant. */
import { type Context, Hono } from 'hono'
import type { Call, Caller, Engine, Reply } from '../engine-types.ts'
import { managementAppId, microsoftResource } from '../microsoft-resources.ts'
import { replied } from '../whole-batch.ts'
import { contentRoutes } from './content.ts'
import {
  auditingDisabled,
  errorReply,
  FeedError,
  methodNotAllowed,
  otherTenant,
  pathUnknown,
  unauthenticated,
  unknownTenant,
  wrongType,
} from './errors.ts'
import { type FeedHistory, requirePermission } from './route.ts'
import { subscriptionRoutes } from './subscriptions.ts'

const audiences = [...(microsoftResource(managementAppId)?.audiences ?? []), managementAppId]
const routes = [...subscriptionRoutes, ...contentRoutes]
const guid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** To be mounted at `/api/v1.0`. */
export function managementApp(engine: Engine, history: FeedHistory = () => []): Hono {
  const app = new Hono()
  app.all('*', async (c) => replied(await received(engine, history, c)))
  return app
}

async function received(engine: Engine, history: FeedHistory, c: Context): Promise<Reply> {
  const headers = c.req.header()
  const { origin, pathname, search } = new URL(c.req.url)
  const url = new URL(`${origin}${pathname.slice('/api/v1.0'.length)}${search}`)
  const { method } = c.req
  const caller = engine.authenticate(headers.authorization, audiences)
  if (!caller) {
    const reply = unauthenticated()
    const path = `${url.pathname}${url.search}`
    engine.journal({ ...nobody, method, path, status: reply.status })
    return reply
  }
  const body = await bodyOf(c)
  return engine.perform('management', { method, url, headers, body, caller, batchId: null }, (call) =>
    handled(engine, history, call),
  )
}

const nobody = {
  service: 'management',
  batchId: null,
  tenantId: null,
  appId: null,
  userId: null,
  mutates: false,
} as const

const unreadable = Symbol('unreadable body')

async function bodyOf(c: Context): Promise<unknown> {
  const text = await c.req.text()
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return unreadable
  }
}

function handled(engine: Engine, history: FeedHistory, { method, url, body, caller }: Call): Reply {
  const { tenantId, path, contentId } = partsOf(url)
  const fitting = routes.filter((route) => route.path === path)
  if (fitting.length === 0) return pathUnknown(url.pathname)
  const route = fitting.find((one) => one.method === method)
  if (!route) return methodNotAllowed(method)
  try {
    checkTenant(engine, caller, tenantId)
    requirePermission(caller, 'ActivityFeed.Read')
    checkPublisher(url)
    if (caller.tenant.auditingDisabled) {
      throw auditingDisabled(caller.tenant.id, engine.world.switches?.auditingOffAnswers)
    }
    if (body === unreadable) throw wrongType('body', 'JSON')
    const { tenant } = caller
    const answer = route.handler({ engine, caller, tenant, url, contentId, body, history })
    return { status: 200, ...answer, mutates: false }
  } catch (error) {
    if (error instanceof FeedError) return errorReply(error)
    throw error
  }
}

/** `/{tenant}/activity/feed/…`; the path is empty when it is none of the feed. */
function partsOf({ pathname }: URL): { tenantId: string; path: string; contentId: string } {
  const match = /^\/([^/]+)\/activity\/feed(\/.+?)\/?$/i.exec(pathname)
  const below = match?.[2]?.replaceAll(/%24/g, '$') ?? ''
  const contentId = /^\/audit\/([^/]+)$/i.exec(below)?.[1] ?? ''
  return { tenantId: match?.[1] ?? '', path: contentId ? '/audit/{id}' : below.toLowerCase(), contentId }
}

/** Only by id: domains are not understood. */
function checkTenant({ world }: Engine, { tenant }: Caller, asked: string): void {
  if (!guid.test(asked)) throw wrongType('tenant_id', 'Guid')
  const id = asked.toLowerCase()
  if (!world.tenants.some((one) => one.id === id)) throw unknownTenant(asked)
  if (tenant.id !== id) throw otherTenant(asked, tenant.id)
}

/** Whose quota the call counts for; anybody may leave it out. */
function checkPublisher({ searchParams }: URL): void {
  const publisher = searchParams.get('PublisherIdentifier')
  if (publisher !== null && !guid.test(publisher)) throw wrongType('PublisherIdentifier', 'Guid')
}
