/** Exchange's admin endpoint: what the PowerShell module talks to. */
import { type Context, Hono } from 'hono'
import type { Call, Caller, Engine, Reply } from '../engine-types.ts'
import { exchangeAppId, microsoftResource } from '../microsoft-resources.ts'
import { replied } from '../whole-batch.ts'
import { invokeBatch } from './batch.ts'
import { plainErrorReply, unauthenticated } from './errors.ts'
import { invoke, isOwnTenant, otherTenant, refusalOf, withHeaders } from './invoke.ts'

const audiences = [...(microsoftResource(exchangeAppId)?.audiences ?? []), exchangeAppId]

/** To be mounted at `/adminapi`. */
export function exchangeApp(engine: Engine): Hono {
  const app = new Hono()
  app.post('/beta/:tenant/InvokeCommand', (c) => received(engine, c, (call) => invoke(engine, call)))
  app.post('/beta/:tenant/$batch', (c) =>
    received(engine, c, async (call) => {
      const reply = await batchReply(engine, call)
      engine.journal({ ...entryOf(call.method, call.url, call.caller), status: reply.status })
      return reply
    }),
  )
  app.all('/beta/:tenant/:command', (c) => answered(engine, c, 405))
  // The module uses v1.0 for other entity sets only.
  app.all('/v1.0/:tenant/InvokeCommand', (c) => answered(engine, c, 405))
  app.all('*', (c) => answered(engine, c, 404))
  return app
}

async function received(engine: Engine, c: Context, work: (call: Call) => Promise<Reply>): Promise<Response> {
  const headers = c.req.header()
  const url = relativeUrl(c)
  const caller = engine.authenticate(headers.authorization, audiences)
  if (!caller) {
    engine.journal({ ...entryOf(c.req.method, url, null), status: 401 })
    return replied(withHeaders(unauthenticated(engine.world.switches), engine.now()))
  }
  const body: unknown = await c.req.json().catch(() => null)
  try {
    return replied(await work({ method: c.req.method, url, headers, body, caller, batchId: null }))
  } catch (error) {
    // Of a batch that was cut no entry was written yet; single calls are in the journal already.
    if (error instanceof engine.CutConnection && url.pathname.endsWith('$batch')) {
      engine.journal({ ...entryOf(c.req.method, url, caller), status: 0 })
    }
    throw error
  }
}

async function batchReply(engine: Engine, { caller, url, headers, body }: Call): Promise<Reply> {
  const refusal = refusalOf(caller, engine.world.switches)
  if (refusal) return withHeaders(refusal, engine.now())
  if (!isOwnTenant(caller, url)) return withHeaders(plainErrorReply(403, 'Forbidden', otherTenant), engine.now())
  return invokeBatch(engine, caller, url, headers, body)
}

function answered(engine: Engine, c: Context, status: 404 | 405): Response {
  const url = relativeUrl(c)
  const caller = engine.authenticate(c.req.header('authorization'), audiences)
  const reply = caller
    ? status === 405
      ? plainErrorReply(405, 'MethodNotAllowed', 'The requested resource does not support this method.')
      : plainErrorReply(404, 'NotFound', `Resource not found for the segment '${url.pathname}'.`)
    : unauthenticated(engine.world.switches)
  engine.journal({ ...entryOf(c.req.method, url, caller), status: reply.status })
  return replied(withHeaders(reply, engine.now()))
}

function relativeUrl(c: Context): URL {
  const { origin, pathname, search } = new URL(c.req.url)
  return new URL(`${origin}${pathname.replace(/^\/adminapi/, '')}${search}`)
}

const entryOf = (method: string, url: URL, caller: Caller | null) =>
  ({
    service: 'exchange',
    method,
    path: `${url.pathname}${url.search}`,
    batchId: null,
    tenantId: caller?.tenant.id ?? null,
    appId: caller?.appId ?? null,
    userId: caller?.userId ?? null,
    mutates: false,
  }) as const
