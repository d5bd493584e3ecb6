/** An inbox rule as `Get-InboxRule` shows it: Exchange's names for what Graph calls otherwise. */
import { ruleIdentityOf } from '../inbox-rules.ts'
import type { InboxRule, Mailbox, Tenant } from '../world.ts'
import type { ExchangeObject, PropertyType } from './cmdlet.ts'
import { wholeNumber } from './json.ts'

type Kind = 'texts' | 'recipients' | 'flag' | 'text'

/** By Graph's name: Exchange's, and how the description says it. */
const predicates: Record<string, [name: string, kind: Kind, says: string]> = {
  subjectContains: ['SubjectContainsWords', 'texts', 'the message includes specific words in the subject'],
  bodyContains: ['BodyContainsWords', 'texts', 'the message includes specific words in the body'],
  bodyOrSubjectContains: ['SubjectOrBodyContainsWords', 'texts', 'the message includes specific words'],
  headerContains: ['HeaderContainsWords', 'texts', 'the message header includes specific words'],
  senderContains: ['FromAddressContainsWords', 'texts', 'the message was sent from an address with specific words'],
  recipientContains: ['RecipientAddressContainsWords', 'texts', 'the recipient address includes specific words'],
  fromAddresses: ['From', 'recipients', 'the message was received from'],
  sentToAddresses: ['SentTo', 'recipients', 'the message was sent to'],
  hasAttachments: ['HasAttachment', 'flag', 'the message has an attachment'],
  sentToMe: ['MyNameInToBox', 'flag', 'my name is in the To box'],
  sentCcMe: ['MyNameInCcBox', 'flag', 'my name is in the Cc box'],
  sentToOrCcMe: ['MyNameInToOrCcBox', 'flag', 'my name is in the To or Cc box'],
  sentOnlyToMe: ['SentOnlyToMe', 'flag', 'the message was sent only to me'],
  notSentToMe: ['MyNameNotInToBox', 'flag', 'my name is not in the To box'],
  importance: ['WithImportance', 'text', 'the message is marked with importance'],
  sensitivity: ['WithSensitivity', 'text', 'the message is marked with sensitivity'],
  messageActionFlag: ['FlaggedForAction', 'text', 'the message is flagged for'],
}

const actions: Record<string, [name: string, kind: Kind, says: string]> = {
  forwardTo: ['ForwardTo', 'recipients', 'forward the message to'],
  forwardAsAttachmentTo: ['ForwardAsAttachmentTo', 'recipients', 'forward the message as an attachment to'],
  redirectTo: ['RedirectTo', 'recipients', 'redirect the message to'],
  delete: ['DeleteMessage', 'flag', 'delete the message'],
  permanentDelete: ['SoftDeleteMessage', 'flag', 'delete the message for good'],
  moveToFolder: ['MoveToFolder', 'text', 'move the message to the folder'],
  copyToFolder: ['CopyToFolder', 'text', 'copy the message to the folder'],
  markAsRead: ['MarkAsRead', 'flag', 'mark the message as read'],
  markImportance: ['MarkImportance', 'text', 'mark the message with importance'],
  assignCategories: ['ApplyCategory', 'texts', 'apply the category'],
  stopProcessingRules: ['StopProcessingRules', 'flag', 'stop processing more rules on this message'],
}

const kindTypes: Record<Kind, PropertyType> = {
  texts: 'Collection(String)',
  recipients: 'Collection(String)',
  flag: 'Boolean',
  text: 'String',
}

export const inboxRuleProperties: Readonly<Record<string, PropertyType>> = {
  Identity: 'String',
  RuleIdentity: 'UInt64',
  Name: 'String',
  Enabled: 'Boolean',
  Priority: 'Int32',
  Description: 'String',
  MailboxOwnerId: 'String',
  InError: 'Boolean',
  ErrorType: 'String',
  SupportedByTask: 'Boolean',
  IsValid: 'Boolean',
  ...Object.fromEntries(
    Object.values(predicates).flatMap(([name, kind]) => [
      [name, kindTypes[kind]],
      [`ExceptIf${name}`, kindTypes[kind]],
    ]),
  ),
  ...Object.fromEntries(Object.values(actions).map(([name, kind]) => [name, kindTypes[kind]])),
}

