import { createHash } from 'node:crypto'

const guidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const nobody = '00000000-0000-0000-0000-000000000000'

/** The GUID in lower case, or undefined when the text is none or all zeros. */
export function guid(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const candidate = text.trim().toLowerCase()
  return guidPattern.test(candidate) && candidate !== nobody ? candidate : undefined
}

const depthMax = 100

/** Thrown for a value that is nested deeper than any audit record. */
export class TooDeepError extends Error {}

/** One spelling for one value: keys sorted, no blanks. So a record keeps its hash however it was written down. */
export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > depthMax) throw new TooDeepError('nested too deeply')
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member, depth + 1)}`)
    return `{${members.join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/**
 * UUIDv7 form: the event's time in milliseconds, then a hash of tenant, record id and record.
 * The same record has the same id wherever and whenever it is read.
 */
export function eventId(at: Date, tenantId: string, recordId: string, recordHash: Buffer): string {
  const bytes = sha256(`${tenantId}\n${recordId}\n${recordHash.toString('hex')}`).subarray(0, 16)
  bytes.writeUIntBE(at.getTime(), 0, 6)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

const timePattern = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/i

/** The time of a record. Without a zone it is UTC, whatever the machine's own zone is. Years 1970 to 9999, else undefined. */
export function utcTime(text: string | undefined): Date | undefined {
  const match = timePattern.exec(text?.trim() ?? '')
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match
  const millisecond = fraction.padEnd(3, '0').slice(0, 3)
  const local = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${millisecond}Z`)
  // February 31 is read as March 3: a time that does not print as it was written is none.
  if (Number.isNaN(local.getTime()) || !local.toISOString().startsWith(`${year}-${month}-${day}T${hour}`))
    return undefined
  const at = new Date(local.getTime() - offsetMs(zone))
  const usable = at.getTime() >= 0 && at.getUTCFullYear() <= 9999
  return usable ? at : undefined
}

function offsetMs(zone: string): number {
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(zone)
  if (match === null) return 0
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return (match[1] === '-' ? -minutes : minutes) * 60_000
}
