/** How often an address may do something in a minute: all at once, or evenly. Each gateway counts for itself. */
export interface AddressLimit {
  /** Seconds until its next try; null: now. */
  waitFor(address: string): number | null
  /** Counts a try when there is one left. */
  take(address: string): number | null
}

const windowMs = 60_000
const addressesMax = 10_000

export function createAddressLimit(perMinute: number, now: () => number = () => performance.now()): AddressLimit {
  /** When all tries of an address are free again. */
  const freeAt = new Map<string, number>()
  const waitFor = (address: string): number | null => {
    const lateMs = Math.max(freeAt.get(address) ?? 0, now()) + windowMs / perMinute - now() - windowMs
    return lateMs > 0 ? Math.ceil(lateMs / 1_000) : null
  }
  return {
    waitFor,
    take(address) {
      const wait = waitFor(address)
      if (wait === null) {
        const before = Math.max(freeAt.get(address) ?? 0, now())
        remember(freeAt, address, before + windowMs / perMinute, addressesMax)
      }
      return wait
    },
  }
}

/** The oldest goes when there are too many. */
export function remember(map: Map<string, number>, key: string, value: number, most: number): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > most && oldest !== undefined) map.delete(oldest)
}
