/** Graph's errors. */
import type { UpstreamError } from '../errors.ts'
import { brokenConnection, failedAnswer, type Headers, headerOf } from '../failures.ts'
import type { HttpAnswer } from '../http.ts'
import { isObject } from '../json.ts'
import type { Answer } from '../types.ts'

/** What a GraphAnswer is made of, alone or as an item of a batch. */
export interface GraphReply {
  status: number
  headers: Headers
  body: unknown
}

/** `acted` when an answer that cannot be read may belong to a write that succeeded. */
export function replyOf({ status, headers, bytes }: HttpAnswer, acted: boolean): GraphReply {
  const text = bytes.toString('utf8')
  if (text === '') return { status, headers, body: null }
  try {
    return {
      status,
      headers,
      body: headerOf(headers, 'content-type')?.startsWith('text/plain') ? text : JSON.parse(text),
    }
  } catch (cause) {
    if (status >= 300) return { status, headers, body: null }
    throw brokenConnection('graph', { mayHaveActed: acted, status, requestId: headerOf(headers, 'request-id'), cause })
  }
}

export const isSuccess = (status: number): boolean => status >= 200 && status < 300

export const answerOf = ({ status, headers, body }: GraphReply): Answer => ({
  status,
  body,
  requestId: headerOf(headers, 'request-id'),
})

/** Teams answers `Forbidden` for it; the inner code or, where there is none, the message alone tells (reference, section 7). */
function preinstalled(error: Record<string, unknown>, inner: Record<string, unknown>): string | null {
  const code = 'AppIsTenantAdminPreinstalled'
  return inner.code === code || (typeof error.message === 'string' && error.message.includes(code)) ? code : null
}

export function graphFailure(reply: GraphReply, nowMs: number): UpstreamError {
  const error = isObject(reply.body) && isObject(reply.body.error) ? reply.body.error : {}
  const inner = isObject(error.innerError) ? error.innerError : isObject(error.innererror) ? error.innererror : {}
  const code = typeof error.code === 'string' && error.code !== '' ? error.code : null
  const requestId = typeof inner['request-id'] === 'string' ? inner['request-id'] : null
  return failedAnswer({
    service: 'graph',
    status: reply.status,
    headers: reply.headers,
    nowMs,
    upstreamCode: preinstalled(error, inner) ?? code,
    requestId: headerOf(reply.headers, 'request-id') ?? requestId,
    upstreamMessage: error.message,
    // Graph answers 424 for items that were throttled; ours never depend on one another.
    ...(reply.status === 424 && { kind: 'THROTTLED' as const }),
  })
}
