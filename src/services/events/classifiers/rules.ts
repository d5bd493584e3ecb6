import type { ActorCandidate, CandidateOf } from '../identities.ts'
import { jsonIn } from '../json-in-strings.ts'
import type { Destination } from '../mailboxes.ts'
import { destinations, mailboxAlias, mailboxAndRest, mailboxName } from '../mailboxes.ts'
import type { AuditRecord } from '../record.ts'
import { listed, plain, storable } from '../text.ts'

/** An inbox rule as a record tells it: by cmdlet (`Parameters`) or by Outlook over MAPI (`OperationProperties`). */
export interface InboxRule {
  subject: CandidateOf<'INBOX_RULE'>
  mailbox: string
  /** Undefined when the record does not tell the name; blank when the name is blank. */
  name: string | undefined
  definition: Record<string, string>
  forwardsTo(internal: ReadonlySet<string>): Destination[]
}

const cmdlets = new Set(['new-inboxrule', 'set-inboxrule', 'enable-inboxrule'])
const forwardingParameters = ['ForwardTo', 'RedirectTo', 'ForwardAsAttachmentTo']
const noDefinition = new Set([
  'Name',
  'Identity',
  'Mailbox',
  'Force',
  'AlwaysDeleteOutlookRulesBlob',
  'DomainController',
  'Organization',
])

/** The rule that the record makes, changes or turns on; null for anything else, removals included. */
export function inboxRuleOf(record: AuditRecord, actor: ActorCandidate | null): InboxRule | null {
  if (cmdlets.has(record.operation)) return ofCmdlet(record, actor)
  if (record.operation !== 'updateinboxrules') return null
  const operation = record.OperationProperties.get('RuleOperation')?.toLowerCase() ?? ''
  return operation.includes('remove') || operation.includes('delete') ? null : ofOutlook(record)
}

function ofCmdlet(record: AuditRecord, actor: ActorCandidate | null): InboxRule | null {
  const object = mailboxAndRest(afterPath(record.ObjectId))
  const identity = mailboxAndRest(afterPath(record.Parameters.get('Identity')))
  const mailbox =
    mailboxName(record.Parameters.get('Mailbox')) ?? object.mailbox ?? identity.mailbox ?? ownMailbox(actor)
  if (mailbox === undefined) return null
  const ruleId = [identity.rest, object.rest].find((rest) => rest !== undefined && /^\d{5,20}$/.test(rest))
  const name = record.Parameters.get('Name') ?? (object.rest === ruleId ? undefined : object.rest)
  const definition = definitionOf(record.Parameters, noDefinition)
  return ruleFrom(mailbox, name, ruleId, definition, (internal) =>
    forwardingParameters.flatMap((parameter) => destinations(record.Parameters.get(parameter), internal)),
  )
}

function ofOutlook(record: AuditRecord): InboxRule | null {
  const mailbox = mailboxName(record.MailboxOwnerUPN) ?? mailboxName(record.MailboxGuid)
  if (mailbox === undefined) return null
  const properties = record.OperationProperties
  const definition = definitionOf(properties, new Set(['RuleName', 'RuleId', 'RuleOperation']))
  const actions = properties.get('RuleActions') ?? ''
  const recipients = /forward|redirect|delegate/i.test(actions) ? stringsIn(jsonIn(actions) ?? actions) : []
  return ruleFrom(mailbox, properties.get('RuleName'), properties.get('RuleId'), definition, (internal) =>
    recipients.flatMap((text) => destinations(text, internal)).filter(({ address }) => address !== undefined),
  )
}

function ruleFrom(
  mailbox: string,
  rawName: string | undefined,
  rawRuleId: string | undefined,
  definition: Record<string, string>,
  forwardsTo: InboxRule['forwardsTo'],
): InboxRule {
  // A blank name is written as a space in ObjectId and as empty text in Parameters.
  const name = rawName === undefined ? undefined : storable(rawName.trim() === '' ? '' : rawName, 512)
  const ruleId = rawRuleId === undefined || rawRuleId.trim() === '' ? undefined : storable(rawRuleId.trim(), 100)
  const owner = mailboxAlias(mailbox)
  const aliases: string[] = []
  if (ruleId !== undefined) aliases.push(`ruleid:${owner}|${ruleId.toLowerCase()}`)
  if (name !== undefined) aliases.push(`rule:${owner}|${name.trim().toLowerCase()}`)
  if (aliases.length === 0) aliases.push(`rule:${owner}|?`)
  const attributes: CandidateOf<'INBOX_RULE'>['attributes'] = { mailbox, definition }
  if (name !== undefined) attributes.name = name
  if (ruleId !== undefined) attributes.ruleId = ruleId
  return { subject: { type: 'INBOX_RULE', role: 'TARGET', aliases, attributes }, mailbox, name, definition, forwardsTo }
}

/** Parameters by name, for evidence and for finding the rule again; odd names are left out, long values clipped. */
export function definitionOf(
  parameters: ReadonlyMap<string, string>,
  without: ReadonlySet<string>,
): Record<string, string> {
  const kept = [...parameters].filter(([name]) => /^[A-Za-z]\w{0,63}$/.test(name) && !without.has(name)).slice(0, 60)
  return Object.fromEntries(kept.map(([name, value]) => [name, storable(value, 2000)]))
}

/** How a sentence lists destinations. */
export function destinationNames(all: readonly Destination[]): string {
  return listed([...new Set(all.map(({ address, name }) => plain(address ?? name, 80)))], 4)
}

/** `<FOREST>/Microsoft Exchange Hosted Organizations/<tenant>/<alias>\<rule>` without the path; rules may hold slashes. */
function afterPath(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const backslash = text.indexOf('\\')
  const head = backslash < 0 ? text : text.slice(0, backslash)
  return text.slice(head.lastIndexOf('/') + 1)
}

const ownMailbox = (actor: ActorCandidate | null): string | undefined =>
  actor?.type === 'USER' ? actor.attributes.userPrincipalName : undefined

function stringsIn(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return [value]
  if (depth > 6 || typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((member) => stringsIn(member, depth + 1))
}
