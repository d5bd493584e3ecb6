import type { Tenant } from './world.ts'

/** Older states of tenants, for reads that do not see a write yet. Kept only while a `stale` fault waits. */
export class History {
  #states = new Map<string, { at: number; tenant: Tenant }[]>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  remember(tenant: Tenant): void {
    const states = this.#states.get(tenant.id) ?? []
    states.push({ at: this.#now(), tenant: structuredClone(tenant) })
    this.#states.set(tenant.id, states)
  }

  /** The tenant as it was `ms` ago, or as it was first remembered. */
  asOf(tenant: Tenant, ms: number): Tenant {
    const states = this.#states.get(tenant.id) ?? []
    const moment = this.#now() - ms
    return (states.findLast(({ at }) => at <= moment) ?? states[0])?.tenant ?? tenant
  }

  clear(): void {
    this.#states.clear()
  }
}
