/** What an attacker makes of an id that was seen somewhere. */
import type { Seeded } from '../seeded.ts'

const decoded = (id: string): string => Buffer.from(id, 'base64url').toString()
const encoded = (text: string): string => Buffer.from(text).toString('base64url')
const types = [
  'Tenant',
  'SecurityEvent',
  'Subject',
  'RemediationRun',
  'AuditEntry',
  'Operator',
  'ApiKey',
  'events',
  'audit',
  'runs',
]

/** The same change for an id and for its twin; `other` is an id of the attacker's own. */
export function mutation(chance: Seeded, other: string): (id: string) => string {
  const place = chance.number()
  const shift = chance.whole(0, 14)
  const type = chance.oneOf(['Tenant', ...types])
  const [otherTenant = '', otherObject = ''] = decoded(other).replace(/^\w+:/, '').split('/')
  return chance.oneOf<(id: string) => string>([
    (id) => flipped(id, place, shift),
    (id) => encoded(decoded(id).replace(/^\w+/, type)),
    (id) => encoded(decoded(id).replace(/:[^/]*/, `:${otherTenant}`)),
    (id) => encoded(decoded(id).replace(/\/.*$/, `/${otherObject}`)),
    (id) => encoded(`${decoded(id)}/${otherObject}`),
    (id) => encoded(`${decoded(id)},${otherTenant}`),
    (id) => encoded(decoded(id).toUpperCase()),
    (id) => encoded(`${decoded(id)}\n`),
    (id) => encoded(` ${decoded(id)}`),
    (id) => id.slice(0, Math.floor(place * id.length)),
    (id) => `${id}=`,
    (id) => `${id}%00`,
    (id) => Buffer.from(decoded(id)).toString('base64'),
    (id) => Buffer.from(decoded(id)).toString('hex'),
    (id) => encoded(id),
    (id) => encodeURIComponent(decoded(id)),
    decoded,
    (id) => id.toUpperCase(),
    (id) => `${id}'--`,
  ])
}

/** A digit stays a digit, so that an id and its twin become ids or no ids alike. */
function flipped(id: string, place: number, shift: number): string {
  const isEncoded = encoded(decoded(id)) === id
  const text = isEncoded ? decoded(id) : id
  const index = Math.floor(place * text.length)
  const from = text.charAt(index)
  const to = /[0-9a-f]/.test(from) ? ((Number.parseInt(from, 16) + (shift % 15) + 1) % 16).toString(16) : 'x'
  const changed = `${text.slice(0, index)}${to}${text.slice(index + 1)}`
  return isEncoded ? encoded(changed) : changed
}
