/**
 * Delivers events to the subscriptions of this process as they become visible, whoever stored them. Notifications only say
 * that there is something; what is delivered is read, so that nothing hangs on their coming through.
 */
import type { Log, TenantAccess } from '../../context.ts'
import { arrivalsBetween, arrivalsChannel, placeArrivals, placeOfArrival } from '../../db/arrivals.ts'
import type { Database } from '../../db/connection.ts'
import { NotAllowedError } from '../refusals.ts'
import { cursorExpired, SubscriptionEndedError, shuttingDown } from './ending.ts'
import { type LiveEvent, Subscriber } from './subscriber.ts'

export interface LiveOptions {
  perOperatorMax: number
  perProcessMax: number
  /** Events held for one subscription. */
  queueMax: number
  /** Events read by one statement. */
  readMax: number
  /** Catches notifications that were lost. */
  pollMs: number
  /** Notifications within this time after a reading are one. */
  gatherMs: number
  accessCheckMs: number
  retryMs: number
}

export const liveDefaults: LiveOptions = {
  perOperatorMax: 20,
  perProcessMax: 1_000,
  queueMax: 200,
  readMax: 100,
  pollMs: 10_000,
  gatherMs: 50,
  accessCheckMs: 30_000,
  retryMs: 1_000,
}

export interface SubscriptionRequest {
  operatorId: string
  access: TenantAccess
  /** The caller's access as it is now. Throws `UnauthenticatedError`. */
  currentAccess(): Promise<TenantAccess>
  /** Null: every tenant whose events the operator may read, also those that it may read later. */
  tenantIds: readonly string[] | null
  /** The event seen last; null: only what comes from now on. */
  after: { tenantId: string; eventId: string } | null
}

export interface LiveEvents {
  /** Throws `NotAllowedError` when there is no tenant to read for, `SubscriptionEndedError` otherwise. */
  subscribe(request: SubscriptionRequest): Promise<AsyncIterableIterator<LiveEvent>>
  /** Subscriptions under way. */
  count(): number
  /** Ends all of them and takes no more. */
  close(): void
}

/** Subscribers of the same tenants: one statement reads for all of them, in a transaction of these tenants. */
interface Group {
  tenantIds: readonly string[]
  place: number
  subscribers: Set<Subscriber>
}

