/** The proof that a tenant's audit trail is the one that was written: its chain, computed anew. */
import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { auditHeadOf } from './audit.ts'
import type { Tx } from './connection.ts'

/** In words for people: what is wrong, and the first place where it is. */
export interface AuditFault {
  seq: number
  what: string
}

export interface AuditVerification {
  /** Entries up to the first fault, those before `from` included. */
  rows: number
  fault: AuditFault | null
  /** The hash of the last of these entries. */
  hash: Buffer
}

/** A place of the chain that is known from elsewhere. */
export interface KnownPlace {
  seq: number
  hash: Buffer
  /** E.g. `the head signed on 2026-03-04`. */
  known: string
}

export interface ChainOptions {
  /** Only what follows this place; that the place itself is unchanged shows in the entry after it. */
  from?: { seq: number; hash: Buffer } | undefined
  /** In the order of `seq`. */
  places?: readonly KnownPlace[]
  onRows?: ((rows: number, total: number) => void) | undefined
}

interface TextRow extends Record<string, unknown> {
  seq: string
  fields: (string | null)[]
  previous_hash: Buffer
  hash: Buffer
}

const pageSize = 5000

/** As the database's own function lists them, and written out here: whoever changes that function is found, too. */
const fields = sql.raw(`to_json(array[
  tenant_id::text, seq::text, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), name,
  operator::text, event_id::text, run_id::text, kind, subject_id::text, details::text])`)

const beginning = Buffer.alloc(32)

/**
 * Recomputes the chain here rather than in the database, and compares it with the stored one and with the places known from
 * elsewhere: without these, a tail that was cut together with the head, and a chain that was computed anew, do not show.
 */
export async function verifyAuditChain(
  tx: Tx,
  tenantId: string,
  { from, places = [], onRows }: ChainOptions = {},
): Promise<AuditVerification> {
  // The head first: entries that are appended meanwhile are beyond it, and no fault.
  const head = await auditHeadOf(tx, tenantId)
  let seq = from?.seq ?? 0
  let previous: Buffer = from?.hash ?? beginning
  // What stands before the first entry is shown by every list.
  let lookedAt = from ? String(from.seq) : '-9223372036854775808'
  let next = 0
  const fault = (at: number, what: string) => ({ rows: seq, fault: { seq: at, what }, hash: previous })
  const missing = (last: number, known: string) =>
    fault(seq + 1, `Entries ${seq + 1} to ${last} are missing at the end: ${known} names entry ${last}.`)
  if (from && (head?.seq ?? 0) < seq) {
    const last = head?.seq ?? 0
    const what = `Entries ${last + 1} to ${seq} are missing at the end: the last signed head names entry ${seq}.`
    return { rows: last, fault: { seq: last + 1, what }, hash: previous }
  }
  if (from && head?.seq === seq && !head.hash.equals(previous))
    return fault(seq, `Entry ${seq} is not the one that the head names.`)
  for (;;) {
    const rows = await tx.execute<TextRow>(sql`
      select seq, ${fields} as fields, previous_hash, hash from audit_entry
      where tenant_id = ${tenantId}::uuid and seq > ${lookedAt} order by seq limit ${pageSize}`)
    for (const row of rows) {
      const found = Number(row.seq)
      if (found <= seq) return fault(found, `Entry ${found} was put in before the first.`)
      if (found !== seq + 1) return fault(seq + 1, `Entry ${seq + 1} is missing.`)
      if (!row.previous_hash.equals(previous)) {
        return fault(
          found,
          `Entry ${found} does not follow the entry before it: one of the two was changed, exchanged or removed.`,
        )
      }
      if (!row.hash.equals(hashOf(previous, row.fields)))
        return fault(found, `Entry ${found} was changed after it was written.`)
      seq = found
      previous = row.hash
      if (head?.seq === seq && !head.hash.equals(previous))
        return fault(seq, `Entry ${seq} is not the one that the head names.`)
      for (let place = places[next]; place && place.seq <= seq; place = places[++next]) {
        if (place.seq === seq && !place.hash.equals(previous))
          return fault(seq, `Entry ${seq} or one before it was written anew: ${place.known} names another one.`)
      }
    }
    lookedAt = String(seq)
    onRows?.(seq, head?.seq ?? seq)
    if (rows.length < pageSize) break
  }
  if (head !== null && seq < head.seq) return missing(head.seq, 'the head')
  // Read again: an entry is committed with the head that names it, so none is ahead of it.
  const last = (await auditHeadOf(tx, tenantId))?.seq
  if (last === undefined && seq > 0) return fault(seq, 'The head of the chain is missing.')
  if (last !== undefined && last < seq) return fault(last + 1, `Entry ${last + 1} was put in after the head.`)
  const beyond = places.find((place) => place.seq > seq)
  return beyond ? missing(beyond.seq, beyond.known) : { rows: seq, fault: null, hash: previous }
}

/** SHA-256 over the hash before and every field with its length in bytes, so that no text can pass for two fields. */
function hashOf(previous: Buffer, fields: readonly (string | null)[]): Buffer {
  const text = fields.map((field) => (field === null ? '-' : `${Buffer.byteLength(field)}:${field}`)).join(',')
  return createHash('sha256').update(previous).update(text, 'utf8').digest()
}
