/** One subscription: what it has been read for it and not fetched yet, and where it stands. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TenantAccess } from '../../context.ts'
import type { Arrival } from '../../db/arrivals.ts'
import type { StoredEvent } from '../../db/events.ts'
import { UnauthenticatedError } from '../operators/authenticate.ts'
import { NotAllowedError } from '../refusals.ts'

/** An event as it is delivered, with the access that it was delivered under. */
export interface LiveEvent {
  event: StoredEvent
  access: TenantAccess
}

export interface SubscriberTiming {
  /** An access that was looked at longer ago is looked at again, also when nothing happens. */
  accessCheckMs: number
  /** After a fault of the database. */
  retryMs: number
}

/** What a subscriber needs of the process that it lives in. */
export interface SubscriberDependencies {
  timing: SubscriberTiming
  queueMax: number
  now(): number
  /** The caller's access as it is now. Throws `UnauthenticatedError`. */
  currentAccess(): Promise<TenantAccess>
  /** The tenants to read for; throws `NotAllowedError` when there are none any more. */
  tenantsFor(access: TenantAccess): readonly string[]
  /** Reads on from a place. */
  readAfter(tenantIds: readonly string[], place: number): Promise<{ arrivals: Arrival[]; reached: number }>
  /** Up to where those of the same tenants have been read for together. */
  placeOfOthers(tenantIds: readonly string[]): number
  onMoved(subscriber: Subscriber, from: readonly string[]): void
  onEnded(subscriber: Subscriber): void
  onFault(error: unknown): void
}

interface Queued {
  event: StoredEvent
  readAt: number
}

/**
 * An iterator that never holds more than `queueMax` events. A subscriber that fetches too slowly falls behind: nothing is
 * kept for it any more, and once it has fetched what it has, it reads by itself until it stands where the others stand.
 */
export class Subscriber implements AsyncIterableIterator<LiveEvent> {
  tenantIds: readonly string[]
  readonly #needs: SubscriberDependencies
  #place: number
  #access: TenantAccess
  #accessAt: number
  #queue: Queued[] = []
  #behind = true
  #ended = false
  #reason: Error | null = null
  #change = Promise.withResolvers<void>()
  readonly #stop = new AbortController()

  constructor(needs: SubscriberDependencies, start: { place: number; access: TenantAccess }) {
    this.#needs = needs
    this.#place = start.place
    this.#access = start.access
    this.#accessAt = needs.now()
    this.tenantIds = needs.tenantsFor(start.access)
  }

  get isBehind(): boolean {
    return this.#behind
  }

  /** Events that were read for all of the same tenants, `reached` included. */
  offer(arrivals: readonly Arrival[], reached: number): void {
    if (this.#behind || this.#ended) return
    const readAt = this.#needs.now()
    for (const { place, event } of arrivals) {
      if (place <= this.#place) continue
      if (this.#queue.length >= this.#needs.queueMax) {
        this.#behind = true
        break
      }
      this.#queue.push({ event, readAt })
      this.#place = place
    }
    if (!this.#behind) this.#place = Math.max(this.#place, reached)
    this.#changed()
  }

  async next(): Promise<IteratorResult<LiveEvent>> {
    while (!this.#ended) {
      const [first] = this.#queue
      if (first === undefined) await (this.#behind ? this.#readOn() : this.#change.promise)
      else if (this.#accessAt <= first.readAt || this.#isAccessOld()) await this.checkAccess()
      else {
        this.#queue.shift()
        if (this.tenantIds.includes(first.event.tenantId)) {
          return { done: false, value: { event: first.event, access: this.#access } }
        }
      }
    }
    const reason = this.#reason
    this.#reason = null
    if (reason) throw reason
    return { done: true, value: undefined }
  }

  async return(): Promise<IteratorResult<LiveEvent>> {
    this.end(null)
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** With a reason, the next fetch throws it. */
  end(reason: Error | null): void {
    if (this.#ended) return
    this.#ended = true
    this.#reason = reason
    this.#queue = []
    this.#stop.abort()
    this.#needs.onEnded(this)
    this.#changed()
  }

  async checkAccessIfOld(): Promise<void> {
    if (!this.#ended && this.#isAccessOld()) await this.checkAccess()
  }

  /** Ends the subscription when the credential or the access is gone. In doubt, while the database is away, nothing is delivered. */
  async checkAccess(): Promise<void> {
    const begunAt = this.#needs.now()
    try {
      const access = await this.#needs.currentAccess()
      const tenantIds = this.#needs.tenantsFor(access)
      const from = this.tenantIds
      this.#access = access
      this.#accessAt = begunAt
      if (this.#ended || isSame(from, tenantIds)) return
      this.tenantIds = tenantIds
      this.#behind = true
      this.#needs.onMoved(this, from)
    } catch (error) {
      if (error instanceof UnauthenticatedError || error instanceof NotAllowedError) this.end(error)
      else await this.#pauseAfter(error)
    }
  }

  async #readOn(): Promise<void> {
    const { tenantIds } = this
    try {
      const { arrivals, reached } = await this.#needs.readAfter(tenantIds, this.#place)
      // The access may have changed meanwhile: then it is read again, from the same place.
      if (this.#ended || tenantIds !== this.tenantIds) return
      const readAt = this.#needs.now()
      this.#queue.push(...arrivals.map(({ event }) => ({ event, readAt })))
      this.#place = Math.max(this.#place, reached)
      this.#behind = this.#place < this.#needs.placeOfOthers(tenantIds)
    } catch (error) {
      await this.#pauseAfter(error)
    }
  }

  #isAccessOld(): boolean {
    return this.#needs.now() - this.#accessAt >= this.#needs.timing.accessCheckMs
  }

  async #pauseAfter(error: unknown): Promise<void> {
    if (this.#ended) return
    this.#needs.onFault(error)
    await sleep(this.#needs.timing.retryMs, undefined, { signal: this.#stop.signal, ref: false }).catch(() => {})
  }

  #changed(): void {
    this.#change.resolve()
    this.#change = Promise.withResolvers()
  }
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((id, index) => id === b[index])
