/** How the command speaks: people read tables on stdout and progress on stderr, programs read one JSON object. */

import { ConfigFault } from '../config.ts'

/** Wrong use or a fault that the person at the keyboard can mend: one sentence, no stack. */
export class CommandFault extends Error {
  readonly exitStatus: 1 | 2
  constructor(message: string, exitStatus: 1 | 2 = 1) {
    super(message)
    this.name = 'CommandFault'
    this.exitStatus = exitStatus
  }
}

/** A fault in how the command was called. */
export const wrongUse = (message: string) => new CommandFault(message, 2)

/** What a command found or did: `json` for `--json`, `text` for people. */
export interface Answer {
  json: object
  text: string
  /** 1 when faults were found. Default 0. */
  exitStatus?: 0 | 1
}

/** Prints an answer and sets the exit status. */
export function print(answer: Answer, asJson: boolean): void {
  process.stdout.write(asJson ? `${JSON.stringify(answer.json)}\n` : `${answer.text.trimEnd()}\n`)
  process.exitCode = answer.exitStatus ?? 0
}

/** Columns padded to their widest cell; the first row is the heading. */
export function table(rows: (string | number | null)[][]): string {
  const text = rows.map((row) => row.map((cell) => String(cell ?? '–')))
  const widths = (text[0] ?? []).map((_, column) => Math.max(...text.map((row) => (row[column] ?? '').length)))
  return text
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const networkCodes: Record<string, string> = {
  ECONNREFUSED: 'nothing answers there',
  ENOTFOUND: 'its host name is not known',
  ETIMEDOUT: 'it did not answer in time',
  CONNECT_TIMEOUT: 'it did not answer in time',
  '28P01': 'the password is wrong',
  '28000': 'the role may not sign in',
  '3D000': 'there is no such database',
  '42P01': 'its tables are missing; run "tourniquet migrate"',
}

/** One sentence for whatever was thrown, with what to do next where that is known. */
export function sentenceFor(error: unknown): string {
  // A fault of the environment names each variable in a line of its own.
  if (error instanceof CommandFault || error instanceof ConfigFault) return error.message
  const [code, message] = codeAndMessage(error)
  const why = code === null ? undefined : networkCodes[code]
  if (why !== undefined) return `The database cannot be used: ${why} (${code}). Check DATABASE_URL.`
  if (code === 'ENOENT' || code === 'EACCES') return `${message.split(',')[0]}. Check the path and its rights.`
  return `${message.split('\n')[0]}`
}

function codeAndMessage(error: unknown): [string | null, string] {
  if (!(error instanceof Error)) return [null, String(error)]
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null
  if (code === null && inner instanceof Error) return codeAndMessage(inner)
  return [code, error.message || error.name]
}
