/** Errors of the Office 365 Management Activity API: `AF…` codes, told apart by whoever asks. */
import type { UpstreamError, UpstreamErrorKind } from '../errors.ts'
import { brokenConnection, failedAnswer, headerOf } from '../failures.ts'
import type { HttpAnswer } from '../http.ts'
import { isObject, parseExact } from '../json.ts'

/** `undefined` when the answer is no JSON. */
export function bodyOf({ bytes }: HttpAnswer): unknown {
  try {
    return parseExact(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

/** Codes that say more than the status they come with. */
const kinds: Partial<Record<string, UpstreamErrorKind>> = {
  AF10001: 'FORBIDDEN',
  AF20050: 'NOT_FOUND',
  AF20051: 'NOT_FOUND',
  AF429: 'THROTTLED',
  AF50000: 'UNAVAILABLE',
}

export function managementFailure(answer: HttpAnswer, nowMs: number): UpstreamError {
  const body = bodyOf(answer)
  const error = isObject(body) && isObject(body.error) ? body.error : {}
  const upstreamCode = typeof error.code === 'string' && error.code !== '' ? error.code : null
  const kind = upstreamCode === null ? undefined : kinds[upstreamCode]
  return failedAnswer({
    service: 'management',
    status: answer.status,
    headers: answer.headers,
    nowMs,
    upstreamCode,
    ...(kind && { kind }),
    upstreamMessage: error.message,
  })
}

export const unreadable = ({ status, headers }: HttpAnswer): UpstreamError =>
  brokenConnection('management', { mayHaveActed: false, status, requestId: headerOf(headers, 'request-id') })
