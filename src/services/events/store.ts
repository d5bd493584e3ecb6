import type { Tx } from '../../db/connection.ts'
import type { RecordOutcome } from '../../db/records.ts'
import { lockRecords, storeRecordsOfTenants } from '../../db/records.ts'
import { type IntroducedTenant, introduceTenants } from '../../db/tenants.ts'
import { type Classified, meaningOf, type ReadableRecord } from './classify.ts'
import { loadSnapshots } from './snapshot.ts'
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

export interface Stored {
  records: Accepted[]
  /** In the order of the records. */
  outcomes: RecordOutcome[]
}

export interface StoreOptions {
  source: EventSource
  /** Our own application, where a tenant's snapshot may not name it yet. */
  ownAppId?: string | undefined
}

/** Stores records of any tenants, which exist, as what they mean there by what the database knows of each. */
export async function storeReadable(
  tx: Tx,
  given: readonly ReadableRecord[],
  { source, ownAppId }: StoreOptions,
): Promise<Stored> {
  const snapshots = await loadSnapshots(tx, tenantsIn(given))
  const records = given.map((record) => {
    const snapshot = snapshots.get(record.tenantId)
    return meaningOf(record, { ...(snapshot && { snapshot }), ...(ownAppId !== undefined && { ownAppId }) })
  })
  return { records, outcomes: await storeAccepted(tx, records, source) }
}

/** As `storeReadable`, and makes tenants known that are not yet. */
export async function storeAndIntroduce(
  tx: Tx,
  given: readonly ReadableRecord[],
  options: StoreOptions,
): Promise<Stored & { introduced: IntroducedTenant[] }> {
  const [, introduced] = await Promise.all([lockRecords(tx, tenantsIn(given)), introduceTenantsOf(tx, given)])
  return { introduced, ...(await storeReadable(tx, given, options)) }
}

/**
 * Stores records of any tenants and answers in their order. The record that gives an action its type goes first, so that
 * an event is counted as what it turns out to be.
 */
export async function storeAccepted(
  tx: Tx,
  records: readonly Accepted[],
  source: EventSource,
): Promise<RecordOutcome[]> {
  const order = records.map((_, index) => index).sort((a, b) => rankOf(records[a]) - rankOf(records[b]))
  const sorted = order.flatMap((index) => records[index] ?? [])
  const stored = await storeRecordsOfTenants(
    tx,
    sorted.map((record) => ({
      tenantId: record.tenantId,
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

/** In the order in which the records name them. */
export const tenantsIn = (records: readonly { tenantId: string }[]): string[] => [
  ...new Set(records.map(({ tenantId }) => tenantId)),
]

const rankOf = (record: Accepted | undefined): number => (record?.outcome === 'EVENT' ? record.event.rank : 1000)

/** Adds what was stored, to the counts that belong to each record. */
export function count({ records, outcomes }: Stored, countsOf: (record: Accepted) => readonly Counts[]): void {
  for (const [index, record] of records.entries()) {
    const stored = outcomes[index]?.stored
    for (const counts of countsOf(record)) {
      if (stored === 'MERGED') counts.merged += 1
      else if (stored === 'NO_EVENT') counts.noEvent += 1
      else if (stored === 'DUPLICATE') counts.duplicates += 1
      else if (stored === 'OUTSIDE_RETENTION') counts.outsideRetention += 1
      else if (record.outcome === 'EVENT')
        counts.events[record.event.type] = (counts.events[record.event.type] ?? 0) + 1
    }
  }
}

export const changedAnything = ({ events, merged, noEvent }: Counts): boolean =>
  Object.keys(events).length + merged + noEvent > 0

/** By the first name that a record tells. */
export function introduceTenantsOf(
  tx: Tx,
  records: readonly Pick<Accepted, 'tenantId' | 'tenantName'>[],
): Promise<IntroducedTenant[]> {
  const told = new Map<string, string | null>()
  for (const { tenantId, tenantName } of records) {
    if (told.get(tenantId) != null) continue
    told.set(tenantId, tenantName === null ? null : plain(tenantName, 120, tenantId))
  }
  return introduceTenants(tx, told)
}
