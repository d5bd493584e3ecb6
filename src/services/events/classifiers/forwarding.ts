import type { Classifier, Finding, RecordContext } from '../classifier.ts'
import { rank, sentence } from '../classifier.ts'
import { addressee, calling } from '../identities.ts'
import { guid } from '../ids.ts'
import type { Destination } from '../mailboxes.ts'
import {
  apparentDomains,
  destinations,
  domainOf,
  internalDomains,
  isOwnMailbox,
  mailboxName,
  mailboxSubject,
} from '../mailboxes.ts'
import { type GroundOf, graded } from '../severities.ts'
import { plain, quoted, storable } from '../text.ts'
import type { SubjectCandidate } from '../types.ts'
import { forwardsOutside, signsOf } from './inbox-rule-signs.ts'
import { definitionOf, destinationNames, inboxRuleOf } from './rules.ts'

/** Mail leaves the organisation by itself: a mailbox setting, an inbox rule, or a transport rule. */
export const externalForwarding: Classifier = (context) => {
  if (!context.happened) return null
  return byMailboxSetting(context) ?? byInboxRule(context) ?? byTransportRule(context)
}

function byMailboxSetting(context: RecordContext): Finding | null {
  const { record } = context
  if (record.operation !== 'set-mailbox') return null
  const mailbox = mailboxName(record.ObjectId) ?? mailboxName(record.Parameters.get('Identity'))
  if (mailbox === undefined) return null
  const internal = internalDomains(record, context.snapshot)
  const smtp = outside(destinations(record.Parameters.get('ForwardingSmtpAddress'), internal))
  const recipient = outside(destinations(record.Parameters.get('ForwardingAddress'), internal))
  const found = [...smtp, ...recipient]
  if (found.length === 0) return null
  const keepsCopy = record.Parameters.get('DeliverToMailboxAndForward')?.toLowerCase() === 'true'
  const smtpAddress = smtp[0]?.address
  const recipientName = recipient[0]?.address ?? recipient[0]?.name
  const subject = mailboxSubject(mailbox, {
    ...(smtpAddress === undefined ? {} : { forwardingSmtpAddress: smtpAddress }),
    ...(recipientName === undefined ? {} : { forwardingAddress: recipientName }),
  })
  return finding(context, found, {
    title: `Mailbox ${quoted(mailbox)} forwards to ${destinationNames(found)}`,
    predicate: `set the mailbox ${quoted(mailbox)} to forward all mail to ${destinationNames(found)}`,
    mailbox,
    reasons: [keepsCopy ? 'The mailbox keeps a copy.' : 'The mailbox keeps no copy, so its owner misses the mail.'],
    subjects: [subject, ...ownerOf(mailbox, context)],
  })
}

function byInboxRule(context: RecordContext): Finding | null {
  const { record, actor } = context
  const rule = inboxRuleOf(record, actor)
  if (rule === null) return null
  const found = outside(rule.forwardsTo(internalDomains(record, context.snapshot)))
  if (found.length === 0) return null
  const signs = signsOf(rule, context).filter(({ key }) => key !== forwardsOutside)
  const named = rule.name === undefined ? 'An inbox rule' : `The inbox rule ${quoted(rule.name)}`
  return finding(context, found, {
    title: `${named} in ${quoted(rule.mailbox)} forwards to ${destinationNames(found)}`,
    predicate: `set up an inbox rule in ${quoted(rule.mailbox)} that forwards mail to ${destinationNames(found)}`,
    mailbox: rule.mailbox,
    reasons: signs.map(({ reason }) => reason),
    subjects: [rule.subject, ...ownerOf(rule.mailbox, context)],
  })
}

const transportParameters = ['BlindCopyTo', 'RedirectMessageTo', 'CopyTo', 'AddToRecipients']

