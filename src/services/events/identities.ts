import { guid } from './ids.ts'
import type { AuditRecord } from './record.ts'
import { plain, storable } from './text.ts'
import type { SubjectAttributes, SubjectCandidate, SubjectRole } from './types.ts'

export type CandidateOf<T extends SubjectCandidate['type']> = Extract<SubjectCandidate, { type: T }>
export type ActorCandidate = CandidateOf<'USER'> | CandidateOf<'SYSTEM'> | CandidateOf<'ANONYMOUS'>

/** Stands for "in another tenant, the record does not say which". */
export const unknownTenantId = '00000000-0000-0000-0000-000000000000'

interface UserIds {
  objectId?: string | undefined
  userPrincipalName?: string | undefined
  puid?: string | undefined
  displayName?: string | undefined
  homeTenantId?: string | undefined
}

/** A user with every alias that the ids give; null when nothing identifies one. Aliases are lower case. */
export function user(ids: UserIds, role: SubjectRole): CandidateOf<'USER'> | null {
  const aliases: string[] = []
  const attributes: SubjectAttributes['USER'] = {}
  if (ids.objectId !== undefined) {
    aliases.push(`oid:${ids.objectId}`)
    attributes.objectId = ids.objectId
  }
  if (ids.userPrincipalName !== undefined) {
    const name = storable(ids.userPrincipalName.trim(), 320)
    aliases.push(`upn:${name.toLowerCase()}`)
    attributes.userPrincipalName = name
  }
  if (ids.puid !== undefined) aliases.push(`puid:${ids.puid}`)
  if (ids.displayName !== undefined) attributes.displayName = plain(ids.displayName)
  if (ids.homeTenantId !== undefined) attributes.homeTenantId = ids.homeTenantId
  return aliases.length === 0 ? null : { type: 'USER', role, aliases, attributes }
}

export function system(name: string, alias = `system:${name}`): CandidateOf<'SYSTEM'> {
  const aliases = [storable(alias.trim().toLowerCase(), 300)]
  return { type: 'SYSTEM', role: 'ACTOR', aliases, attributes: { name: plain(name) } }
}

const anonymous = (name: string): CandidateOf<'ANONYMOUS'> => ({
  type: 'ANONYMOUS',
  role: 'ACTOR',
  aliases: [`anonymous:${storable(name.trim().toLowerCase(), 300)}`],
  attributes: { name: plain(name) },
})

/** Who did it, or null when the record names nobody. `UserType` does not settle it, so the form of the id does. */
export function actorOf(record: AuditRecord, tenantId: string): ActorCandidate | null {
  const id = record.UserId?.trim() ?? ''
  const lower = id.toLowerCase()
  if (lower === 'anonymous' || lower.startsWith('urn:spo:anon#')) return anonymous(id)
  if (lower.startsWith('urn:spo:guest#')) return addressee(id.slice('urn:spo:guest#'.length), 'ACTOR') ?? system(id)
  if (isServiceName(lower)) return system(id)
  const technician = /\\tenant: ?([0-9a-f-]{36}), ?object: ?([0-9a-f-]{36})/i.exec(id)
  if (technician !== null) {
    const homeTenantId = foreign(guid(technician[1]), tenantId)
    return user({ objectId: guid(technician[2]), homeTenantId }, 'ACTOR') ?? system(id)
  }
  const principal = guid(/^serviceprincipal_(.+)$/.exec(lower)?.[1])
  if (principal !== undefined) return system(nameOf(record.Actor) ?? id, `sp:${principal}`)
  if (isAddress(id)) return person(record, tenantId, id)
  const objectId = objectIdOfActor(record) ?? (isPersonType(record.UserType) ? guid(id) : undefined)
  if (objectId !== undefined) return user({ objectId, puid: puidOfActor(record) }, 'ACTOR')
  if (id === '') return addressee(record.Actor.find((entry) => entry.type === 5)?.id ?? '', 'ACTOR')
  return system(nameOf(record.Actor) ?? id, guid(id) === undefined ? `system:${id}` : `app:${id}`)
}

/** Microsoft's own processes, as against applications that somebody brought into the tenant. */
export function isPlatform(actor: ActorCandidate | null): boolean {
  return actor?.type === 'SYSTEM' && actor.aliases.every((alias) => !/^(sp|app):/.test(alias))
}

function person(record: AuditRecord, tenantId: string, id: string): ActorCandidate | null {
  const ids: UserIds = { userPrincipalName: id, puid: puidOfActor(record) }
  ids.objectId = objectIdOfActor(record) ?? guid(record.UserKey)
  // A guest has an object of its own in the tenant; a partner's technician has none.
  if (!isGuestName(id)) {
    const home = foreign(guid(record.ActorContextId), tenantId)
    ids.homeTenantId = home ?? (isTechnicianName(id) ? unknownTenantId : undefined)
  }
  return user(ids, 'ACTOR')
}

