/**
 * Says no before the gateway has more to do than it can: by how late its event loop is, and by how much is under way.
 * Reads are given up first; changes only at four times as much, because who sends one is stopping an attack.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { LoadLimits } from './edge-options.ts'

const writesFactor = 4
const resolutionMs = 10
const sampleMs = 250

/** A request's place among those under way. */
export interface Place {
  /** Until this is said it counts as a read. */
  isWrite(): void
  /** Does not count while it waits for this. */
  aside<T>(work: Promise<T>): Promise<T>
  leave(): void
}

export interface Load {
  /** What is given up just now: nothing, reads, or everything. */
  shedding(): 'NOTHING' | 'READS' | 'ALL'
  enter(): Place
  inFlight(): { reads: number; writes: number }
  /** Seconds. */
  eventLoopDelay(): number
  /** Ends the measuring; what is under way is counted on. */
  close(): void
}

export function createLoad({ inFlightMax, eventLoopDelayMsMax }: LoadLimits): Load {
  const underWay = { reads: 0, writes: 0 }
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  let delayMs = 0
  let before = { ticks: 0, ms: 0 }
  // Never reset: that forgets the last tick, and with it the delay that lasts just now.
  const sampling = setInterval(() => {
    const { count: ticks } = histogram
    if (ticks === before.ticks) return
    const ms = (histogram.mean / 1e6) * ticks
    delayMs = Math.max(0, (ms - before.ms) / (ticks - before.ticks) - resolutionMs)
    before = { ticks, ms }
  }, sampleMs).unref()

  return {
    shedding() {
      if (delayMs > eventLoopDelayMsMax * writesFactor || underWay.writes > inFlightMax * writesFactor) return 'ALL'
      return delayMs > eventLoopDelayMsMax || underWay.reads >= inFlightMax ? 'READS' : 'NOTHING'
    },
    enter() {
      let counted: 'reads' | 'writes' | null = null
      let hasLeft = false
      function count(as: 'reads' | 'writes' | null): void {
        if (counted) underWay[counted] -= 1
        counted = hasLeft ? null : as
        if (counted) underWay[counted] += 1
      }
      count('reads')
      return {
        isWrite: () => count('writes'),
        aside(work) {
          const before = counted
          count(null)
          return work.finally(() => count(before))
        },
        leave() {
          hasLeft = true
          count(null)
        },
      }
    },
    inFlight: () => ({ ...underWay }),
    eventLoopDelay: () => delayMs / 1_000,
    close() {
      clearInterval(sampling)
      histogram.disable()
      delayMs = 0
    },
  }
}

/** Spread, so that not all who were sent away come back at once. */
export const retryAfterShed = (): string => String(1 + Math.floor(Math.random() * 5))
