import type { OperatorSnapshot } from '../../db/audit.ts'
import { appendAudit } from '../../db/audit.ts'
import type { Database } from '../../db/connection.ts'
import { inOneGo } from './batches.ts'
import { type ReadableRecord, type ReadOptions, readRecord } from './classify.ts'
import type { ImportLine } from './lines.ts'
import { lineBytesMax } from './lines.ts'
import type { Counts } from './store.ts'
import { changedAnything, count, noCounts, storeAndIntroduce } from './store.ts'
import type { EventSource } from './types.ts'

export interface UnreadableLine {
  line: number
  problem: string
}

/** Every line that holds anything is in exactly one of the counts: `lines` is their sum. */
export interface ImportReport extends Counts {
  lines: number
  /** Records that name no tenant, where none was given: set aside. */
  noTenant: number
  unreadableTotal: number
  /** The first 100 of them. */
  unreadable: UnreadableLine[]
  tenants: { id: string; name: string; isNew: boolean }[]
}

export interface ImportOptions extends ReadOptions {
  source: EventSource
  /** Our own application, where a tenant's snapshot may not name it yet. */
  ownAppId?: string
  /** Who imports; null or absent for the command line. */
  operator?: OperatorSnapshot | null
  /** Called after every batch with the report so far, which goes on changing. */
  onProgress?: (report: Readonly<ImportReport>) => void
}

/** Records in one transaction, of however many tenants. */
const batchSizeMax = 500
const unreadableShownMax = 100
/** For each audit entry the database goes through the tenants of the transaction several times. */
export const auditedTenantsMax = 100

/** What is wrong is of these tenants alone: some of their records could not be stored, and those of all others were. */
export class TenantsNotStoredError extends Error {
  readonly code = 'TENANTS_NOT_STORED'
  readonly tenantIds: readonly string[]

  constructor(faults: ReadonlyMap<string, unknown>) {
    const tenantIds = [...faults.keys()]
    const [cause] = faults.values()
    const shown = tenantIds.slice(0, 5).join(', ') + (tenantIds.length > 5 ? ` and ${tenantIds.length - 5} more` : '')
    const why = cause instanceof Error ? cause.message : String(cause)
    super(
      `Records of these tenants could not be stored: ${shown} (${why}). All others were; import the same again when that is mended.`,
      { cause },
    )
    this.name = 'TenantsNotStoredError'
    this.tenantIds = tenantIds
  }
}

/**
 * Imports audit records, one JSON a line, in batches of the file's order. What a batch stored stays when a later one fails, and a
 * record is stored once however often it comes: so an import that was cut off is done again from the start. Throws
 * `TenantsNotStoredError`, at the end of the file, when something is wrong with some tenants.
 */
export async function importRecords(
  { db, now }: { db: Database; now(): Date },
  lines: AsyncIterable<ImportLine>,
  options: ImportOptions,
): Promise<ImportReport> {
  const report: ImportReport = { ...noCounts(), lines: 0, noTenant: 0, unreadableTotal: 0, unreadable: [], tenants: [] }
  const byTenant = new Map<string, Counts>()
  const tenants = new Map<string, ImportReport['tenants'][number]>()
  const faults = new Map<string, unknown>()
  let batch: ReadableRecord[] = []
  try {
    for await (const line of lines) {
      const record = read(line, options, report)
      if (record !== null) batch.push(record)
      if (batch.length >= batchSizeMax) await store()
    }
    await store()
  } finally {
    // Also when the import breaks off: what was stored so far is on record.
    await audit(db, now(), options, byTenant)
  }
  if (faults.size > 0) throw new TenantsNotStoredError(faults)
  return report

  async function store(): Promise<void> {
    const given = batch
    batch = []
    const stored = await inOneGo(db, given, (tx, records) => storeAndIntroduce(tx, records, options))
    for (const { result } of stored.done) {
      for (const tenant of result.introduced) {
        // A later record may tell the name of a tenant that had none.
        tenants.set(tenant.id, { ...tenant, isNew: tenants.get(tenant.id)?.isNew ?? tenant.isNew })
        byTenant.set(tenant.id, byTenant.get(tenant.id) ?? noCounts())
      }
      report.tenants = [...tenants.values()]
      count(result, ({ tenantId }) => [report, byTenant.get(tenantId) ?? noCounts()])
    }
    for (const [tenantId, fault] of stored.faults) faults.set(tenantId, fault)
    if (given.length > 0) options.onProgress?.(report)
  }
}

function read(
  { line, text, problem }: ImportLine,
  options: ImportOptions,
  report: ImportReport,
): ReadableRecord | null {
  if (problem === undefined && text.trim() === '') return null
  report.lines += 1
  const parsed = problem === undefined ? parse(text) : { problem }
  const record = 'problem' in parsed ? unreadable(parsed.problem) : readRecord(parsed.value, options)
  if (record.outcome === 'UNREADABLE') {
    report.unreadableTotal += 1
    if (report.unreadable.length < unreadableShownMax) report.unreadable.push({ line, problem: record.problem })
    return null
  }
  if (record.outcome === 'NO_TENANT') {
    report.noTenant += 1
    return null
  }
  return record
}

const unreadable = (problem: string) => ({ outcome: 'UNREADABLE', problem }) as const

function parse(text: string): { value: unknown } | { problem: string } {
  if (text.length > lineBytesMax) return { problem: 'The line is too long.' }
  try {
    return { value: JSON.parse(text.replace(/^\ufeff/, '')) as unknown }
  } catch {
    return { problem: 'The line is no JSON.' }
  }
}

async function audit(
  db: Database,
  at: Date,
  { source, operator = null }: ImportOptions,
  byTenant: ReadonlyMap<string, Counts>,
): Promise<void> {
  const entries = [...byTenant].flatMap(([tenantId, counts]) =>
    changedAnything(counts) ? importedEntry({ tenantId, at, operator, source, counts }) : [],
  )
  const { faults } = await inOneGo(db, entries, appendAudit, { tenantsMax: auditedTenantsMax })
  for (const fault of faults.values()) throw fault
}

/** The audit's row about an import into one tenant. */
export function importedEntry({
  tenantId,
  at,
  operator,
  source,
  counts,
}: {
  tenantId: string
  at: Date
  operator: OperatorSnapshot | null
  source: EventSource
  counts: Counts
}) {
  return { tenantId, name: 'events.imported', at, operator, details: { source, ...counts } }
}
