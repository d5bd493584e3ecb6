/** `tourniquet import FILE` */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { type ImportReport, importRecords } from '../services/events/import.ts'
import { linesOf } from '../services/events/lines.ts'
import { withDatabase } from './database.ts'
import { parseTenantId } from './operators.ts'
import { type Answer, CommandFault, table } from './output.ts'

/** Stores every readable line once, shows progress on stderr and ends with counts. */
export async function importFile(options: { file: string; tenant: string | null }): Promise<Answer> {
  const tenantId = options.tenant === null ? undefined : parseTenantId(options.tenant)
  const chunks = options.file === '-' ? process.stdin : createReadStream('', { fd: await openFile(options.file) })
  const progress = showProgress()
  const report = await withDatabase((db) =>
    importRecords({ db, now: () => new Date() }, linesOf(chunks), {
      source: 'IMPORT',
      onProgress: ({ lines }) => progress.show(lines),
      ...(tenantId !== undefined && { tenantId }),
    }),
  )
  progress.end()
  return { json: report, text: describe(report), exitStatus: report.unreadableTotal > 0 ? 1 : 0 }
}

async function openFile(file: string) {
  try {
    const handle = await open(file)
    if ((await handle.stat()).isDirectory())
      throw new CommandFault(`${file} is a folder: name one file of audit records.`)
    return handle
  } catch (error) {
    if (error instanceof CommandFault) throw error
    const code = error instanceof Error && 'code' in error ? error.code : error
    throw new CommandFault(
      `${file} cannot be read (${code}): name a file with one audit record in JSON a line, or - for standard input.`,
    )
  }
}

function showProgress(): { show(lines: number): void; end(): void } {
  const { stderr } = process
  const begun = Date.now()
  let shown = 0
  return {
    show(lines) {
      // A log gets a line every ten seconds, a terminal one that changes.
      if (!stderr.isTTY && Date.now() - begun < (shown + 1) * 10_000) return
      shown += 1
      stderr.write(stderr.isTTY ? `\r${lines} records` : `${lines} records …\n`)
    },
    end() {
      if (stderr.isTTY && shown > 0) stderr.write('\r\u001b[K')
    },
  }
}

/** Every line of the file is in exactly one row above the total. */
function describe(report: ImportReport): string {
  const byType = Object.entries(report.events).sort(([a], [b]) => a.localeCompare(b))
  const rows: [string, number][] = [
    ...byType,
    ['further records of one of these actions', report.merged],
    ['no event', report.noEvent],
    ['duplicates', report.duplicates],
    ['older than what is kept', report.outsideRetention],
    ['no tenant (set aside)', report.noTenant],
    ['unreadable', report.unreadableTotal],
    ['total', report.lines],
  ]
  const parts = [table([['RECORDS', ''], ...rows.map(([what, records]) => [what, String(records).padStart(7)])])]
  const unknown = report.tenants.filter(({ isNew }) => isNew)
  if (unknown.length > 0) {
    parts.push(
      `New tenants, NOT_CONNECTED until "tourniquet tenants connect ID":\n${unknown.map(({ id, name }) => `  ${id}  ${name}`).join('\n')}`,
    )
  }
  if (report.noTenant > 0) parts.push('Records without a tenant are stored when you say whose they are: --tenant ID.')
  if (report.unreadableTotal > 0) {
    const more = report.unreadableTotal - report.unreadable.length
    const lines = report.unreadable.map(({ line, problem }) => `  line ${line}: ${problem}`)
    parts.push(
      `Unreadable lines; everything else was stored:\n${lines.join('\n')}${more > 0 ? `\n  and ${more} more` : ''}`,
    )
  }
  return parts.join('\n\n')
}
