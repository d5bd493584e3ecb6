/** When a failed call is sent again, and how long it waits. */
import type { Bounds } from './bounds.ts'
import type { UpstreamError } from './errors.ts'

export const triesMax = 3
/** Nobody waits longer than this for one retry, whatever the service asks for. */
export const waitMsMax = 60_000

/** A throttled or unavailable answer may be followed by a better one. */
export const isPassing = ({ kind, status }: UpstreamError): boolean =>
  kind === 'THROTTLED' || status === 503 || status === 504

/** The service's own delay, or exponential backoff with jitter. A cut connection is tried again at once first. */
export function delayMs(failure: UpstreamError, tries: number, { timing }: Bounds): number {
  if (failure.retryAfterMs !== null) return failure.retryAfterMs
  if (failure.kind === 'CONNECTION' && tries === 1) return 50
  return timing.backoffMs * 2 ** (tries - 1) * (1 + Math.random() / 2)
}
