/** Microsoft Graph: the directory as far as the gateway asks for it. */
import { type Context, Hono } from 'hono'
import type { Call, Engine, Reply } from '../engine-types.ts'
import { graphAppId, microsoftResource } from '../microsoft-resources.ts'
import { replied } from '../whole-batch.ts'
import { answerBatch } from './batch.ts'
import { answer, type Graph, idsOf, unreadableBody, withHeaders } from './dispatch.ts'
import { errorReply, GraphError } from './errors.ts'
import type { Version } from './routes.ts'

const audiences = [...(microsoftResource(graphAppId)?.audiences ?? []), graphAppId]

/** To be mounted at `/v1.0`, or with `beta` at `/beta`, where only `transitiveRoleAssignments` is. */
export function graphApp(engine: Engine, version: Version = 'v1.0'): Hono {
  const graph: Graph = { engine, version, state: { absentMailboxes: 0, pinnedRefusals: 0, underWay: new Map() } }
  const app = new Hono()
  app.all('*', async (c) => replied(await received(graph, c)))
  return app
}

async function received(graph: Graph, c: Context): Promise<Reply> {
  const { engine } = graph
  const headers = c.req.header()
  const { origin, pathname, search } = new URL(c.req.url)
  const url = new URL(`${origin}${pathname.slice(`/${graph.version}`.length) || '/'}${search}`)
  const path = `${url.pathname}${url.search}`
  const caller = engine.authenticate(headers.authorization, audiences)
  if (!caller) {
    const ids = idsOf({ headers }, engine.now())
    engine.journal({ ...nobody, method: c.req.method, path })
    return withHeaders(errorReply(unauthenticated(headers.authorization, origin), ids, false), ids)
  }
  const body = await bodyOf(c)
  if (url.pathname.toLowerCase() !== '/$batch' || c.req.method !== 'POST') {
    const call: Call = { method: c.req.method, url, headers, body, caller, batchId: null }
    return answer(graph, call)
  }
  const batch = { caller, origin, headers, body }
  const record = (status: number): void =>
    engine.journal({
      ...nobody,
      method: c.req.method,
      path,
      status,
      tenantId: caller.tenant.id,
      appId: caller.appId,
      userId: caller.userId,
    })
  try {
    const reply = await answerBatch(graph, batch)
    record(reply.status)
    return reply
  } catch (error) {
    record(0)
    throw error
  }
}

const nobody = {
  service: 'graph',
  batchId: null,
  status: 401,
  tenantId: null,
  appId: null,
  userId: null,
  mutates: false,
} as const

async function bodyOf(c: Context): Promise<unknown> {
  const text = await c.req.text()
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return unreadableBody
  }
}

function unauthenticated(authorization: string | undefined, origin: string): GraphError {
  const message = authorization ? 'Access token validation failure.' : 'Access token is empty.'
  return new GraphError(401, 'InvalidAuthenticationToken', message, {
    'WWW-Authenticate': `Bearer realm="", authorization_uri="${origin}/common/oauth2/authorize", client_id="${graphAppId}"`,
  })
}