/** The user that a directory record is about: the entry after `User_<guid>`, its address and its PUID. */
export function targetUserOf(record: AuditRecord): CandidateOf<'USER'> | null {
  const objectId = prefixed(record.Target, 'user_')
  // Elsewhere ObjectId is a mailbox, a file or a rule, whose name anybody may choose.
  const isDirectory = record.RecordType === 8 || record.Workload === 'AzureActiveDirectory'
  const named =
    record.Target.find((entry) => entry.type === 5)?.id ?? (isDirectory ? addressIn(record.ObjectId) : undefined)
  if (objectId === undefined && (named === undefined || !isAddress(named))) return null
  if (isServiceName(named?.toLowerCase() ?? '')) return null
  return user(
    {
      objectId,
      userPrincipalName: named === undefined ? undefined : undeleted(named, objectId),
      puid: puidIn(record.Target.find((entry) => entry.type === 3)?.id),
    },
    'TARGET',
  )
}

/** A person known by address only. */
export function addressee(address: string, role: SubjectRole): CandidateOf<'USER'> | null {
  const trimmed = address.trim()
  return isAddress(trimmed) && !isServiceName(trimmed.toLowerCase()) ? user({ userPrincipalName: trimmed }, role) : null
}

/** The GUID of the entry `<prefix><guid>`, e.g. of `ServicePrincipal_…`. */
export function prefixed(entries: AuditRecord['Target'], prefix: string): string | undefined {
  const entry = entries.find(({ id }) => id.toLowerCase().startsWith(prefix))
  return guid(entry?.id.slice(prefix.length))
}

/** The display name in `Actor` or `Target`. */
export function nameOf(entries: AuditRecord['Target']): string | undefined {
  return entries.find((entry) => entry.type === 1 && entry.id.trim() !== '')?.id
}

export function isAddress(text: string): boolean {
  return text.length <= 320 && /^[^\s@;,<>"]+@[^\s@;,<>"\\/]+\.[^\s@;,<>"\\/.]+$/.test(text)
}

export const isGuestName = (name: string): boolean => name.toLowerCase().includes('#ext#')
export const isTechnicianName = (name: string): boolean => /^user_[0-9a-f]{32}@/i.test(name)

export function sameUser(a: ActorCandidate | null, b: ActorCandidate | null): boolean {
  return a !== null && b !== null && a.aliases.some((alias) => b.aliases.includes(alias))
}

/** How a sentence calls the actor. */
export function calling(actor: ActorCandidate | null): string {
  if (actor === null) return 'Somebody'
  if (actor.type === 'ANONYMOUS') return 'An anonymous visitor'
  if (actor.type === 'SYSTEM') return actor.attributes.name
  const { userPrincipalName, displayName, objectId } = actor.attributes
  return plain(userPrincipalName ?? displayName ?? (objectId === undefined ? 'A user' : `User ${objectId}`))
}

function isServiceName(lower: string): boolean {
  return (
    /^nt (authority|service)\\/.test(lower) ||
    /^s-1-5-(18|19|20)$/.test(lower) ||
    /@[a-z0-9.-]*\.?prod\.(outlook|exchangelabs)\.com$/.test(lower) ||
    lower === 'app@sharepoint' ||
    lower === 'fim_password_service@support.onmicrosoft.com'
  )
}

const isPersonType = (userType: number | undefined): boolean =>
  userType !== undefined && [0, 2, 9, 10].includes(userType)

function objectIdOfActor(record: AuditRecord): string | undefined {
  const prefixedId = prefixed(record.Actor, 'user_')
  if (prefixedId !== undefined) return prefixedId
  // Sign-ins write the object id as type 0, next to the address.
  return record.RecordType === 15 ? guid(record.Actor.find((entry) => entry.type === 0)?.id) : undefined
}

function puidOfActor(record: AuditRecord): string | undefined {
  return puidIn(record.Actor.find((entry) => entry.type === 3)?.id) ?? puidIn(record.UserKey)
}

function puidIn(key: string | undefined): string | undefined {
  const match = /^(?:i:0h\.f\|membership\|)?([0-9a-f]{16})(?:@.*)?$/i.exec(key?.trim() ?? '')
  return match?.[1]?.toLowerCase()
}

const foreign = (tenant: string | undefined, own: string): string | undefined => (tenant === own ? undefined : tenant)

const addressIn = (text: string | undefined): string | undefined =>
  text !== undefined && isAddress(text.trim()) ? text.trim() : undefined

/** A deleted user's address starts with its object id without dashes. */
function undeleted(name: string, objectId: string | undefined): string {
  const prefix = objectId?.replaceAll('-', '')
  return prefix !== undefined && name.toLowerCase().startsWith(prefix) ? name.slice(prefix.length) : name
}
