import type { Classifier } from '../classifier.ts'
import { rank, sentence } from '../classifier.ts'
import { addressee } from '../identities.ts'
import { isOwnMailbox } from '../mailboxes.ts'
import { graded } from '../severities.ts'
import { quoted } from '../text.ts'
import type { SubjectCandidate } from '../types.ts'
import { highFrom, signsOf, sumOf, suspiciousFrom } from './inbox-rule-signs.ts'
import { inboxRuleOf } from './rules.ts'

/** A rule that hides mail from its owner. Rules that send mail outside were taken before as forwarding. */
export const suspiciousInboxRule: Classifier = (context) => {
  const { record, actor } = context
  const rule = context.happened ? inboxRuleOf(record, actor) : null
  if (rule === null) return null
  const signs = signsOf(rule, context)
  const sum = sumOf(signs)
  if (sum < suspiciousFrom) return null
  const owner = isOwnMailbox(rule.mailbox, actor) ? null : addressee(rule.mailbox, 'TARGET')
  const subjects: SubjectCandidate[] = owner === null ? [rule.subject] : [rule.subject, owner]
  const named = rule.name === undefined ? 'inbox rule' : `inbox rule named ${quoted(rule.name)}`
  return {
    ...graded('SUSPICIOUS_INBOX_RULE', sum >= highFrom ? 'MANY_SIGNS' : 'ENOUGH_SIGNS'),
    title: `Suspicious ${named} in mailbox ${quoted(rule.mailbox)}`,
    description: `${sentence(context, `${record.operation.startsWith('new') ? 'made' : 'changed'} an ${named} in mailbox ${quoted(rule.mailbox)}`)} Thieves of mail use such rules so that the owner does not see replies and warnings.`,
    reasons: signs.map(({ reason }) => reason),
    techniques: ['T1564.008'],
    subjects,
    actionKey: null,
    rank: rank.inboxRule,
  }
}
