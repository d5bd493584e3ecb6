/** The API's ids: opaque to clients, one for one object everywhere, made and read here only. */
import { InvalidInputError } from '../services/refusals.ts'

/** Objects that belong to a tenant; their own ids are unique within it. */
export type TenantScopedType = 'SecurityEvent' | 'Subject' | 'RemediationRun' | 'AuditEntry'
export type GlobalIdType = TenantScopedType | 'Tenant' | 'Operator' | 'ApiKey'

export interface DecodedId {
  type: GlobalIdType
  /** The Entra tenant id; empty for objects that belong to no tenant. */
  tenantId: string
  /** The object's own id; the tenant id for a tenant. */
  id: string
}

const guid = '[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}'
const alone = new RegExp(`^(Tenant|Operator|ApiKey):(${guid})$`)
const scoped = new RegExp(`^(SecurityEvent|Subject|RemediationRun):(${guid})/(${guid})$`)
const entry = new RegExp(`^(AuditEntry):(${guid})/([1-9][0-9]{0,14})$`)
const entraTenantId = new RegExp(`^${guid}$`, 'i')

const encode = (text: string) => Buffer.from(text).toString('base64url')

/** The id of an event, subject, run or audit entry. */
export const scopedId = (type: TenantScopedType, tenantId: string, id: string): string =>
  encode(`${type}:${tenantId}/${id}`)
export const tenantGlobalId = (tenantId: string): string => encode(`Tenant:${tenantId}`)
export const operatorGlobalId = (id: string): string => encode(`Operator:${id}`)
export const apiKeyGlobalId = (id: string): string => encode(`ApiKey:${id}`)

/** Null for a text that this API never gave out: such an id names nothing, as that of a removed object. */
export function decodeId(globalId: string): DecodedId | null {
  if (globalId.length > 200) return null
  const text = Buffer.from(globalId, 'base64url').toString('utf8')
  // Decoding is lenient: only the one spelling that we write is an id, or one object would have several.
  if (encode(text) !== globalId) return null
  const [, type, tenantId, id] = scoped.exec(text) ?? entry.exec(text) ?? []
  if (type && tenantId && id) return { type: type as TenantScopedType, tenantId, id }
  const [, kind, own] = alone.exec(text) ?? []
  if (kind && own) return { type: kind as GlobalIdType, tenantId: kind === 'Tenant' ? own : '', id: own }
  return null
}

/**
 * Reads an id of one type. Null when it names nothing; throws `InvalidInputError` when it is the id of something else. A
 * tenant may be named by its id in Entra as well: that is the one which callers know.
 */
export function readId(type: GlobalIdType, globalId: string, path: string[]): DecodedId | null {
  if (type === 'Tenant' && entraTenantId.test(globalId)) {
    const tenantId = globalId.toLowerCase()
    return { type, tenantId, id: tenantId }
  }
  const decoded = decodeId(globalId)
  if (decoded && decoded.type !== type) {
    const message = wrongType(type, decoded)
    throw new InvalidInputError(message, [{ path, message }])
  }
  return decoded
}

/** What to say when the id names another sort of object. */
export const wrongType = (expected: GlobalIdType, { type }: DecodedId): string =>
  `This is the id of a ${type}, not of a ${expected}.`
