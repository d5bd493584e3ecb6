/** Events that come in past the gateway, as another process would store them. */
import type { Database, Tx } from '../../src/db/connection.ts'
import { newId } from '../../src/db/ids.ts'
import { type RecordDraft, storeRecords } from '../../src/db/records.ts'

/** An event of a tenant that happened at this moment, whenever it comes in. */
export function anArrival(title: string, { happenedAt = new Date(), description = 'Somebody did something.' } = {}) {
  const id = newId(happenedAt)
  const draft: RecordDraft = {
    id,
    recordId: id,
    event: {
      id,
      type: 'USER_ACTIVITY',
      severity: 'LOW',
      title,
      description,
      occurredAt: happenedAt,
      techniques: [],
      reasons: [],
      source: 'FEED',
      actionKey: null,
      rank: 5,
      subjects: [],
    },
  }
  return draft
}

/** Stores them in one transaction, which stays open until `before` has resolved. */
export const arrive = (
  db: Database,
  tenantId: string,
  drafts: readonly RecordDraft[],
  before: (tx: Tx) => Promise<unknown> = async () => {},
) =>
  db.withTenants([tenantId], async (tx) => {
    await storeRecords(tx, tenantId, drafts)
    await before(tx)
  })
