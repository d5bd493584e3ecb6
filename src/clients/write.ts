/** Writes: alone, at once, and sent a second time only when they may be. */
import { delayMs, isPassing, triesMax, waitMsMax } from './attempts.ts'
import { type Bounds, pauseWithin } from './bounds.ts'
import type { Circuit } from './circuit.ts'
import type { UpstreamService } from './errors.ts'
import { asUpstreamError } from './failures.ts'

export interface WriteConditions {
  service: UpstreamService
  bounds: Bounds
  circuit: Circuit
  repeatable: boolean
}

/** Throws the last failure; its `mayHaveActed` covers every try. */
export async function write<Result>(conditions: WriteConditions, send: () => Promise<Result>): Promise<Result> {
  const { bounds, circuit, service } = conditions
  let mayHaveActed = false
  for (let tries = 1; ; tries += 1) {
    try {
      const result = await send()
      circuit.record({}, null)
      return result
    } catch (error) {
      const failure = asUpstreamError(service, error)
      if (!bounds.signal?.aborted) circuit.record({}, failure)
      mayHaveActed ||= failure.mayHaveActed
      const again =
        conditions.repeatable &&
        tries < triesMax &&
        failure.service === service &&
        (isPassing(failure) || failure.kind === 'CONNECTION')
      const waitMs = delayMs(failure, tries, bounds)
      if (!again || waitMs > waitMsMax || !(await pauseWithin(waitMs, bounds)))
        throw failure.withMayHaveActed(mayHaveActed)
    }
  }
}
