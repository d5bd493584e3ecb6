/** The tenant and its events, stored and served: what all benchmarks of pages begin with. */

import type { Tenant } from '../../simulator/world.ts'
import type { Database } from '../../src/db/connection.ts'
import { upsertTenant } from '../../src/db/tenants.ts'
import { importRecords } from '../../src/services/events/import.ts'

export async function storeEvents(
  db: Database,
  tenants: readonly Pick<Tenant, 'id' | 'displayName'>[],
  records: readonly object[],
): Promise<void> {
  for (const { id, displayName } of tenants) {
    await db.withTenants([id], (tx) => upsertTenant(tx, { id, name: displayName, status: 'CONNECTED' }))
  }
  await importRecords({ db, now: () => new Date() }, linesOf(records), { source: 'IMPORT' })
}

async function* linesOf(records: readonly object[]) {
  for (const [index, record] of records.entries()) yield { line: index + 1, text: JSON.stringify(record) }
}
