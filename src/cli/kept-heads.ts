import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { type SignedHead, signedHead } from '../services/audit/signed-heads.ts'
import { wrongUse } from './output.ts'

/** An export's head, the worker's log line of one, an export's head as an OCSF event, a head alone. */
const lineWithHead = z.union([
  z.object({ head: signedHead }).transform(({ head }) => head),
  z.object({ unmapped: z.object({ head: signedHead }) }).transform(({ unmapped }) => unmapped.head),
  signedHead,
])

/** Every signed head in a file of JSON Lines. Throws `CommandFault` when there is none. */
export async function readKeptHeads(file: string): Promise<SignedHead[]> {
  const heads: SignedHead[] = []
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    // Most lines of an export are entries, which need not be parsed.
    const head = line.includes('"signature"') ? lineWithHead.safeParse(objectOf(line)).data : undefined
    if (head) heads.push(head)
  }
  if (heads.length === 0)
    throw wrongUse(`${file} holds no signed head: give an export of the audit, or lines of the worker's log.`)
  return heads
}

function objectOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
