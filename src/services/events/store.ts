import type { Tx } from '../../db/connection.ts'
import type { RecordOutcome } from '../../db/records.ts'
import { storeRecords } from '../../db/records.ts'
import { tenantsByIds, upsertTenant } from '../../db/tenants.ts'
import { type Classified, meaningOf, type ReadableRecord } from './classify.ts'
import { loadSnapshot } from './snapshot.ts'
import { plain } from './text.ts'
import type { EventSource, SecurityEventType } from './types.ts'

/** A record that belongs to a tenant, as an event or as none. */
export type Accepted = Extract<Classified, { tenantId: string }>

/** What became of the records of one tenant. */
export interface Counts {
  /** New events by type. */
  events: Partial<Record<SecurityEventType, number>>
  merged: number
  noEvent: number
  duplicates: number
  /** Older than what is kept (`EVENT_RETENTION_DAYS`): not stored. */
  outsideRetention: number
}

export const noCounts = (): Counts => ({ events: {}, merged: 0, noEvent: 0, duplicates: 0, outsideRetention: 0 })

/** What records of one tenant mean there, by what the database knows of it. */
export async function meaningsIn(
  tx: Tx,
  tenantId: string,
  records: readonly ReadableRecord[],
  ownAppId: string | undefined,
): Promise<Accepted[]> {
  const snapshot = await loadSnapshot(tx, tenantId)
  return records.map((record) => meaningOf(record, { snapshot, ...(ownAppId !== undefined && { ownAppId }) }))
}

/**
 * Stores records of one tenant and answers in their order. The record that gives an action its type goes first, so that
 * an event is counted as what it turns out to be.
 */
export async function storeAccepted(
  tx: Tx,
  tenantId: string,
  records: readonly Accepted[],
  source: EventSource,
): Promise<RecordOutcome[]> {
  const order = records.map((_, index) => index).sort((a, b) => rankOf(records[a]) - rankOf(records[b]))
  const sorted = order.flatMap((index) => records[index] ?? [])
  const stored = await storeRecords(
    tx,
    tenantId,
    sorted.map((record) => ({
      id: record.id,
      recordId: record.recordId,
      event: record.outcome === 'EVENT' ? { ...record.event, source } : null,
    })),
  )
  const outcomes: RecordOutcome[] = []
  for (const [position, index] of order.entries()) {
    const outcome = stored[position]
    if (outcome === undefined) throw new Error('The store answered for fewer records than it was given.')
    outcomes[index] = outcome
  }
  return outcomes
}

const rankOf = (record: Accepted | undefined): number => (record?.outcome === 'EVENT' ? record.event.rank : 1000)

/** Adds what was stored to the counts. */
export function count(counts: Counts, records: readonly Accepted[], outcomes: readonly RecordOutcome[]): void {
  for (const [index, { stored }] of outcomes.entries()) {
    const record = records[index]
    if (stored === 'MERGED') counts.merged += 1
    else if (stored === 'NO_EVENT') counts.noEvent += 1
    else if (stored === 'DUPLICATE') counts.duplicates += 1
    else if (stored === 'OUTSIDE_RETENTION') counts.outsideRetention += 1
    else if (record?.outcome === 'EVENT') counts.events[record.event.type] = (counts.events[record.event.type] ?? 0) + 1
  }
}

export const changedAnything = ({ events, merged, noEvent }: Counts): boolean =>
  Object.keys(events).length + merged + noEvent > 0

/**
 * Makes the tenant known, as `NOT_CONNECTED`, when it is not yet. A tenant that has a name keeps it.
 * Answers whether it is new, and its name.
 */
export async function introduceTenant(
  tx: Tx,
  tenantId: string,
  records: readonly Pick<Accepted, 'tenantName'>[],
): Promise<{ name: string; isNew: boolean }> {
  const [known] = await tenantsByIds(tx, [tenantId])
  const found = records.find(({ tenantName }) => tenantName !== null)?.tenantName ?? null
  const isNameless = known?.status === 'NOT_CONNECTED' && known.name === tenantId
  if (known !== undefined && !(isNameless && found !== null)) return { name: known.name, isNew: false }
  const name = found === null ? tenantId : plain(found, 120, tenantId)
  await upsertTenant(tx, { id: tenantId, name, status: 'NOT_CONNECTED' })
  return { name, isNew: known === undefined }
}
