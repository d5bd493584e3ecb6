/** Sends reads in batches and sends again, after its own delay, what was throttled. */
import { delayMs, isPassing, triesMax, waitMsMax } from './attempts.ts'
import { type Bounds, remainingMs, timedOut } from './bounds.ts'
import type { Circuit } from './circuit.ts'
import { UpstreamError, type UpstreamService } from './errors.ts'
import { asUpstreamError } from './failures.ts'

export interface ReadQueueOptions<Request, Result> {
  service: UpstreamService
  bounds: Bounds
  circuit: Circuit
  /** Splits into batches that are sent side by side. */
  pack(requests: readonly Item<Request, Result>[]): Item<Request, Result>[][]
  /** One result or failure for each request, in their order. Throws when the call as a whole failed. Forgets the token after a 401. */
  send(requests: readonly Request[]): Promise<(Result | UpstreamError)[]>
  /** Whether there is another token after a 401. Default true. */
  reauthenticates?: boolean
}

export interface Item<Request, Result> {
  readonly request: Request
  tries: number
  reauthenticated: boolean
  resolve(result: Result): void
  reject(error: UpstreamError): void
}

// A retry waits so much longer than its own delay for others, so that throttled items of several batches leave in one.
const togetherMs = 50

interface Departure<Request, Result> {
  readonly at: number
  readonly items: Item<Request, Result>[]
}

/** Gives each request its own promise. Nothing outlives the bounds. */
export function createReadQueue<Request, Result>(
  options: ReadQueueOptions<Request, Result>,
): (requests: readonly Request[]) => Promise<Result>[] {
  type QueueItem = Item<Request, Result>
  const { bounds, circuit, service } = options
  const departures = new Set<Departure<Request, Result>>()

  function sendAll(items: readonly QueueItem[]): void {
    const refusal = remainingMs(bounds) === 0 ? timedOut(service, false) : circuit.refusal()
    if (refusal) {
      for (const item of items) item.reject(refusal)
      return
    }
    const wave = {}
    for (const batch of options.pack(items)) void sendBatch(batch, wave)
  }

  async function sendBatch(batch: readonly QueueItem[], wave: object): Promise<void> {
    const hasWaited = circuit.places.areTaken()
    const leave = await circuit.places.enter(bounds)
    // Meanwhile it may have turned out that it is of no use.
    const refusal = leave === null ? timedOut(service, false) : hasWaited ? circuit.refusal() : null
    if (leave === null || refusal) {
      leave?.()
      for (const item of batch) item.reject(refusal ?? timedOut(service, false))
      return
    }
    for (const item of batch) item.tries += 1
    let results: (Result | UpstreamError)[]
    try {
      results = await options.send(batch.map((item) => item.request)).finally(leave)
      circuit.record(wave, null)
    } catch (error) {
      const failure = asUpstreamError(service, error)
      if (!bounds.signal?.aborted) circuit.record(wave, failure)
      const again = isPassing(failure) || failure.kind === 'UNAVAILABLE' || failure.kind === 'CONNECTION'
      // One delay for all of them, so that they leave together again.
      const waitMs = again && failure.service === service ? delayMs(failure, batch[0]?.tries ?? 1, bounds) : null
      for (const item of batch) settle(item, failure, waitMs)
      return
    }
    batch.forEach((item, index) => {
      const result = results[index]
      if (result instanceof UpstreamError)
        settle(item, result, isPassing(result) ? delayMs(result, item.tries, bounds) : null)
      // `send` gives a result for every request.
      else item.resolve(result as Result)
    })
  }

  function settle(item: QueueItem, failure: UpstreamError, waitMs: number | null): void {
    const reauthenticates = options.reauthenticates !== false && !item.reauthenticated
    if (failure.kind === 'UNAUTHORIZED' && failure.service === service && reauthenticates) {
      item.reauthenticated = true
      item.tries -= 1
      later(item, failure, 0)
    } else if (waitMs !== null && item.tries < triesMax) later(item, failure, waitMs)
    else item.reject(failure)
  }

  function later(item: QueueItem, failure: UpstreamError, waitMs: number): void {
    const due = bounds.now() + waitMs
    if (bounds.signal?.aborted || due >= bounds.deadlineAt || waitMs > waitMsMax) {
      item.reject(failure)
      return
    }
    for (const { at, items } of departures) {
      if (due <= at && at - due <= togetherMs) {
        items.push(item)
        return
      }
    }
    const departure = { at: due + togetherMs, items: [item] }
    departures.add(departure)
    const leave = () => {
      clearTimeout(timer)
      bounds.signal?.removeEventListener('abort', leave)
      departures.delete(departure)
      sendAll(departure.items)
    }
    const timer = setTimeout(leave, Math.ceil(departure.at - bounds.now()))
    bounds.signal?.addEventListener('abort', leave)
  }

  return (requests) => {
    const items: QueueItem[] = []
    const promises = requests.map(
      (request) =>
        new Promise<Result>((resolve, reject) => {
          // A read never acts, whatever became of it.
          const fail = (error: UpstreamError) => reject(error.withMayHaveActed(false))
          items.push({ request, tries: 0, reauthenticated: false, resolve, reject: fail })
        }),
    )
    sendAll(items)
    return promises
  }
}
