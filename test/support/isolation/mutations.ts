/** What an attacker makes of an id that was seen somewhere. */
import type { Seeded } from '../seeded.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
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
  const shift = chance.whole(1, alphabet.length - 1)
  const type = chance.oneOf(['Tenant', ...types])
  const [otherTenant = '', otherObject = ''] = decoded(other).replace(/^\w+:/, '').split('/')
  return chance.oneOf<(id: string) => string>([
    (id) => flipped(id, Math.floor(place * id.length), shift),
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

function flipped(id: string, index: number, shift: number): string {
  const from = alphabet.indexOf(id.charAt(index))
  return `${id.slice(0, index)}${alphabet.charAt((from + shift) % alphabet.length)}${id.slice(index + 1)}`
}
