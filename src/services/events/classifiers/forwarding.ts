import type { Classifier, Finding, RecordContext } from '../classifier.ts'
import { rank, sentence } from '../classifier.ts'
import { addressee, calling } from '../identities.ts'
import { guid } from '../ids.ts'
import type { Destination } from '../mailboxes.ts'
import { destinations, internalDomains, isOwnMailbox, mailboxName, mailboxSubject } from '../mailboxes.ts'
import { plain, quoted, storable } from '../text.ts'
import type { SubjectCandidate } from '../types.ts'
import { definitionOf, destinationNames, inboxRuleOf } from './rules.ts'

/** Mail leaves the organisation by itself: a mailbox setting, an inbox rule, or a transport rule. */
export const externalForwarding: Classifier = (context) => {
  if (!context.happened) return null
  return byMailboxSetting(context) ?? byInboxRule(context) ?? byTransportRule(context)
}

function byMailboxSetting(context: RecordContext): Finding | null {
  const { record, actor } = context
  if (record.operation !== 'set-mailbox') return null
  const mailbox = mailboxName(record.ObjectId) ?? mailboxName(record.Parameters.get('Identity'))
  if (mailbox === undefined) return null
  const internal = internalDomains(record, actor, mailbox)
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
    reasons: [keepsCopy ? 'The mailbox keeps a copy.' : 'The mailbox keeps no copy, so its owner misses the mail.'],
    subjects: [subject, ...ownerOf(mailbox, context)],
  })
}

function byInboxRule(context: RecordContext): Finding | null {
  const { record, actor } = context
  const rule = inboxRuleOf(record, actor)
  if (rule === null) return null
  const found = outside(rule.forwardsTo(internalDomains(record, actor, rule.mailbox)))
  if (found.length === 0) return null
  const named = rule.name === undefined ? 'An inbox rule' : `The inbox rule ${quoted(rule.name)}`
  return finding(context, found, {
    title: `${named} in ${quoted(rule.mailbox)} forwards to ${destinationNames(found)}`,
    predicate: `set up an inbox rule in ${quoted(rule.mailbox)} that forwards mail to ${destinationNames(found)}`,
    reasons: [],
    subjects: [rule.subject, ...ownerOf(rule.mailbox, context)],
  })
}

const transportParameters = ['BlindCopyTo', 'RedirectMessageTo', 'CopyTo', 'AddToRecipients']

function byTransportRule(context: RecordContext): Finding | null {
  const { record, actor } = context
  if (record.operation !== 'new-transportrule' && record.operation !== 'set-transportrule') return null
  const internal = internalDomains(record, actor, undefined)
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

function finding(
  context: RecordContext,
  found: readonly Destination[],
  wording: { title: string; predicate: string; reasons: string[]; subjects: SubjectCandidate[] },
): Finding {
  const isCertain = found.some(({ whereabouts }) => whereabouts === 'EXTERNAL')
  const where = isCertain
    ? `${destinationNames(found.filter(({ whereabouts }) => whereabouts === 'EXTERNAL'))} is outside the organisation.`
    : 'The record names the recipient but not its address: look whether it is a contact outside the organisation.'
  return {
    type: 'EXTERNAL_MAIL_FORWARDING',
    severity: isCertain ? 'HIGH' : 'MEDIUM',
    title: plain(wording.title, 240),
    description: `${sentence(context, wording.predicate)} A changed password does not stop it.`,
    reasons: [where, ...wording.reasons, ...byWhom(context)],
    techniques: ['T1114.003'],
    subjects: wording.subjects,
    actionKey: null,
    rank: rank.forwarding,
  }
}

const byWhom = ({ actor }: RecordContext): string[] =>
  actor === null || actor.type === 'USER' ? [] : [`It was set up by ${calling(actor)}, not by a person.`]
