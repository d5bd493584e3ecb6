/** Errors of the Office 365 Management Activity API: `AF…` codes, told apart by whoever asks. */
import type { UpstreamError } from '../errors.ts'
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

export function managementFailure(answer: HttpAnswer, nowMs: number): UpstreamError {
  const body = bodyOf(answer)
  const error = isObject(body) && isObject(body.error) ? body.error : {}
  return failedAnswer({
    service: 'management',
    status: answer.status,
    headers: answer.headers,
    nowMs,
    upstreamCode: typeof error.code === 'string' && error.code !== '' ? error.code : null,
    upstreamMessage: error.message,
  })
}

export const unreadable = ({ status, headers }: HttpAnswer): UpstreamError =>
  brokenConnection('management', { mayHaveActed: false, status, requestId: headerOf(headers, 'request-id') })
