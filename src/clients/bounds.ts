/** How long a call may take: until the session's deadline, its caller's abort, or the longest time of one call. */
import { UpstreamError, type UpstreamService } from './errors.ts'
import type { ClientTiming } from './timing.ts'

/** What came of one call, for whoever must account for it. */
export interface CallHeard {
  service: UpstreamService
  method: string
  /** Null: no answer. */
  status: number | null
  /** As the service names it in its own logs. */
  requestId: string | null
}

export interface Bounds {
  /** Epoch milliseconds by `now`; `Infinity` when there is no deadline. */
  deadlineAt: number
  signal: AbortSignal | null
  now(): number
  timing: ClientTiming
  /** Told of each call that left, when it is over. */
  heard?: ((call: CallHeard) => void) | undefined
}

const serviceNames: Record<UpstreamService, string> = {
  graph: 'Microsoft Graph',
  exchange: 'Exchange Online',
  management: 'The Office 365 Management Activity API',
  login: 'Microsoft Entra',
}

export const nameOf = (service: UpstreamService): string => serviceNames[service]

/** Milliseconds left for one call. */
export function remainingMs(bounds: Bounds): number {
  if (bounds.signal?.aborted) return 0
  return Math.min(bounds.timing.callMs, Math.max(0, bounds.deadlineAt - bounds.now()))
}

export function timedOut(service: UpstreamService, mayHaveActed: boolean): UpstreamError {
  return new UpstreamError(`${nameOf(service)} did not answer in time`, {
    service,
    kind: 'TIMEOUT',
    status: null,
    upstreamCode: null,
    requestId: null,
    retryAfterMs: null,
    mayHaveActed,
  })
}

/** Calls `onEnd` once when the bounds are reached, unless the returned function is called before. */
export function whenOver(bounds: Bounds, onEnd: () => void): () => void {
  const timer = setTimeout(end, remainingMs(bounds))
  bounds.signal?.addEventListener('abort', end)
  function stop(): void {
    clearTimeout(timer)
    bounds.signal?.removeEventListener('abort', end)
  }
  function end(): void {
    stop()
    onEnd()
  }
  return stop
}

/** The promise's result, or `TIMEOUT` when the bounds are reached first. The promise itself goes on: others may share it. */
export function within<T>(promise: Promise<T>, bounds: Bounds, service: UpstreamService): Promise<T> {
  return new Promise((resolve, reject) => {
    if (remainingMs(bounds) === 0) {
      promise.catch(() => {})
      reject(timedOut(service, false))
      return
    }
    const stop = whenOver(bounds, () => reject(timedOut(service, false)))
    promise.then(resolve, reject).finally(stop)
  })
}

/** Waits; false when the bounds would be reached before, without waiting for that. */
export async function pauseWithin(ms: number, bounds: Bounds): Promise<boolean> {
  if (bounds.signal?.aborted || bounds.now() + ms >= bounds.deadlineAt) return false
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish(true), ms)
    const aborted = () => finish(false)
    bounds.signal?.addEventListener('abort', aborted)
    function finish(waited: boolean): void {
      clearTimeout(timer)
      bounds.signal?.removeEventListener('abort', aborted)
      resolve(waited)
    }
  })
}