export function inboxRuleObject(tenant: Tenant, mailbox: Mailbox, rule: InboxRule): ExchangeObject {
  const number = ruleIdentityOf(rule)
  const { conditions, exceptions = {} } = rule
  return {
    Identity: `${mailbox.alias}\\${number}`,
    RuleIdentity: wholeNumber(number),
    Name: rule.displayName,
    Enabled: rule.isEnabled,
    Priority: rule.sequence,
    Description: description(rule),
    MailboxOwnerId: mailbox.alias,
    InError: rule.hasError,
    ErrorType: rule.hasError ? 'ParametersNotValid' : 'None',
    SupportedByTask: rule.exchangeOnly === undefined && !(rule.isHidden && rule.isReadOnly),
    IsValid: true,
    ...shown(tenant, predicates, conditions),
    ...Object.fromEntries(
      Object.entries(shown(tenant, predicates, exceptions)).map(([name, value]) => [`ExceptIf${name}`, value]),
    ),
    ...shown(tenant, actions, rule.actions),
    ...rule.exchangeOnly,
  }
}

/** Every property is there; what the rule does not use is null or false. */
function shown(tenant: Tenant, table: typeof predicates, part: Readonly<Record<string, unknown>>): ExchangeObject {
  return Object.fromEntries(
    Object.entries(table).map(([graphName, [name, kind]]) => {
      const value = part[graphName]
      if (kind === 'recipients') return [name, recipientsIn(value)?.map((one) => recipientText(tenant, one)) ?? null]
      if (kind === 'flag') return [name, value === true]
      return [name, value ?? null]
    }),
  )
}

/** As `New-InboxRule` takes it: what the rule uses, as texts. */
export function inboxRuleParameters({ displayName, conditions, actions: done }: InboxRule): Record<string, string> {
  const used = (table: typeof predicates, part: Readonly<Record<string, unknown>>): [string, string][] =>
    Object.entries(part).flatMap(([graphName, value]) => {
      const [name, kind] = table[graphName] ?? []
      if (name === undefined) return []
      const list = kind === 'recipients' ? recipientsIn(value)?.map(({ address }) => address) : [value].flat()
      return [[name, (list ?? []).map((one) => (typeof one === 'boolean' ? flagText(one) : String(one))).join(';')]]
    })
  return { Name: displayName, ...Object.fromEntries([...used(predicates, conditions), ...used(actions, done)]) }
}

const flagText = (flag: boolean): string => (flag ? 'True' : 'False')

interface Recipient {
  name: string
  address: string
}

/** Of Graph's form, `[{ emailAddress: { name, address } }]`; null when there are none. */
function recipientsIn(value: unknown): Recipient[] | null {
  if (!Array.isArray(value) || value.length === 0) return null
  return value.map((item: { emailAddress?: Partial<Recipient> }) => {
    const { name, address = '' } = item.emailAddress ?? {}
    return { name: name ?? address, address }
  })
}

const legacyRoot = '/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients'

/** People of the tenant are shown by their legacy name, which is no address. */
function recipientText(tenant: Tenant, { name, address }: Recipient): string {
  const wanted = address.toLowerCase()
  const mailbox = tenant.mailboxes.find(
    ({ primarySmtpAddress, emailAddresses }) =>
      primarySmtpAddress.toLowerCase() === wanted ||
      emailAddresses.some((one) => one.replace(/^smtp:/i, '').toLowerCase() === wanted),
  )
  if (!mailbox) return `"${name}" [SMTP:${address}]`
  const user = tenant.users.find(({ id }) => id === mailbox.externalDirectoryObjectId)
  const key = mailbox.exchangeGuid.replaceAll('-', '')
  return `"${user?.displayName ?? name}" [EX:${legacyRoot}/cn=${key}-${mailbox.alias}]`
}

function description(rule: InboxRule): string {
  const conditions = phrases(predicates, rule.conditions)
  const exceptions = phrases(predicates, rule.exceptions ?? {})
  const paragraphs = [
    conditions.length > 0 ? ['If the message:', ...conditions] : [],
    ['Take the following actions:', ...phrases(actions, rule.actions)],
    exceptions.length > 0 ? ['Except if the message:', ...exceptions] : [],
  ]
  return paragraphs.flatMap(([first, ...rest]) => (first ? [first, ...rest.map((one) => `\t${one}`)] : [])).join('\r\n')
}

function phrases(table: typeof predicates, part: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(part).flatMap(([name, value]) => {
    const [, kind, says] = table[name] ?? []
    if (says === undefined || value === false || value === null) return []
    if (kind === 'flag') return [says]
    const words = kind === 'recipients' ? recipientsIn(value)?.map((one) => one.name) : [value].flat()
    return [`${says} ${(words ?? []).map((word) => `'${word}'`).join(' or ')}`]
  })
}
