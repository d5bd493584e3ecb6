import type { ActorCandidate, CandidateOf } from './identities.ts'
import { isAddress, isGuestName, isTechnicianName } from './identities.ts'
import { guid } from './ids.ts'
import type { AuditRecord } from './record.ts'
import type { TenantSnapshot } from './snapshot.ts'
import { storable } from './text.ts'
import type { SubjectAttributes } from './types.ts'

/**
 * A mailbox as Exchange takes it: the address, the alias or the GUID. Records name it in each of these ways, and as directory
 * path, within one record. An alias stays an alias: making an address of it would be a guess at whom to act upon.
 */
export function mailboxName(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const lastOfPath = text.slice(0, 2000).split('/').at(-1) ?? ''
  const name = storable((lastOfPath.split('\\').at(-1) ?? '').trim(), 320)
  return name === '' ? undefined : name
}

/** `<mailbox>\<rule>`: the rule's name may be blank and may hold backslashes, the mailbox cannot. */
export function mailboxAndRest(text: string | undefined): { mailbox: string | undefined; rest: string | undefined } {
  if (text === undefined) return { mailbox: undefined, rest: undefined }
  const at = text.indexOf('\\')
  return at < 0
    ? { mailbox: undefined, rest: text }
    : { mailbox: mailboxName(text.slice(0, at)), rest: text.slice(at + 1) }
}

/** One object, one alias: a directory path, an address and an alias in any case are compared in lower case. */
export function mailboxAlias(mailbox: string): string {
  const id = guid(mailbox)
  return id === undefined ? `mailbox:${mailbox.toLowerCase()}` : `guid:${id}`
}

export function mailboxSubject(
  mailbox: string,
  known: Omit<SubjectAttributes['MAILBOX'], 'mailbox'> = {},
): CandidateOf<'MAILBOX'> {
  const aliases = new Set([mailboxAlias(mailbox)])
  if (known.exchangeGuid !== undefined) aliases.add(`guid:${known.exchangeGuid}`)
  return { type: 'MAILBOX', role: 'TARGET', aliases: [...aliases], attributes: { mailbox, ...known } }
}

/** Whether a mailbox is the user's own: the full address, the part before the `@`, or the object id. */
export function isOwnMailbox(mailbox: string, owner: ActorCandidate | null): boolean {
  if (owner?.type !== 'USER') return false
  const { userPrincipalName, objectId } = owner.attributes
  const name = mailbox.toLowerCase()
  if (objectId !== undefined && objectId === name) return true
  const address = userPrincipalName?.toLowerCase()
  return address !== undefined && (address === name || address.split('@')[0] === name)
}

/**
 * The domains that count as the tenant's own: those that it has verified, else only the initial one, which the record names.
 * Sub-domains are not the same: anybody may own them.
 */
export function internalDomains(record: AuditRecord, { domains }: TenantSnapshot): ReadonlySet<string> {
  const internal = new Set(domains)
  const initial = record.OrganizationName?.trim().toLowerCase() ?? ''
  if (initial.includes('.')) internal.add(initial)
  // Hybrid routing of the same tenant.
  if (initial.includes('.onmicrosoft.')) internal.add(initial.replace('.onmicrosoft.', '.mail.onmicrosoft.'))
  return internal
}

/**
 * Domains that are the tenant's by all appearance: of the mailbox and of the actor, unless the actor is a guest or a partner.
 * No proof: they only soften what is said while the tenant's domains are not known. `mailbox` is never a rule's name.
 */
export function apparentDomains(
  record: AuditRecord,
  actor: ActorCandidate | null,
  mailbox: string | undefined,
): ReadonlySet<string> {
  const isVisitor = record.UserType === 9 || record.UserType === 10
  const own = actor?.type === 'USER' && actor.attributes.homeTenantId === undefined && !isVisitor ? actor : null
  const names = [record.MailboxOwnerUPN, mailbox, own?.attributes.userPrincipalName]
  return new Set(
    names.flatMap((name) =>
      name !== undefined && isAddress(name) && !isGuestName(name) && !isTechnicianName(name) ? [domainOf(name)] : [],
    ),
  )
}

export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase()

/** A place that mail is sent to. `address` is absent when the record gives only a name or an internal directory entry. */
export interface Destination {
  address?: string
  name: string
  whereabouts: 'INTERNAL' | 'EXTERNAL' | 'UNKNOWN'
}

/**
 * The destinations in a parameter: `smtp:x@y`, `x@y;z@y`, `"Name" [SMTP:x@y]`, `[EX:/o=…]`, a name, a directory path.
 * Empty text means that forwarding was removed and gives none.
 */
export function destinations(text: string | undefined, internal: ReadonlySet<string>): Destination[] {
  if (text === undefined) return []
  return partsOf(text.slice(0, 8000)).flatMap((part): Destination[] => {
    const inBrackets = /\[smtp:([^\]]+)\]/i.exec(part)?.[1] ?? /<([^<>\s]+@[^<>\s]+)>/.exec(part)?.[1]
    const candidate = (inBrackets ?? part)
      .trim()
      .replace(/^["']+|["']+$/g, '')
      .replace(/^smtp:/i, '')
    const address = isAddress(candidate) ? candidate : undefined
    if (address !== undefined) {
      const whereabouts = internal.has(domainOf(address)) ? 'INTERNAL' : 'EXTERNAL'
      return [{ address: storable(address, 320), name: storable(part, 400), whereabouts }]
    }
    if (candidate === '') return []
    const inDirectory = /\[ex:|\/o=|\/cn=recipients/i.test(part)
    return [{ name: storable(part, 400), whereabouts: inDirectory ? 'INTERNAL' : 'UNKNOWN' }]
  })
}

function partsOf(text: string): string[] {
  const parts = text.match(/(?:"[^"]*"|\[[^\]]*\]|[^;,"[]|["[])+/g) ?? []
  return parts.map((part) => part.trim()).filter((part) => part !== '' && !/^(\$null|\$false|false|\{\})$/i.test(part))
}
