/**
 * Entries of one tenant are chained one after another, so its transactions would wait for the disk one after another, too. Here they
 * do so together: while one is under way, the units of work of its tenant gather, and go as the next one. Each caller is answered when
 * its own unit is durable. A transaction is of one tenant alone, as everywhere: tenants share no row, and hold each other up in nothing.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type AuditDraft, type AuditRow, appendRows, auditRows } from './audit.ts'
import type { Tx } from './pool.ts'

/** What a unit leaves to be appended, and what its caller gets. */
export interface Recorded<T> {
  audit: readonly AuditDraft[]
  result: T
}

export interface AuditLane {
  /** Rejects with what `work` throws, which may be called again. What is given as it is has no statements of its own. */
  commit<T>(tenantId: string, work: Recorded<T> | ((tx: Tx) => Promise<Recorded<T>>)): Promise<T>
  /** Resolves when nothing waits and nothing is under way. */
  drained(): Promise<unknown>
}

export interface AuditLaneOptions {
  transaction<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T>
  /** Of the tenant alone, as a transaction of one statement. */
  append(tenantId: string, rows: readonly AuditRow[]): Promise<void>
  /** Whether an error is about the work, not about the database as a whole. */
  isOfWork(error: unknown): boolean
  /** In one transaction. */
  unitsMax?: number
  /** Of all tenants. */
  waitingMax?: number
  /** A unit waits no longer than this for its turn. */
  waitMs?: number
}

interface Unit {
  /** When it has entries and nothing else. */
  entries: { rows: AuditRow[]; durable(): void } | null
  /** Does the work; what is returned is called when it is durable. */
  run(tx: Tx): Promise<{ rows: AuditRow[]; durable(): void }>
  inContext<R>(work: () => R): R
  reject(error: unknown): void
  /** It waits no more. */
  begun(): void
}

const fault = (message: string): Error => Object.assign(new Error(message), { code: 'AUDIT_BUSY' })

export function createAuditLane(options: AuditLaneOptions): AuditLane {
  const { transaction, append, isOfWork, unitsMax = 500, waitingMax = 10_000, waitMs = 15_000 } = options
  /** By tenant; here as long as something of it is under way. */
  const lanes = new Map<string, { waiting: Set<Unit>; done: Promise<void> }>()
  let waitingInAll = 0

  function enqueue(tenantId: string, unit: Unit): void {
    const lane = lanes.get(tenantId)
    if (lane) {
      lane.waiting.add(unit)
      return
    }
    const waiting = new Set([unit])
    lanes.set(tenantId, { waiting, done: empty(tenantId, waiting) })
  }

  async function empty(tenantId: string, waiting: Set<Unit>): Promise<void> {
    // Whoever asks in the same turn of the loop comes along.
    await null
    while (waiting.size > 0) {
      const units = [...waiting].slice(0, unitsMax)
      for (const unit of units) {
        waiting.delete(unit)
        unit.begun()
      }
      await together(tenantId, units)
    }
    lanes.delete(tenantId)
  }

  /** When the database refuses it, its halves are tried in their order: what is wrong with one unit is said to its caller alone. */
  async function together(tenantId: string, units: readonly Unit[]): Promise<void> {
    const [first] = units
    if (!first) return
    try {
      const done = await first.inContext(() => inOne(tenantId, units))
      for (const { durable } of done) durable()
    } catch (error) {
      if (units.length === 1 || !isOfWork(error)) {
        for (const { reject } of units) reject(error)
        return
      }
      const half = Math.ceil(units.length / 2)
      await together(tenantId, units.slice(0, half))
      await together(tenantId, units.slice(half))
    }
  }

  async function inOne(tenantId: string, units: readonly Unit[]) {
    const ready = units.flatMap(({ entries }) => entries ?? [])
    if (ready.length < units.length) return transaction(tenantId, (tx) => inTransaction(tx, units))
    await append(
      tenantId,
      ready.flatMap(({ rows }) => rows),
    )
    return ready
  }

  async function inTransaction(tx: Tx, units: readonly Unit[]) {
    const done = await Promise.all(units.map(({ inContext, run }) => inContext(() => run(tx))))
    await appendRows(
      tx,
      done.flatMap(({ rows }) => rows),
    )
    return done
  }

  return {
    commit: <T>(tenantId: string, work: Recorded<T> | ((tx: Tx) => Promise<Recorded<T>>)) =>
      new Promise<T>((resolve, reject) => {
        if (waitingInAll >= waitingMax) throw fault(`${waitingMax} changes wait for the database already. Try again.`)
        waitingInAll += 1
        const timer = setTimeout(() => {
          lanes.get(tenantId)?.waiting.delete(unit)
          unit.begun()
          reject(fault(`Nothing was changed: the database did not take it within ${waitMs / 1000} s. Try again.`))
        }, waitMs)
        const ready = ({ audit, result }: Recorded<T>) => ({ rows: auditRows(audit), durable: () => resolve(result) })
        const entries = typeof work === 'function' ? null : ready(work)
        const unit: Unit = {
          entries,
          run: async (tx) => (typeof work === 'function' ? ready(await work(tx)) : ready(work)),
          inContext: AsyncLocalStorage.snapshot(),
          reject,
          begun() {
            clearTimeout(timer)
            waitingInAll -= 1
          },
        }
        enqueue(tenantId, unit)
      }),
    drained: () => Promise.allSettled([...lanes.values()].map(({ done }) => done)),
  }
}
