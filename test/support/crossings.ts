/**
 * Every exchange of a run with the world outside its process, in order: a statement to PostgreSQL, a call to Microsoft, a mail.
 * Each await of a run is one of them, so that a run that is stopped before or after the n-th has stopped at a known await.
 */

/** `BEFORE`: it is never sent. `AFTER`: it took effect, and its answer never comes. */
export interface Point {
  index: number
  side: 'BEFORE' | 'AFTER'
}

export interface Watch {
  /** What crossed so far. */
  readonly crossed: string[]
  /** Resolves with what was to cross when the point is reached. From then on it stands still for good. */
  readonly stopped: Promise<string>
  end(): void
}

export interface Crossings {
  /** Counts from zero what crosses for the tenant. */
  watch(tenantId: string, point?: Point): Watch
  /** `about`: what may name the tenant, e.g. the whole message. Nobody waits for what is not watched. */
  cross<T>(about: string, what: string, pass: () => Promise<T>): Promise<T>
}

interface Watching extends Watch {
  point: Point | undefined
  stop(what: string): void
}

const guids = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g
const never = <T>(): Promise<T> => new Promise(() => {})

export function createCrossings(): Crossings {
  const watches = new Map<string, Watching>()

  const watchOn = (about: string): Watching | undefined => {
    for (const [guid] of about.matchAll(guids)) {
      const watch = watches.get(guid)
      if (watch) return watch
    }
    return undefined
  }

  return {
    watch(tenantId, point) {
      const { promise: stopped, resolve: stop } = Promise.withResolvers<string>()
      const watch: Watching = { crossed: [], stopped, stop, point, end: () => void watches.delete(tenantId) }
      watches.set(tenantId, watch)
      return watch
    },
    async cross(about, what, pass) {
      const watch = watchOn(about)
      if (!watch) return pass()
      const index = watch.crossed.push(what) - 1
      const side = watch.point?.index === index ? watch.point.side : null
      if (side === 'BEFORE') {
        watch.stop(what)
        return never()
      }
      const passed = await pass()
      if (side !== 'AFTER') return passed
      watch.stop(what)
      return never()
    },
  }
}
