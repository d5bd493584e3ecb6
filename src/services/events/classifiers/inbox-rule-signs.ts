import type { RecordContext } from '../classifier.ts'
import { calling, isAddress } from '../identities.ts'
import { internalDomains, isOwnMailbox } from '../mailboxes.ts'
import { plain, quoted } from '../text.ts'
import { unusualClientOf } from './clients.ts'
import type { InboxRule } from './rules.ts'

/** From this sum of weights on a rule is suspicious, and from the second one on its event is HIGH. */
export const suspiciousFrom = 6
export const highFrom = 9

/** What a sign is looked for in. */
interface Judged {
  rule: InboxRule
  context: RecordContext
}

interface Sign {
  key: string
  /** As the documentation words it. */
  sign: string
  weight: number
  /** Why thieves of mail do this, and what honest rules have in common with it. */
  why: string
  /** The sentence for the event, or null where the sign is absent. */
  reason: (judged: Judged) => string | null
}

export interface FoundSign {
  key: string
  weight: number
  reason: string
}

export const forwardsOutside = 'FORWARDS_OUTSIDE'

/** No single circumstance and no honest habit reaches the threshold: a rule that only moves mail never does. */
export const inboxRuleSigns: readonly Sign[] = [
  {
    key: forwardsOutside,
    sign: 'It sends mail outside the organisation',
    weight: 9,
    why: 'The thief reads on without signing in. Such a rule is told as `EXTERNAL_MAIL_FORWARDING`, with its other signs as reasons.',
    reason: ({ rule, context }) => {
      const found = rule.forwardsTo(internalDomains(context.record, context.snapshot))
      return found.some(({ whereabouts }) => whereabouts === 'EXTERNAL') ? 'The rule sends mail outside.' : null
    },
  },
  {
    key: 'NAME_TELLS_NOTHING',
    sign: 'Its name tells nothing: blank, or without a letter or digit',
    weight: 7,
    why: 'A name like `.` is easily overlooked in the list of rules; people who want to find their rule again give it a word.',
    reason: ({ rule: { name } }) =>
      name !== undefined && !/[\p{L}\p{N}]/u.test(name) ? `The rule's name tells nothing: ${quoted(name)}.` : null,
  },
  {
    key: 'DELETES',
    sign: 'It deletes mail',
    weight: 6,
    why: 'Replies, warnings and bounces never reach the owner. Honest rules of this kind exist, for newsletters.',
    reason: ({ rule }) => (deletes(rule) ? 'The rule deletes mail.' : null),
  },
  {
    key: 'HIDES',
    sign: 'It moves mail to a folder nobody looks into: RSS, Conversation History, Sync Issues, Notes, Outbox, Junk, Deleted Items',
    weight: 6,
    why: 'The mail stays where the thief finds it and the owner does not look.',
    reason: ({ rule }) => {
      const folder = folderOf(rule)
      return hidingFolders.test(folder) ? `The rule moves mail to a folder that nobody looks into${named(rule)}.` : null
    },
  },
  {
    key: 'ARCHIVES',
    sign: 'It moves mail to the archive',
    weight: 4,
    why: 'As good a place to hide mail, but also a common habit.',
    reason: ({ rule }) =>
      archive.test(folderOf(rule)) && !hidingFolders.test(folderOf(rule))
        ? 'The rule moves mail to the archive.'
        : null,
  },
  {
    key: 'TELLTALE_WORDS',
    sign: 'It looks for words of payments, passwords, security or fraud',
    weight: 4,
    why: 'Thieves wait for payments to redirect, and keep warnings about themselves from the owner.',
    reason: ({ rule }) => {
      const word = telltaleWords.exec(wordsOf(rule.definition))?.[0]
      return word === undefined ? null : `The rule looks for telling words, such as “${plain(word, 30)}”.`
    },
  },
  {
    key: 'MARKS_AS_READ',
    sign: 'It marks mail as read',
    weight: 4,
    why: 'No count of unread mail gives the rule away.',
    reason: ({ rule: { definition } }) =>
      isOn(definition['MarkAsRead']) || /mark\w*read/i.test(actionsOf(definition))
        ? 'The rule marks mail as read.'
        : null,
  },
  {
    key: 'APPLIES_TO_EVERYTHING',
    sign: 'It applies to everything: it is new and has no condition',
    weight: 4,
    why: 'Takes the whole mailbox from its owner; honest rules sort by something.',
    reason: ({ rule, context }) =>
      context.record.operation === 'new-inboxrule' && !hasCondition(rule.definition)
        ? 'The rule has no condition: it applies to every mail.'
        : null,
  },
  {
    key: 'MOVES',
    sign: 'It moves mail to any other folder',
    weight: 2,
    why: 'What most honest rules do. It counts only beside other signs.',
    reason: ({ rule }) => {
      const folder = folderOf(rule)
      return folder === '' || hidingFolders.test(folder) || archive.test(folder)
        ? null
        : `The rule moves mail out of the inbox${named(rule)}.`
    },
  },
  {
    key: 'UNUSUAL_CLIENT',
    sign: 'It came from an unusual client: PowerShell, a script, an app that is no Outlook',
    weight: 1,
    why: 'Owners make rules in Outlook; tools of attackers and of administrators do not.',
    reason: ({ context: { record } }) => {
      const client = unusualClientOf(record)
      return client === null ? null : `The rule was made with ${client}, not in Outlook.`
    },
  },
  {
    key: 'MADE_BY_ANOTHER',
    sign: 'Somebody else than the owner made it',
    weight: 1,
    why: 'Rules are made for oneself, as a rule; administrators and delegates are exceptions.',
    reason: ({ rule, context }) =>
      isByAnother(rule, context) ? `${calling(context.actor)} is not the owner of the mailbox.` : null,
  },
  {
    key: 'STOPS_OTHERS',
    sign: 'It stops further rules',
    weight: 1,
    why: "Keeps the owner's own rules from touching the mail. Outlook sets it by default.",
    reason: ({ rule: { definition } }) =>
      isOn(definition['StopProcessingRules']) ? 'The rule keeps other rules from running.' : null,
  },
]

