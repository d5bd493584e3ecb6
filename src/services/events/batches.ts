import { type Database, isRefusedWork, type Tx } from '../../db/connection.ts'
import { tenantsIn } from './store.ts'

interface OfTenant {
  tenantId: string
}

export interface BatchResult<Item, Result> {
  /** One for each transaction. */
  done: { items: readonly Item[]; result: Result }[]
  /** By tenant: what is wrong with those of which nothing was done. */
  faults: Map<string, unknown>
}

/**
 * Works on things of many tenants in one transaction of just these tenants, in more than one when they are more than
 * `tenantsMax`. When the database refuses it, by halves: so that what is wrong with one tenant keeps no other's out. Rejects when
 * the database is away or cannot go on.
 */
export async function inOneGo<Item extends OfTenant, Result>(
  db: Database,
  items: readonly Item[],
  work: (tx: Tx, items: readonly Item[]) => Promise<Result>,
  { tenantsMax = Number.POSITIVE_INFINITY } = {},
): Promise<BatchResult<Item, Result>> {
  const tenantIds = tenantsIn(items)
  const [first] = tenantIds
  if (first === undefined) return { done: [], faults: new Map() }
  try {
    if (tenantIds.length <= tenantsMax) {
      const result = await db.withTenants(tenantIds, (tx) => work(tx, items))
      return { done: [{ items, result }], faults: new Map() }
    }
  } catch (error) {
    if (!isRefusedWork(error)) throw error
    if (tenantIds.length === 1) return { done: [], faults: new Map([[first, error]]) }
  }
  const half = new Set(tenantIds.slice(0, tenantIds.length / 2))
  const { true: some = [], false: others = [] } = Object.groupBy(items, ({ tenantId }) => String(half.has(tenantId)))
  const [one, other] = [await inOneGo(db, some, work, { tenantsMax }), await inOneGo(db, others, work, { tenantsMax })]
  return { done: [...one.done, ...other.done], faults: new Map([...one.faults, ...other.faults]) }
}
