import type { SubjectOf } from '../events/types.ts'
import { type FactReader, known, type Reading, reading } from './fact.ts'
import { findRule, type RuleMatch } from './find-rule.ts'
import { type InboxRuleFact, isServiceRule, readAllInboxRules } from './inbox-rules.ts'
import type { Mailboxes } from './mailbox.ts'
import { type OneName, readUnderOneName } from './mailbox-names.ts'

/** The inbox rule that an event is about, as it is now. */
export interface FoundInboxRule {
  match: Exclude<RuleMatch<InboxRuleFact>, { outcome: 'GONE' }>
  /** The mailbox as the record calls it. */
  mailbox: string
  /** The service's own, such as the junk mail rule. */
  isServiceRule: boolean
}

/** One read for each mailbox. Keys are subject ids; null: neither the rule nor one that could be it is there. */
export async function loadFoundInboxRules(
  { session, tenantId, fresh }: FactReader,
  subjects: readonly SubjectOf<'INBOX_RULE'>[],
  oneName: OneName,
  loadingMailboxes: Promise<Mailboxes>,
): Promise<Map<string, Reading<FoundInboxRule | null>>> {
  const { exchange } = session.tenant(tenantId)
  const readings = subjects.map(async (subject): Promise<[string, Reading<FoundInboxRule | null>]> => {
    const rules = await readUnderOneName(subject.attributes.mailbox, oneName, loadingMailboxes, (mailbox) =>
      reading(() => readAllInboxRules(exchange, mailbox, { fresh })),
    )
    return [subject.id, rules.known ? known(foundAmong(subject, rules.value ?? [])) : rules]
  })
  return new Map(await Promise.all(readings))
}

function foundAmong({ attributes }: SubjectOf<'INBOX_RULE'>, rules: readonly InboxRuleFact[]): FoundInboxRule | null {
  const { mailbox, ruleId, name, definition } = attributes
  const recorded = { name, definition }
  const byId = ruleId !== undefined && /^\d+$/.test(ruleId) ? findRule({ ...recorded, id: ruleId }, rules) : null
  // Outlook's records may write the id in a form that Exchange does not show: there the name counts as well.
  const isOutlooks = 'RuleActions' in definition
  const match = byId && (byId.outcome === 'FOUND' || !isOutlooks) ? byId : findRule(recorded, rules)
  if (match.outcome === 'GONE') return null
  const named = match.outcome === 'FOUND' ? match.rule.name : (name ?? '')
  return { match, mailbox, isServiceRule: isServiceRule(named) }
}
