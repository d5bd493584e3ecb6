import type { OperatorSnapshot } from '../../db/audit.ts'
import { appendAudit } from '../../db/audit.ts'
import type { Database } from '../../db/connection.ts'
import { type ReadableRecord, type ReadOptions, readRecord } from './classify.ts'
import type { ImportLine } from './lines.ts'
import { lineBytesMax } from './lines.ts'
import type { Counts } from './store.ts'
import { changedAnything, count, introduceTenant, meaningsIn, noCounts, storeAccepted } from './store.ts'
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
  /** Our own application, where the tenant's snapshot may not name it yet. */
  ownAppId?: string
  /** Who imports; null or absent for the command line. */
  operator?: OperatorSnapshot | null
  /** Called after every batch with the report so far, which goes on changing. */
  onProgress?: (report: Readonly<ImportReport>) => void
}

const batchSizeMax = 500
/** Records of all tenants that wait for a batch of their tenant's to fill. */
const waitingMax = 5_000
const tenantsAtOnceMax = 4
const unreadableShownMax = 100

/**
 * Imports audit records, one JSON a line, in batches. What a batch stored stays when a later one fails, and a record is
 * stored once however often it comes: so an import that was cut off is done again from the start.
 */
export async function importRecords(
  { db, now }: { db: Database; now(): Date },
  lines: AsyncIterable<ImportLine>,
  options: ImportOptions,
): Promise<ImportReport> {
  const report: ImportReport = { ...noCounts(), lines: 0, noTenant: 0, unreadableTotal: 0, unreadable: [], tenants: [] }
  const byTenant = new Map<string, Counts>()
  const waiting = new Map<string, ReadableRecord[]>()
  let waitingCount = 0
  try {
    for await (const line of lines) {
      const record = read(line, options, report)
      if (record === null) continue
      if (!byTenant.has(record.tenantId)) byTenant.set(record.tenantId, noCounts())
      const batch = waiting.get(record.tenantId) ?? []
      waiting.set(record.tenantId, batch)
      batch.push(record)
      waitingCount += 1
      if (batch.length >= batchSizeMax) await store([record.tenantId])
      else if (waitingCount >= waitingMax) await store([...waiting.keys()])
    }
    await store([...waiting.keys()])
    // In the order of the file, whichever was stored first.
    const order = [...byTenant.keys()]
    report.tenants.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id))
  } finally {
    // Also when the import breaks off: what was stored so far is on record.
    await audit(db, now(), options, byTenant)
  }
  return report

  /** Some tenants side by side, each in a transaction of its own. */
  async function store(tenantIds: string[]): Promise<void> {
    const left = tenantIds.values()
    const lane = async () => {
      for (const tenantId of left) await storeOne(tenantId)
    }
    const lanes = await Promise.allSettled(Array.from({ length: tenantsAtOnceMax }, lane))
    for (const done of lanes) if (done.status === 'rejected') throw done.reason
    options.onProgress?.(report)
  }

  async function storeOne(tenantId: string): Promise<void> {
    const given = waiting.get(tenantId) ?? []
    waiting.delete(tenantId)
    waitingCount -= given.length
    const { introduced, records, outcomes } = await db.withTenants([tenantId], async (tx) => {
      const introduced = await introduceTenant(tx, tenantId, given)
      const records = await meaningsIn(tx, tenantId, given, options.ownAppId)
      return { introduced, records, outcomes: await storeAccepted(tx, tenantId, records, options.source) }
    })
    const counts = byTenant.get(tenantId) ?? noCounts()
    byTenant.set(tenantId, counts)
    if (!report.tenants.some(({ id }) => id === tenantId)) report.tenants.push({ id: tenantId, ...introduced })
    count(counts, records, outcomes)
    count(report, records, outcomes)
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
  for (const [tenantId, counts] of byTenant) {
    if (!changedAnything(counts)) continue
    await db.withTenants([tenantId], (tx) =>
      appendAudit(tx, [importedEntry({ tenantId, at, operator, source, counts })]),
    )
  }
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
