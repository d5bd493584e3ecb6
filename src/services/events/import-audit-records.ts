import type { ServiceContext } from '../../context.ts'
import { appendAudit } from '../../db/audit.ts'
import type { Tx } from '../../db/connection.ts'
import type { RecordOutcome } from '../../db/records.ts'
import { InvalidInputError } from '../refusals.ts'
import { inOneGo } from './batches.ts'
import { type ReadableRecord, readRecord } from './classify.ts'
import { auditedTenantsMax, importedEntry, TenantsNotStoredError } from './import.ts'
import type { Accepted, Stored } from './store.ts'
import { changedAnything, count, noCounts, storeAndIntroduce, tenantsIn } from './store.ts'

export const auditRecordsMax = 1000

/**
 * What became of a record. `NOT_ALLOWED`: the caller sees the tenant and may not import there. `NOT_FOUND`: the tenant does
 * not exist for the caller, whether it exists or not. `NO_TENANT`: the record names none.
 */
export type RecordResultOutcome = RecordOutcome['stored'] | 'UNREADABLE' | 'NO_TENANT' | 'NOT_ALLOWED' | 'NOT_FOUND'

export interface RecordResult {
  /** Place of the record in the input, from 0. */
  index: number
  outcome: RecordResultOutcome
  /** The event that the record made; null for every other outcome. */
  tenantId: string | null
  eventId: string | null
  problem: string | null
}

type ImportContext = Pick<ServiceContext, 'db' | 'now' | 'operator' | 'access' | 'clientId'>

/**
 * Imports up to 1,000 records and answers for each. Needs `Events.Ingest` on a record's tenant; nothing is stored for others.
 * Throws `InvalidInputError` for more records.
 */
export async function importAuditRecords(ctx: ImportContext, records: readonly unknown[]): Promise<RecordResult[]> {
  if (records.length > auditRecordsMax) {
    const message = `At most ${auditRecordsMax} records at once.`
    throw new InvalidInputError(message, [{ path: ['input', 'records'], message }])
  }
  const results: RecordResult[] = []
  const accepted: { index: number; record: ReadableRecord }[] = []
  for (const [index, value] of records.entries()) {
    const read = readRecord(value)
    const refused = refusalOf(ctx, read)
    if (refused !== null) results[index] = { index, tenantId: null, eventId: null, ...refused }
    else if (read.outcome === 'READABLE') accepted.push({ index, record: read })
  }
  const { done, faults } = await inOneGo(
    ctx.db,
    accepted.map(({ index, record }) => ({ ...record, index })),
    (tx, records) => storeAudited(ctx, tx, records),
    { tenantsMax: auditedTenantsMax },
  )
  for (const { items, result } of done) {
    for (const [position, { index, tenantId }] of items.entries()) {
      const [record, outcome] = [result.records[position], result.outcomes[position]]
      if (!record || !outcome) throw new Error('The store answered for fewer records than it was given.')
      const { stored } = outcome
      const problem = stored === 'OUTSIDE_RETENTION' ? 'The record is older than what is kept here.' : null
      results[index] = { index, outcome: stored, tenantId, eventId: eventIdOf(record, outcome), problem }
    }
  }
  if (faults.size > 0) throw new TenantsNotStoredError(faults)
  return results
}

function refusalOf(
  { access }: ImportContext,
  read: ReturnType<typeof readRecord>,
): Pick<RecordResult, 'outcome' | 'problem'> | null {
  if (read.outcome === 'UNREADABLE') return { outcome: 'UNREADABLE', problem: read.problem }
  if (read.outcome === 'NO_TENANT') {
    return { outcome: 'NO_TENANT', problem: 'The record names no tenant in OrganizationId.' }
  }
  const { tenantId } = read
  if (access.can(tenantId, 'Events.Ingest')) return null
  return access.tenantIds.includes(tenantId)
    ? { outcome: 'NOT_ALLOWED', problem: 'Importing into this tenant needs the role Events.Ingest.' }
    : { outcome: 'NOT_FOUND', problem: 'There is no such tenant.' }
}

/** Records, tenants and audit rows in one transaction: of a tenant all of it or nothing. */
async function storeAudited(ctx: ImportContext, tx: Tx, given: readonly ReadableRecord[]): Promise<Stored> {
  const { id, kind, displayName } = ctx.operator
  const source = 'IMPORT'
  const stored = await storeAndIntroduce(tx, given, { source, ownAppId: ctx.clientId })
  const byTenant = new Map(tenantsIn(given).map((tenantId) => [tenantId, noCounts()]))
  count(stored, ({ tenantId }) => [byTenant.get(tenantId) ?? noCounts()])
  const [operator, at] = [{ id, kind, displayName }, ctx.now()]
  await appendAudit(
    tx,
    [...byTenant].flatMap(([tenantId, counts]) =>
      changedAnything(counts) ? importedEntry({ tenantId, at, operator, source, counts }) : [],
    ),
  )
  return stored
}

function eventIdOf(record: Accepted, outcome: RecordOutcome): string | null {
  return record.outcome === 'EVENT' && outcome.stored === 'EVENT' ? record.event.id : null
}
