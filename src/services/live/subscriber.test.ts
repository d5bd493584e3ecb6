import { expect, test } from 'vitest'
import type { TenantAccess } from '../../context.ts'
import type { Arrival } from '../../db/arrivals.ts'
import { accessOf } from '../operators/access.ts'
import { Subscriber, type SubscriberDependencies } from './subscriber.ts'

const tenantId = 'a'.repeat(8)
const access = accessOf([{ tenantId, roles: ['Events.Read'] }])
const arrivalsOf = (from: number, to: number): Arrival[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    place: from + index,
    event: { id: String(from + index), tenantId } as Arrival['event'],
  }))

/** A subscriber of a tenant that has so many arrivals, read for together with others up to `others`. */
function aSubscriber({ currentAccess = async () => access }: { currentAccess?: () => Promise<TenantAccess> } = {}) {
  const state = { head: 0, others: 0, reads: 0, now: 0, ended: 0 }
  const needs: SubscriberDependencies = {
    timing: { accessCheckMs: 1_000, retryMs: 1 },
    queueMax: 10,
    now: () => state.now++,
    currentAccess,
    tenantsFor: ({ tenantIds }) => tenantIds,
    async readAfter(_, place) {
      state.reads += 1
      const reached = Math.min(place + 5, state.head)
      return { arrivals: arrivalsOf(place + 1, reached), reached }
    },
    placeOfOthers: () => state.others,
    onMoved() {},
    onEnded: () => state.ended++,
    onFault() {},
  }
  const subscriber = new Subscriber(needs, { place: 0, access })
  const offer = (from: number, to: number) => {
    state.head = to
    state.others = to
    subscriber.offer(arrivalsOf(from, to), to)
  }
  const take = async (count: number) => {
    const ids: number[] = []
    while (ids.length < count) {
      const { value } = await subscriber.next()
      ids.push(Number(value.event.id))
    }
    return ids
  }
  return { subscriber, state, offer, take }
}

test('what is offered to one that stands where the others stand is not read again', async () => {
  const { state, offer, take } = aSubscriber()
  const taken = take(3)
  await expect.poll(() => state.reads).toBe(1)
  offer(1, 3)
  expect(await taken).toEqual([1, 2, 3])
  expect(state.reads).toBe(1)
})

test('one that takes nothing is offered a thousand, keeps ten, and reads the rest by itself, once each', async () => {
  const { subscriber, state, offer, take } = aSubscriber()
  const first = take(1)
  await expect.poll(() => state.reads).toBe(1)
  for (let from = 1; from <= 1_000; from += 4) offer(from, from + 3)
  expect(await first).toEqual([1])
  expect(subscriber.isBehind).toBe(true)
  expect(await take(9)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(state.reads).toBe(1)
  expect(await take(990)).toEqual(Array.from({ length: 990 }, (_, index) => index + 11))
  expect(state.reads).toBe(1 + 990 / 5)
  expect(subscriber.isBehind).toBe(false)
})

test('while the access cannot be looked at, nothing is delivered', async () => {
  let isAway = true
  let asked = 0
  const { offer, take, state } = aSubscriber({
    async currentAccess() {
      asked += 1
      if (isAway) throw new Error('The database is away.')
      return access
    },
  })
  let delivered = false
  const taken = take(1).finally(() => {
    delivered = true
  })
  await expect.poll(() => state.reads).toBe(1)
  offer(1, 1)
  await expect.poll(() => asked).toBeGreaterThan(3)
  expect(delivered).toBe(false)
  isAway = false
  expect(await taken).toEqual([1])
})

test('one that is ended while it waits lets go at once, says why once, and is over', async () => {
  const { subscriber, state } = aSubscriber()
  const waiting = subscriber.next()
  await expect.poll(() => state.reads).toBe(1)
  subscriber.end(new Error('Enough'))
  subscriber.end(new Error('Again'))
  await expect(waiting).rejects.toThrow('Enough')
  expect(await subscriber.next()).toEqual({ done: true, value: undefined })
  await subscriber.return()
  expect(state.ended).toBe(1)
})
