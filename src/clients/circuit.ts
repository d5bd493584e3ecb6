/** Of one tenant and one service: how many reads are under way at once, and that a service that does not answer is not asked. */
import { nameOf } from './bounds.ts'
import { UpstreamError, type UpstreamService } from './errors.ts'
import { createPlaces, type Places } from './places.ts'

const failuresMax = 5
const pauseMs = 10_000
/** A tenant that is silent holds no more connections than these, so that others get theirs. */
const readsAtOnceMax = 32

export interface Circuit {
  /** Null: go ahead. After a pause one call is let through to try. Writes do not ask. */
  refusal(): UpstreamError | null
  /** `wave` is the same object for calls sent side by side: what cuts them all is one failure. `failure` null is a success. */
  record(wave: object, failure: UpstreamError | null): void
  /** For reads. A person waits for a write. */
  places: Places
}

export function createCircuit(service: UpstreamService, now: () => number, onOpen: () => void = () => {}): Circuit {
  let failures = 0
  let restsUntil = 0
  let lastCounted: object | null = null

  return {
    places: createPlaces(readsAtOnceMax),
    refusal() {
      if (failures < failuresMax) return null
      const waitMs = restsUntil - now()
      if (waitMs <= 0) {
        // One try: who comes before it has ended is refused as before.
        restsUntil = now() + pauseMs
        return null
      }
      return new UpstreamError(`${nameOf(service)} failed ${failures} times in a row and is not asked for now`, {
        service,
        kind: 'UNAVAILABLE',
        status: null,
        upstreamCode: null,
        requestId: null,
        retryAfterMs: waitMs,
        mayHaveActed: false,
      })
    },
    record(wave, failure) {
      // A token that could not be had says nothing about the service.
      if (failure !== null && failure.service !== service) {
        if (failures >= failuresMax) restsUntil = Math.min(restsUntil, now())
        return
      }
      if (failure === null || !isSilence(failure)) {
        failures = 0
        restsUntil = 0
        return
      }
      if (lastCounted === wave) return
      lastCounted = wave
      failures += 1
      if (failures < failuresMax) return
      restsUntil = now() + pauseMs
      if (failures === failuresMax) onOpen()
    },
  }
}

const isSilence = ({ kind }: UpstreamError): boolean =>
  kind === 'UNAVAILABLE' || kind === 'CONNECTION' || kind === 'TIMEOUT'
