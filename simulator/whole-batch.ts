import { Buffer } from 'node:buffer'
import type { MiddlewareHandler } from 'hono'
import type { SimulatorEngine } from './engine.ts'
import type { Reply, Service } from './engine-types.ts'
import { decodePart } from './tokens.ts'

/**
 * Faults of whole batches: a fault whose `path` names `$batch` strikes the HTTP request, all others strike single calls
 * (items included) inside `Engine.perform`.
 */
export function withWholeBatchFaults(engine: SimulatorEngine, service: Service, root: string): MiddlewareHandler {
  return async (c, next) => {
    if (!c.req.path.endsWith('/$batch')) return next()
    const claims = decodePart(c.req.header('authorization')?.split('.')[1] ?? '')
    const tenantId = typeof claims?.tid === 'string' ? claims.tid : null
    const appId = typeof claims?.appid === 'string' ? claims.appid : null
    const target = { service, method: c.req.method, path: c.req.path.slice(root.length), tenantId }
    const record = (status: number): void =>
      engine.journal({ ...target, batchId: null, status, appId, userId: null, mutates: false })

    let reply: Reply | null
    try {
      reply = await engine.beforeBatch(target)
    } catch (error) {
      record(0)
      throw error
    }
    if (!reply) {
      await next()
      await engine.afterBatch(target)
      return
    }
    record(reply.status)
    return replied(reply)
  }
}

export function replied({ status, headers = {}, body }: Reply): Response {
  if (body === null || body === undefined) return new Response(null, { status, headers })
  if (Buffer.isBuffer(body)) return new Response(new Uint8Array(body), { status, headers })
  return Response.json(body, { status, headers })
}