/** All that is found, the heaviest first. */
export function signsOf(rule: InboxRule, context: RecordContext): FoundSign[] {
  return inboxRuleSigns
    .flatMap(({ key, weight, reason }) => {
      const found = reason({ rule, context })
      return found === null ? [] : [{ key, weight, reason: found }]
    })
    .sort((a, b) => b.weight - a.weight)
}

export const sumOf = (signs: readonly FoundSign[]): number => signs.reduce((sum, { weight }) => sum + weight, 0)

const hidingFolders = /rss|junk|deleted|trash|conversation history|sync issues|notes|outbox/i
const archive = /archive/i
const telltaleWords =
  /invoice|payment|wire|iban|swift|bank|payroll|remittance|purchase order|password|passcode|mfa|2fa|verification|security|hack|phish|spam|fraud|scam|virus|malware|suspicious|helpdesk|docusign|do not click/i

const actionsOf = (definition: Record<string, string>): string => definition['RuleActions'] ?? ''

function deletes({ definition }: InboxRule): boolean {
  const isSet = ['DeleteMessage', 'SoftDeleteMessage'].some((key) => isOn(definition[key]))
  // "Deleted Items" is where mail goes, not what is done with it.
  return isSet || /delete(?!d)/i.test(actionsOf(definition))
}

/** Where mail goes; Outlook's own records tell it somewhere in their actions. */
function folderOf({ definition }: InboxRule): string {
  const actions = actionsOf(definition)
  return definition['MoveToFolder'] ?? (/move/i.test(actions) ? actions : '')
}

function named({ definition }: InboxRule): string {
  const folder = definition['MoveToFolder']?.split(/[:\\]/).at(-1)
  return folder === undefined ? '' : `: ${quoted(folder)}`
}

const wordsOf = (definition: Record<string, string>): string =>
  Object.entries(definition)
    .filter(([key]) => /words|^from$|^rulecondition$/i.test(key))
    .map(([, value]) => value)
    .join(' ')

/** What a rule does, and what is said of it, as against what it waits for. Exceptions narrow nothing down. */
const noCondition =
  /^(apply(system)?category|copytofolder|(soft)?deletemessage|deletesystemcategory|forward\w*|mark\w+|movetofolder|pinmessage|redirectto|sendtextmessage\w*|stopprocessingrules|priority|confirm|description|exceptif\w*)$/i

const hasCondition = (definition: Record<string, string>): boolean =>
  Object.entries(definition).some(([key, value]) => !noCondition.test(key) && value.trim() !== '' && !isOff(value))

const isOn = (value: string | undefined): boolean => value !== undefined && /^(true|\$true|1)$/i.test(value.trim())
const isOff = (value: string): boolean => /^(false|\$false|\$null)$/i.test(value.trim())

/** Only where the record proves it: an alias or a GUID may well be the actor's own. */
function isByAnother({ mailbox }: InboxRule, { record, actor }: RecordContext): boolean {
  if (actor === null) return false
  if (actor.type !== 'USER') return true
  const [user, owner] = [record.LogonUserSid?.trim() ?? '', record.MailboxOwnerSid?.trim() ?? '']
  if (user !== '' && owner !== '') return user !== owner
  return isAddress(mailbox) && actor.attributes.userPrincipalName !== undefined && !isOwnMailbox(mailbox, actor)
}
