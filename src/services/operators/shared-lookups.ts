/** Who arrives while somebody of the same credential is being looked up is looked up together with all who do. */

export interface SharedLookups {
  /** `look` begins after the call, never before: what is revoked by then is revoked for the caller. Its answer may be others', too. */
  find<T extends object | null>(key: string, look: () => Promise<T>): Promise<T>
}

export function createSharedLookups(): SharedLookups {
  const underWay = new Map<string, { now: Promise<unknown>; next: Promise<unknown> | null }>()

  function begin<T>(key: string, look: () => Promise<T>): Promise<T> {
    const one = { now: look(), next: null }
    underWay.set(key, one)
    const ended = () => {
      if (underWay.get(key) === one && one.next === null) underWay.delete(key)
    }
    one.now.then(ended, ended)
    return one.now
  }

  return {
    find<T extends object | null>(key: string, look: () => Promise<T>): Promise<T> {
      const found = underWay.get(key)
      if (!found) return begin(key, look)
      const anew = () => begin(key, look)
      found.next ??= found.now.then(anew, anew)
      return found.next as Promise<T>
    },
  }
}
