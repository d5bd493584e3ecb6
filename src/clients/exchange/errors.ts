/** Errors of Exchange's admin endpoint, told apart by exception type. */
import type { UpstreamError, UpstreamErrorKind } from '../errors.ts'
import { brokenConnection, failedAnswer, type Headers, headerOf } from '../failures.ts'
import type { HttpAnswer } from '../http.ts'
import { isObject, parseExact } from '../json.ts'

export interface ExchangeReply {
  status: number
  headers: Headers
  /** `undefined` when it is no JSON: some 403 are NUL bytes, falsely declared as gzip. */
  body: unknown
}

export function exchangeReplyOf({ status, headers, bytes }: HttpAnswer): ExchangeReply {
  try {
    return { status, headers, body: parseExact(bytes.toString('utf8')) }
  } catch {
    return { status, headers, body: undefined }
  }
}

export const unreadable = ({ status, headers }: ExchangeReply, mayHaveActed: boolean): UpstreamError =>
  brokenConnection('exchange', { mayHaveActed, status, requestId: headerOf(headers, 'request-id') })

const kindOfException: Readonly<Record<string, UpstreamErrorKind>> = {
  ManagementObjectNotFoundException: 'NOT_FOUND',
  ManagementObjectAmbiguousException: 'BAD_REQUEST',
  RecipientNotFoundException: 'NOT_FOUND',
}

export function exchangeFailure(reply: ExchangeReply, nowMs: number): UpstreamError {
  const error = isObject(reply.body) && isObject(reply.body.error) ? reply.body.error : {}
  const { exception, text } = saidBy(error)
  const known = exception === null ? undefined : kindOfException[exception]
  return failedAnswer({
    service: 'exchange',
    status: reply.status,
    headers: reply.headers,
    nowMs,
    upstreamCode: exception ?? (typeof error.code === 'string' ? error.code : null),
    upstreamMessage: text ?? error.message,
    ...(known && { kind: known, mayHaveActed: false }),
  })
}

/** `Ex6F9304|Microsoft.Exchange.….ManagementObjectNotFoundException|text`: the last part of the type, and the text. */
function saidBy(error: Record<string, unknown>): { exception: string | null; text: string | null } {
  const [detail] = Array.isArray(error.details) ? error.details : []
  const inner = memberOf(error, 'innererror')
  for (const holder of [detail, memberOf(inner, 'internalexception'), error]) {
    if (!isObject(holder) || typeof holder.message !== 'string') continue
    const [, type, ...rest] = holder.message.split('|')
    if (type && /^[\w.+]+$/.test(type)) return { exception: type.split('.').at(-1) ?? null, text: rest.join('|') }
  }
  return { exception: null, text: null }
}

// The service writes `innererror` and `innerError`, `internalexception` and `internalException`.
const memberOf = (value: unknown, name: string): unknown =>
  isObject(value) ? Object.entries(value).find(([key]) => key.toLowerCase() === name)?.[1] : undefined
