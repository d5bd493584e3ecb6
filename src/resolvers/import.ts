import type { ServiceContext } from '../context.ts'
import { importAuditRecords as importAll, type RecordResult } from '../services/events/import-audit-records.ts'
import { InvalidInputError } from '../services/refusals.ts'

export interface ImportedRecords {
  results: RecordResult[]
}

export async function importAuditRecords(
  _: unknown,
  { input: { records } }: { input: { records: readonly unknown[] } },
  ctx: ServiceContext,
): Promise<ImportedRecords> {
  if (records.length === 0) {
    const message = 'Send at least one record.'
    throw new InvalidInputError(message, [{ path: ['input', 'records'], message }])
  }
  return { results: await importAll(ctx, records) }
}
