/** One HTTPS call on a pool of kept-alive connections. Follows no redirect, repeats nothing, decompresses nothing. */
import { Agent, type Dispatcher } from 'undici'
import { inSpan } from '../trace.ts'
import { type Bounds, remainingMs, timedOut, whenOver } from './bounds.ts'
import { UpstreamError, type UpstreamService } from './errors.ts'
import { brokenConnection, type Headers, headerOf } from './failures.ts'
import type { ClientTiming } from './timing.ts'

export interface HttpCall {
  service: UpstreamService
  url: string
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  headers: Record<string, string>
  body?: string | undefined
  bounds: Bounds
}

export interface HttpAnswer {
  status: number
  /** Names in lower case. */
  headers: Headers
  bytes: Buffer
}

export interface Http {
  /** Any status is an answer. Throws `UpstreamError` `TIMEOUT` or `CONNECTION`; `mayHaveActed` says whether a byte may have left. */
  send(call: HttpCall): Promise<HttpAnswer>
  close(): Promise<void>
}

export function createHttp({ connectMs }: Pick<ClientTiming, 'connectMs'>): Http {
  const agent = new Agent({
    allowH2: false,
    pipelining: 1,
    connect: { timeout: connectMs },
    keepAliveTimeout: 20_000,
    // The bounds of the call decide, not the pool.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  return {
    send: (call) => tracedSend(agent, call),
    close: () => agent.destroy(),
  }
}

/** Its path and host stay out: they name tenants and people. */
function tracedSend(agent: Agent, call: HttpCall): Promise<HttpAnswer> {
  const { service, method } = call
  const attributes = { 'http.request.method': method, 'tourniquet.service': service }
  return inSpan(`${service} ${method}`, { kind: 'CLIENT', attributes }, async (span) => {
    const heard = (status: number | null, requestId: string | null) => {
      span?.set({
        ...(status !== null && { 'http.response.status_code': status }),
        ...(requestId !== null && { 'tourniquet.upstream_request_id': requestId }),
      })
      call.bounds.heard?.({ service, method, status, requestId })
    }
    try {
      const answer = await sendOn(agent, call)
      heard(answer.status, headerOf(answer.headers, 'request-id'))
      return answer
    } catch (error) {
      if (error instanceof UpstreamError && error.mayHaveActed) heard(null, null)
      throw error
    }
  })
}

// The dispatcher below `request` is used because it tells when a request is written to its connection: whether a write
// may have acted depends on that alone.
function sendOn(agent: Agent, call: HttpCall): Promise<HttpAnswer> {
  if (remainingMs(call.bounds) === 0) return Promise.reject(timedOut(call.service, false))
  const { origin, pathname, search } = new URL(call.url)
  return new Promise((resolve, reject) => {
    const state: { controller: Dispatcher.DispatchController | null; over: boolean } = { controller: null, over: false }
    let status = 0
    let headers: Headers = {}
    const chunks: Buffer[] = []
    const stop = whenOver(call.bounds, () => {
      const sent = state.controller !== null
      fail(timedOut(call.service, sent))
      state.controller?.abort(new Error('the time is over'))
    })
    function fail(error: UpstreamError): void {
      state.over = true
      stop()
      reject(error)
    }
    agent.dispatch(
      { origin, path: pathname + search, method: call.method, headers: call.headers, body: call.body ?? null },
      {
        onRequestStart(controller) {
          // The time went by while the call waited for a connection: nothing is sent.
          if (state.over) controller.abort(new Error('the time is over'))
          else state.controller = controller
        },
        onResponseStart(_controller, statusCode, received) {
          status = statusCode
          headers = received
        },
        onResponseData(_controller, chunk) {
          chunks.push(chunk)
        },
        onResponseEnd() {
          if (state.over) return
          stop()
          resolve({ status, headers, bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) })
        },
        onResponseError(_controller, cause) {
          if (!state.over) fail(brokenConnection(call.service, { mayHaveActed: state.controller !== null, cause }))
        },
      },
    )
  })
}
