/** What is true of a whole tenant, read once for all who ask within some seconds; in memory, for this process alone. */
import { type Bounds, within } from './bounds.ts'
import { UpstreamError } from './errors.ts'

/** From the moment at which a reading began. */
export const sharedForMs = 3_000

/** From this age on, whoever asks is given what is there and sets off the next reading: while a tenant is looked at, nobody waits for one. */
export const renewedAfterMs = 2_000

export const sharedTenantsMax = 200

/** Nobody waits for more readers that came to nothing before reading alone. */
const joinsMax = 2

export interface TenantShares {
  /**
   * What somebody is reading, or read some seconds ago, or else what `read` gives. `what` is one object for one kind of reading,
   * e.g. the function that reads it. What others read fails nobody who has time left: the next one reads again.
   */
  read<T>(tenantId: string, what: object, read: () => Promise<T>, bounds: Bounds): Promise<T>
  /** After a change: nobody is given any more what was read, or began to be read, before it. */
  forget(tenantId: string): void
  /** Tenants of which something is kept. */
  size(): number
}

interface Entry {
  startedAt: number
  answer: Promise<unknown>
  hasFailed: boolean
  /** The reading that takes its place; tried once. */
  next: Entry | null
}

export function createTenantShares(now: () => number): TenantShares {
  /** Those that were read last come last. */
  const tenants = new Map<string, Map<object, Entry>>()

  const isFresh = ({ startedAt }: Entry): boolean => now() - startedAt < sharedForMs

  function found(tenantId: string, what: object): Entry | null {
    const entry = tenants.get(tenantId)?.get(what)
    if (!entry || isFresh(entry)) return entry ?? null
    return entry.next && !entry.next.hasFailed && isFresh(entry.next) ? entry.next : null
  }

  function begun(read: () => Promise<unknown>): Entry {
    const entry: Entry = { startedAt: now(), answer: read(), hasFailed: false, next: null }
    // A failure is nobody's but the reader's.
    entry.answer.catch(() => {
      entry.hasFailed = true
    })
    return entry
  }

  function renew(tenantId: string, what: object, entry: Entry, read: () => Promise<unknown>): void {
    const next = begun(read)
    entry.next = next
    const entries = tenants.get(tenantId)
    const takePlace = () => {
      if (entries?.get(what) === entry) entries.set(what, next)
    }
    next.answer.then(takePlace, () => {})
  }

  function begin<T>(tenantId: string, what: object, read: () => Promise<T>): Promise<T> {
    const entry = begun(read)
    const entries = tenants.get(tenantId) ?? new Map<object, Entry>()
    tenants.delete(tenantId)
    tenants.set(tenantId, entries.set(what, entry))
    dropOldest()
    entry.answer.catch(() => {
      if (entries.get(what) === entry) entries.delete(what)
    })
    return entry.answer as Promise<T>
  }

  function dropOldest(): void {
    for (const [tenantId, entries] of tenants) {
      if (tenants.size <= sharedTenantsMax && [...entries.values()].some(isFresh)) return
      tenants.delete(tenantId)
    }
  }

  return {
    async read<T>(tenantId: string, what: object, read: () => Promise<T>, bounds: Bounds) {
      for (let joins = 0; joins < joinsMax; joins += 1) {
        const entry = found(tenantId, what)
        if (!entry) break
        if (!entry.next && now() - entry.startedAt >= renewedAfterMs) renew(tenantId, what, entry, read)
        try {
          return (await within(entry.answer, bounds, 'graph')) as T
        } catch (error) {
          if (!entry.hasFailed || !mayBeTheReaders(error)) throw error
        }
      }
      return begin(tenantId, what, read)
    },
    forget: (tenantId) => void tenants.delete(tenantId),
    size: () => tenants.size,
  }
}

/** Somebody else's deadline or abort, or a delay that was too long for it: another reader may have more luck. */
const mayBeTheReaders = (error: unknown): boolean =>
  error instanceof UpstreamError && ['TIMEOUT', 'THROTTLED', 'UNAVAILABLE', 'CONNECTION'].includes(error.kind)