function byTransportRule(context: RecordContext): Finding | null {
  const { record } = context
  if (record.operation !== 'new-transportrule' && record.operation !== 'set-transportrule') return null
  const internal = internalDomains(record, context.snapshot)
  const found = outside(
    transportParameters.flatMap((parameter) => destinations(record.Parameters.get(parameter), internal)),
  )
  if (found.length === 0) return null
  const identity = record.ObjectId?.trim() || record.Parameters.get('Identity')?.trim() || undefined
  const lastOfIdentity = identity?.split('\\').at(-1)
  const id = guid(lastOfIdentity)
  const name = record.Parameters.get('Name') ?? (id === undefined ? lastOfIdentity : undefined)
  const aliases = [
    ...(id === undefined ? [] : [`guid:${id}`]),
    ...(name === undefined ? [] : [`transportrule:${storable(name.trim().toLowerCase(), 512)}`]),
  ]
  const rule: SubjectCandidate = {
    type: 'TRANSPORT_RULE',
    role: 'TARGET',
    aliases: aliases.length === 0 ? ['transportrule:?'] : aliases,
    attributes: {
      ...(name === undefined ? {} : { name: storable(name, 512) }),
      ...(id === undefined ? {} : { guid: id }),
      definition: definitionOf(record.Parameters, new Set(['Name', 'Identity', 'DomainController', 'Organization'])),
    },
  }
  return finding(context, found, {
    title: `The transport rule ${quoted(name ?? '')} sends mail to ${destinationNames(found)}`,
    predicate: `set up the transport rule ${quoted(name ?? '')}, which sends mail to ${destinationNames(found)}`,
    mailbox: undefined,
    reasons: ['A transport rule works on the mail of the whole organisation.'],
    subjects: [rule],
  })
}

/** Names that the record does not resolve count: a mail contact is a usual way to hide an outside address. */
const outside = (all: readonly Destination[]): Destination[] =>
  all.filter(({ whereabouts }) => whereabouts !== 'INTERNAL')

const ownerOf = (mailbox: string, { actor }: RecordContext): SubjectCandidate[] => {
  const owner = isOwnMailbox(mailbox, actor) ? null : addressee(mailbox, 'TARGET')
  return owner === null ? [] : [owner]
}

interface Wording {
  title: string
  predicate: string
  /** Whose mail it is; undefined for everybody's. */
  mailbox: string | undefined
  reasons: string[]
  subjects: SubjectCandidate[]
}

function finding(context: RecordContext, found: readonly Destination[], wording: Wording): Finding {
  const ground = groundOf(context, found, wording.mailbox)
  return {
    ...graded('EXTERNAL_MAIL_FORWARDING', ground),
    title: plain(wording.title, 240),
    description: `${sentence(context, wording.predicate)} A changed password does not stop it.`,
    reasons: [...whereTo(context, found, ground), ...wording.reasons, ...byWhom(context)],
    techniques: ['T1114.003'],
    subjects: wording.subjects,
    actionKey: null,
    rank: rank.forwarding,
  }
}

function groundOf(
  { record, actor, snapshot }: RecordContext,
  found: readonly Destination[],
  mailbox: string | undefined,
): GroundOf<'EXTERNAL_MAIL_FORWARDING'> {
  const addresses = found.flatMap(({ address }) => address ?? [])
  if (addresses.length === 0) return 'NAME_ONLY'
  const apparent = snapshot.domains === null ? apparentDomains(record, actor, mailbox) : new Set()
  return addresses.every((address) => apparent.has(domainOf(address))) ? 'PERHAPS_INSIDE' : 'OUTSIDE'
}

function whereTo(
  { snapshot }: RecordContext,
  found: readonly Destination[],
  ground: GroundOf<'EXTERNAL_MAIL_FORWARDING'>,
): string[] {
  if (ground === 'NAME_ONLY') {
    return [
      'The record names the recipient but not its address: look whether it is a contact outside the organisation.',
    ]
  }
  const outsiders = found.filter(({ whereabouts }) => whereabouts === 'EXTERNAL')
  const many = new Set(outsiders.map(({ address }) => address)).size > 1
  if (snapshot.domains !== null)
    return [`${destinationNames(outsiders)} ${many ? 'are' : 'is'} outside the organisation.`]
  const unknown = "The organisation's domains are not known yet: all but its initial domain count as outside."
  return ground === 'PERHAPS_INSIDE'
    ? [unknown, `${destinationNames(outsiders)} may be inside: the domain is that of the mailbox or of who did it.`]
    : [`${destinationNames(outsiders)} ${many ? 'count' : 'counts'} as outside the organisation.`, unknown]
}

const byWhom = ({ actor }: RecordContext): string[] =>
  actor === null || actor.type === 'USER' ? [] : [`It was set up by ${calling(actor)}, not by a person.`]
