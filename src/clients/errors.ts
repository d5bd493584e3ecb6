/** Upstream errors, classified once by status and code, never by message text. */

export type UpstreamService = 'graph' | 'exchange' | 'management' | 'login'

export type UpstreamErrorKind =
  /** The object is not there (Graph 404, Exchange `ManagementObjectNotFoundException`). */
  | 'NOT_FOUND'
  /** Permission, role or the target's rank does not suffice; an unreadable Exchange 403 too. */
  | 'FORBIDDEN'
  /** 401: the token is not accepted. */
  | 'UNAUTHORIZED'
  | 'THROTTLED'
  | 'BAD_REQUEST'
  | 'CONFLICT'
  /** 5xx. */
  | 'UNAVAILABLE'
  /** No answer before the deadline. */
  | 'TIMEOUT'
  /** Connection refused, reset, or the answer cannot be read. */
  | 'CONNECTION'
  /** No token: the app has no service principal in the tenant (AADSTS700016, 7000229, 65001, 90002). */
  | 'NOT_CONSENTED'
  /** No token: the service principal is disabled (AADSTS7000112). */
  | 'APP_DISABLED'
  /** No token: our own credential is wrong or expired (AADSTS7000215, 7000222, 700027). */
  | 'CREDENTIAL_INVALID'

export interface UpstreamErrorDetails {
  service: UpstreamService
  kind: UpstreamErrorKind
  /** HTTP status, null when there was no answer. */
  status: number | null
  /** Graph's or the activity feed's `error.code`, Exchange's exception type or `AADSTS…`; null when none was sent. */
  upstreamCode: string | null
  requestId: string | null
  /** Milliseconds from `Retry-After`. */
  retryAfterMs: number | null
  /** Whether the service may have acted: false only when it is known that it did not (refused, or never sent). */
  mayHaveActed: boolean
  /** The service's own text. */
  upstreamMessage?: string | null
  cause?: unknown
}

export class UpstreamError extends Error {
  readonly service: UpstreamService
  readonly kind: UpstreamErrorKind
  readonly status: number | null
  readonly upstreamCode: string | null
  readonly requestId: string | null
  readonly retryAfterMs: number | null
  readonly mayHaveActed: boolean
  readonly #upstreamMessage: string | null

  constructor(message: string, details: UpstreamErrorDetails) {
    super(message, { cause: details.cause })
    this.name = 'UpstreamError'
    this.service = details.service
    this.kind = details.kind
    this.status = details.status
    this.upstreamCode = details.upstreamCode
    this.requestId = details.requestId
    this.retryAfterMs = details.retryAfterMs
    this.mayHaveActed = details.mayHaveActed
    this.#upstreamMessage = details.upstreamMessage ?? null
  }

  /** The service's own text, null when it sent none. It names people, so loggers do not find it; never decide on it. */
  get upstreamMessage(): string | null {
    return this.#upstreamMessage
  }

  /** The same failure, when more is known: of a read, or of a call that was tried before. */
  withMayHaveActed(mayHaveActed: boolean): UpstreamError {
    if (this.mayHaveActed === mayHaveActed) return this
    const { message, cause, upstreamMessage } = this
    return new UpstreamError(message, { ...this, cause, upstreamMessage, mayHaveActed })
  }
}

export const isUnauthorized = (result: unknown): boolean =>
  result instanceof UpstreamError && result.kind === 'UNAUTHORIZED'
