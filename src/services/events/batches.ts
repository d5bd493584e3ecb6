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
  const all: BatchResult<Item, Result> = { done: [], faults: new Map() }
  const partMax = tenantIds.length > tenantsMax ? tenantsMax : Math.ceil(tenantIds.length / 2)
  for (let begin = 0; begin < tenantIds.length; begin += partMax) {
    const part = new Set(tenantIds.slice(begin, begin + partMax))
    const ofPart = items.filter(({ tenantId }) => part.has(tenantId))
    const { done, faults } = await inOneGo(db, ofPart, work, { tenantsMax })
    all.done.push(...done)
    for (const [tenantId, fault] of faults) all.faults.set(tenantId, fault)
  }
  return all
}