export function createLiveEvents({ db, log }: { db: Database; log: Log }, options: LiveOptions): LiveEvents {
  const groups = new Map<string, Group>()
  const perOperator = new Map<string, number>()
  const now = () => performance.now()
  let taken = 0
  let head = 0
  let closed = false
  let stopListening: (() => Promise<void>) | null = null
  let poll: NodeJS.Timeout | null = null
  /** Tenants with something new; null: perhaps all. */
  let due: Set<string> | null = new Set()
  let isReading = false
  let isCheckingAccess = false

  const keyOf = (tenantIds: readonly string[]) => tenantIds.join()
  const onFault = (error: unknown) => log.warn({ err: error }, 'Live events could not be read; it is tried again')

  function groupOf(tenantIds: readonly string[]): Group {
    const key = keyOf(tenantIds)
    const group = groups.get(key) ?? { tenantIds, place: head, subscribers: new Set() }
    groups.set(key, group)
    return group
  }

  function leave(subscriber: Subscriber, tenantIds: readonly string[]): void {
    const group = groups.get(keyOf(tenantIds))
    group?.subscribers.delete(subscriber)
    if (group?.subscribers.size === 0) groups.delete(keyOf(tenantIds))
  }

  async function placeAll(): Promise<void> {
    for (;;) {
      const placed = await db.plain(placeArrivals)
      head = Math.max(head, placed.head)
      if (placed.complete) return
    }
  }

  async function readAfter(tenantIds: readonly string[], place: number) {
    const upTo = head
    if (place >= upTo) return { arrivals: [], reached: place }
    return db.withTenants(tenantIds, (tx) =>
      arrivalsBetween(tx, { tenantIds, after: place, upTo, arrivalsMax: options.readMax }),
    )
  }

  /** One reading at a time; what is notified meanwhile is read by the next. */
  async function read(): Promise<void> {
    if (isReading) return
    isReading = true
    try {
      while (!closed && groups.size > 0 && (due === null || due.size > 0)) {
        const tenants = due
        due = new Set()
        try {
          await placeAll()
          for (const group of groups.values()) {
            if (tenants === null || group.tenantIds.some((id) => tenants.has(id))) await readFor(group)
          }
        } catch (error) {
          onFault(error)
          due = null
          await pause(options.retryMs)
        }
        await pause(options.gatherMs)
      }
    } finally {
      isReading = false
    }
  }

  async function readFor(group: Group): Promise<void> {
    while (group.place < head) {
      const live = [...group.subscribers].filter(({ isBehind }) => !isBehind)
      // Who is behind reads by itself, up to here at least.
      const { arrivals, reached } =
        live.length === 0 ? { arrivals: [], reached: head } : await readAfter(group.tenantIds, group.place)
      group.place = reached
      for (const subscriber of group.subscribers) subscriber.offer(arrivals, reached)
    }
  }

  function wake(tenantId: string | null): void {
    if (tenantId === null) due = null
    else due?.add(tenantId)
    void read()
  }

  function start(): void {
    stopListening ??= db.listen(arrivalsChannel, {
      notified: (tenantId) => taken > 0 && wake(tenantId),
      listening: () => wake(null),
    })
    poll ??= setInterval(() => {
      wake(null)
      void checkAccesses()
    }, options.pollMs).unref()
  }

  /** Of those, too, that wait for an event or fetch none. */
  async function checkAccesses(): Promise<void> {
    if (isCheckingAccess) return
    isCheckingAccess = true
    const all = [...groups.values()].flatMap(({ subscribers }) => [...subscribers])
    for (const subscriber of all) await subscriber.checkAccessIfOld()
    isCheckingAccess = false
  }

  function take(operatorId: string): void {
    const held = perOperator.get(operatorId) ?? 0
    if (held >= options.perOperatorMax) throw tooMany(`You hold ${held} subscriptions already: end one of them first.`)
    if (taken >= options.perProcessMax) throw tooMany('This gateway serves as many subscriptions as it can: try later.')
    taken += 1
    perOperator.set(operatorId, held + 1)
  }

  function give(operatorId: string): void {
    taken -= 1
    const held = (perOperator.get(operatorId) ?? 1) - 1
    if (held === 0) perOperator.delete(operatorId)
    else perOperator.set(operatorId, held)
    if (taken === 0 && poll) {
      clearInterval(poll)
      poll = null
    }
  }

  return {
    async subscribe({ operatorId, access, currentAccess, tenantIds, after }) {
      if (closed) throw shuttingDown()
      const tenantsFor = tenantsOf(tenantIds, access)
      take(operatorId)
      try {
        start()
        await placeAll()
        const place = after === null ? head : await placeAfter(db, access, after)
        if (closed) throw shuttingDown()
        const subscriber = new Subscriber(
          {
            timing: options,
            queueMax: options.queueMax,
            now,
            currentAccess,
            tenantsFor,
            readAfter,
            placeOfOthers: (ids) => groupOf(ids).place,
            onMoved(self, from) {
              leave(self, from)
              groupOf(self.tenantIds).subscribers.add(self)
            },
            onEnded(self) {
              leave(self, self.tenantIds)
              give(operatorId)
            },
            onFault,
          },
          { place, access },
        )
        groupOf(subscriber.tenantIds).subscribers.add(subscriber)
        // Of what was notified since the place was taken.
        void read()
        return subscriber
      } catch (error) {
        give(operatorId)
        throw error
      }
    },
    count: () => taken,
    close() {
      closed = true
      if (poll) clearInterval(poll)
      void stopListening?.().catch(() => {})
      for (const { subscribers } of [...groups.values()]) {
        for (const subscriber of [...subscribers]) subscriber.end(shuttingDown())
      }
    },
  }
}

const tooMany = (message: string) => new SubscriptionEndedError('RATE_LIMITED', message)

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref())

async function placeAfter(
  db: Database,
  { tenantIds, can }: TenantAccess,
  { tenantId, eventId }: { tenantId: string; eventId: string },
): Promise<number> {
  if (!tenantIds.includes(tenantId) || !can(tenantId, 'Events.Read')) throw cursorExpired()
  const place = await db.withTenants([tenantId], (tx) => placeOfArrival(tx, tenantId, eventId))
  if (place === null) throw cursorExpired()
  return place
}

/**
 * The tenants that an access lets a subscription read, in one order. Of tenants that were named none may be lost on the way:
 * nobody shall believe to watch what is not watched any more. Without names it is every tenant that may be read just now.
 */
function tenantsOf(named: readonly string[] | null, first: TenantAccess): (access: TenantAccess) => readonly string[] {
  const visible = named && [...new Set(named)].filter((id) => first.tenantIds.includes(id))
  const tenantsFor = ({ tenantIds, can }: TenantAccess) => {
    const readable = (visible ?? tenantIds).filter((id) => can(id, 'Events.Read')).toSorted()
    if (readable.length === 0 || (visible && readable.length < visible.length)) throw mayNotRead()
    return readable
  }
  tenantsFor(first)
  return tenantsFor
}

const mayNotRead = () =>
  new NotAllowedError(
    'You may not read the events of one of these tenants, or of any: it needs Events.Read. Subscribe again for those that you may read.',
  )
