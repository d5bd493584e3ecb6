import type { Application, Tenant } from './world.ts'

export interface DirectoryState {
  tenant: Tenant
  /** Registrations in the tenant. */
  applications: Application[]
}

/** Older states of tenants, for reads that do not see a write yet. Kept only while a `stale` fault waits. */
export class History {
  #states = new Map<string, { at: number; state: DirectoryState }[]>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  remember(state: DirectoryState): void {
    const states = this.#states.get(state.tenant.id) ?? []
    states.push({ at: this.#now(), state: structuredClone(state) })
    this.#states.set(state.tenant.id, states)
  }

  /** The directory as it was `ms` ago, or as it was first remembered. */
  asOf(current: DirectoryState, ms: number): DirectoryState {
    const states = this.#states.get(current.tenant.id) ?? []
    const moment = this.#now() - ms
    return (states.findLast(({ at }) => at <= moment) ?? states[0])?.state ?? current
  }

  clear(): void {
    this.#states.clear()
  }
}
