/** What a status or a broken connection means, the same for every service. */
import { nameOf } from './bounds.ts'
import { UpstreamError, type UpstreamErrorKind, type UpstreamService } from './errors.ts'

export type Headers = Record<string, string | string[] | undefined>

export function kindOfStatus(status: number): UpstreamErrorKind {
  if (status >= 500) return 'UNAVAILABLE'
  switch (status) {
    case 401:
      return 'UNAUTHORIZED'
    case 403:
      return 'FORBIDDEN'
    case 404:
      return 'NOT_FOUND'
    case 409:
    case 412:
      return 'CONFLICT'
    case 408:
      return 'UNAVAILABLE'
    case 429:
      return 'THROTTLED'
    default:
      // Redirects are not followed: an answer that sends us elsewhere is none.
      return status < 400 ? 'CONNECTION' : 'BAD_REQUEST'
  }
}

/** A header whatever its case: inside a batch the service spells names as it likes. */
export function headerOf(headers: Headers, name: string): string | null {
  const direct = headers[name]
  const value = direct ?? Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]
  return (Array.isArray(value) ? value[0] : value) ?? null
}

/** Milliseconds of `Retry-After`: seconds, possibly with a fraction, or a date. Null when there is none to go by. */
export function retryAfterMs(headers: Headers, nowMs: number): number | null {
  const text = headerOf(headers, 'retry-after')?.toString().trim()
  if (!text) return null
  const seconds = Number(text)
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(text) - nowMs
  return Number.isFinite(ms) ? Math.max(0, Math.ceil(ms)) : null
}

export interface FailedAnswer {
  service: UpstreamService
  status: number
  headers: Headers
  nowMs: number
  upstreamCode: string | null
  /** When the service's own code says more than the status. */
  kind?: UpstreamErrorKind
  mayHaveActed?: boolean
  requestId?: string | null
  upstreamMessage: unknown
}

/** An answer that is no success. */
export function failedAnswer(failed: FailedAnswer): UpstreamError {
  const code = failed.upstreamCode === null ? '' : ` (${failed.upstreamCode})`
  return new UpstreamError(`${nameOf(failed.service)} answered ${failed.status}${code}`, {
    service: failed.service,
    kind: failed.kind ?? kindOfStatus(failed.status),
    status: failed.status,
    upstreamCode: failed.upstreamCode,
    requestId: failed.requestId ?? headerOf(failed.headers, 'request-id'),
    retryAfterMs: retryAfterMs(failed.headers, failed.nowMs),
    mayHaveActed: failed.mayHaveActed ?? failed.status >= 500,
    upstreamMessage: typeof failed.upstreamMessage === 'string' ? failed.upstreamMessage : null,
  })
}

/** No answer, or one that cannot be read. */
export function brokenConnection(
  service: UpstreamService,
  details: { mayHaveActed: boolean; status?: number; requestId?: string | null; cause?: unknown },
): UpstreamError {
  const what = details.status === undefined ? 'could not be reached' : 'gave an answer that cannot be read'
  return new UpstreamError(`${nameOf(service)} ${what}`, {
    service,
    kind: 'CONNECTION',
    status: details.status ?? null,
    upstreamCode: null,
    requestId: details.requestId ?? null,
    retryAfterMs: null,
    mayHaveActed: details.mayHaveActed,
    cause: details.cause,
  })
}

/** A call that is refused here, before anything is sent. */
export function refusedHere(service: UpstreamService, sentence: string): UpstreamError {
  return new UpstreamError(sentence, {
    service,
    kind: 'BAD_REQUEST',
    status: null,
    upstreamCode: null,
    requestId: null,
    retryAfterMs: null,
    mayHaveActed: false,
  })
}

/** What `send` threw, as the one class that services know. */
export function asUpstreamError(service: UpstreamService, error: unknown): UpstreamError {
  return error instanceof UpstreamError ? error : brokenConnection(service, { mayHaveActed: true, cause: error })
}
