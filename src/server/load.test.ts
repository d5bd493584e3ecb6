import { afterEach, describe, expect, test } from 'vitest'
import { createLoad, type Load } from './load.ts'

let load: Load
afterEach(() => load.close())

describe('by what is under way', () => {
  test('reads are given up first, and changes only at four times as much', () => {
    load = createLoad({ inFlightMax: 2, eventLoopDelayMsMax: Number.POSITIVE_INFINITY })
    load.enter()
    expect(load.shedding()).toBe('NOTHING')
    load.enter()
    expect(load.shedding()).toBe('READS')
    const writes = Array.from({ length: 9 }, () => {
      const place = load.enter()
      place.isWrite()
      return place
    })
    expect(load.inFlight()).toEqual({ reads: 2, writes: 9 })
    expect(load.shedding()).toBe('ALL')
    writes.at(0)?.leave()
    expect(load.shedding()).toBe('READS')
  })

  test('changes under way are no reason to refuse reads', () => {
    load = createLoad({ inFlightMax: 2, eventLoopDelayMsMax: Number.POSITIVE_INFINITY })
    for (let index = 0; index < 8; index++) load.enter().isWrite()
    expect(load.shedding()).toBe('NOTHING')
  })

  test('who waits for the client does not count, and who left never again', async () => {
    load = createLoad({ inFlightMax: 1, eventLoopDelayMsMax: Number.POSITIVE_INFINITY })
    const place = load.enter()
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiting = place.aside(promise)
    expect(load.inFlight()).toEqual({ reads: 0, writes: 0 })
    resolve()
    await waiting
    expect(load.inFlight()).toEqual({ reads: 1, writes: 0 })
    const gone = place.aside(Promise.reject(new Error('The client is gone.')))
    place.leave()
    await expect(gone).rejects.toThrow('gone')
    place.leave()
    place.isWrite()
    expect(load.inFlight()).toEqual({ reads: 0, writes: 0 })
  })
})

test('by how late the event loop is, and only as long as it is', async () => {
  load = createLoad({ inFlightMax: 10, eventLoopDelayMsMax: 100 })
  const seen = new Set<string>()
  async function block(ms: number): Promise<void> {
    for (let round = 0; round < 6; round++) {
      const until = performance.now() + ms
      while (performance.now() < until);
      await new Promise((resolve) => setTimeout(resolve, 1))
      seen.add(load.shedding())
    }
  }
  await block(200)
  expect(seen).toContain('READS')
  await block(600)
  expect(seen).toContain('ALL')
  expect(load.eventLoopDelay()).toBeGreaterThan(0.3)
  await expect.poll(() => load.shedding(), { timeout: 20_000 }).toBe('NOTHING')
})
