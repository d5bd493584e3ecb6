import type { Classifier } from '../classifier.ts'
import { rank, sentence } from '../classifier.ts'
import { addressee } from '../identities.ts'
import { isOwnMailbox } from '../mailboxes.ts'
import { plain, quoted } from '../text.ts'
import type { SubjectCandidate } from '../types.ts'
import type { InboxRule } from './rules.ts'
import { inboxRuleOf } from './rules.ts'

/** Folders that people do not look into. */
const hidingFolders = /rss|archive|junk|deleted|conversation history|sync issues|notes|outbox/i
/** What a thief of mail does not want the owner to read. */
const telltaleWords =
  /invoice|payment|wire|bank|payroll|remittance|password|passcode|mfa|2fa|verification|security|hack|phish|spam|fraud|virus|suspicious|helpdesk|docusign|do not click/i

/** A rule that hides mail from its owner. Rules that send mail outside were taken before as forwarding. */
export const suspiciousInboxRule: Classifier = (context) => {
  const { record, actor } = context
  const rule = context.happened ? inboxRuleOf(record, actor) : null
  if (rule === null) return null
  const signs = signsOf(rule)
  if (signs.length === 0) return null
  const owner = isOwnMailbox(rule.mailbox, actor) ? null : addressee(rule.mailbox, 'TARGET')
  const subjects: SubjectCandidate[] = owner === null ? [rule.subject] : [rule.subject, owner]
  const named = rule.name === undefined ? 'inbox rule' : `inbox rule named ${quoted(rule.name)}`
  return {
    type: 'SUSPICIOUS_INBOX_RULE',
    severity: signs.some(({ weight }) => weight === 'HIGH') ? 'HIGH' : 'MEDIUM',
    title: `Suspicious ${named} in mailbox ${quoted(rule.mailbox)}`,
    description: `${sentence(context, `${record.operation.startsWith('new') ? 'made' : 'changed'} an ${named} in mailbox ${quoted(rule.mailbox)}`)} Thieves of mail use such rules so that the owner does not see replies and warnings.`,
    reasons: signs.map(({ reason }) => reason),
    techniques: ['T1564.008'],
    subjects,
    actionKey: null,
    rank: rank.inboxRule,
  }
}

interface Sign {
  weight: 'HIGH' | 'MEDIUM'
  reason: string
}

function signsOf({ name, definition }: InboxRule): Sign[] {
  const signs: Sign[] = []
  const actions = definition['RuleActions'] ?? ''
  const deletes = ['DeleteMessage', 'SoftDeleteMessage'].some((key) => isOn(definition[key])) || /delete/i.test(actions)
  if (deletes) signs.push({ weight: 'HIGH', reason: 'The rule deletes mail.' })
  const folder = definition['MoveToFolder'] ?? ''
  const hides = hidingFolders.test(folder) || (/move/i.test(actions) && hidingFolders.test(actions))
  if (hides) {
    const where = folder === '' ? '' : `: ${quoted(folder.split(/[:\\]/).at(-1) ?? folder)}`
    signs.push({ weight: 'HIGH', reason: `The rule moves mail to a folder that people do not look into${where}.` })
  }
  if (name !== undefined && !/[\p{L}\p{N}]/u.test(name)) {
    signs.push({ weight: 'HIGH', reason: `The rule's name tells nothing: ${quoted(name)}.` })
  }
  const words = wordsOf(definition)
  const telltale = telltaleWords.exec(words)?.[0]
  const acts = deletes || hides || isOn(definition['MarkAsRead']) || folder !== '' || /move|mark/i.test(actions)
  if (telltale !== undefined && acts) {
    signs.push({ weight: 'MEDIUM', reason: `The rule looks for telling words, such as “${plain(telltale, 30)}”.` })
  }
  if (isOn(definition['MarkAsRead']) && folder !== '') {
    signs.push({ weight: 'MEDIUM', reason: 'The rule marks mail as read and puts it away.' })
  }
  return signs
}

const isOn = (value: string | undefined): boolean => value !== undefined && /^(true|\$true|1)$/i.test(value.trim())

const wordsOf = (definition: Record<string, string>): string =>
  Object.entries(definition)
    .filter(([key]) => /words|^from$|^rulecondition$/i.test(key))
    .map(([, value]) => value)
    .join(' ')
