import { z } from 'zod'
import { UpstreamError } from '../../../clients/errors.ts'
import { readAllInboxRules } from '../../facts/inbox-rules.ts'
import { defineRemediation, greyedOut } from '../contract.ts'
import { assessFound, ruleOf, tellsOfRule } from '../found-rule.ts'
import { onEvents } from '../offered.ts'

const kept = z.object({ mailbox: z.string(), rule: z.object({ Identity: z.string() }) })

/** A8. Rules B4, B8. The very rule that the event is about, found again by id, else by name and content. */
export const removeInboxRule = defineRemediation({
  kind: 'REMOVE_INBOX_RULE',
  group: 'REMOVE_INBOX_RULE',
  actsOn: 'INBOX_RULE',
  offeredOn: onEvents('SUSPICIOUS_INBOX_RULE', 'EXTERNAL_MAIL_FORWARDING'),
  needs: ['inboxRule'],
  permissions: { application: ['Exchange.ManageAsApp'], exchangeAdministrator: true },
  title: 'Remove inbox rule',
  effect: 'Deletes the inbox rule from the mailbox.',
  limits:
    'What the rule already moved, forwarded or deleted stays so. Other rules and forwarding set on the mailbox stay. Rules that work only in classic Outlook may be lost.',
  impact: 'MEDIUM',
  recommended: false,
  reversible: false,
  howToUndo: null,
  assess: ({ inboxRule }) =>
    inboxRule.isServiceRule
      ? greyedOut('SYSTEM_RULE')
      : assessFound(inboxRule.match, ['CANNOT_BE_UNDONE', 'OUTLOOK_CLIENT_RULES_LOST']),
  tells: ({ inboxRule }) => tellsOfRule(inboxRule.match),
  calls: ({ inboxRule }) => [
    { service: 'EXCHANGE', method: 'Remove-InboxRule', path: ruleOf(inboxRule.match).identity },
  ],
  evidence: ({ inboxRule }) => ({ mailbox: inboxRule.mailbox, rule: ruleOf(inboxRule.match).definition }),
  async apply({ exchange }, { inboxRule }) {
    const { identity } = ruleOf(inboxRule.match)
    const parameters = { Identity: identity, AlwaysDeleteOutlookRulesBlob: true, Force: true, Confirm: false }
    try {
      const options = { repeatable: true, anchor: inboxRule.mailbox }
      return (await exchange.invoke('Remove-InboxRule', parameters, options)).requestId
    } catch (error) {
      if (error instanceof UpstreamError && error.kind === 'NOT_FOUND') return error.requestId
      throw error
    }
  },
  async confirm({ exchange }, _subject, { evidence }) {
    const { mailbox, rule } = kept.parse(evidence)
    const rules = await readAllInboxRules(exchange, mailbox, { fresh: true })
    return rules === null || !rules.some(({ identity }) => identity === rule.Identity)
  },
  describe: ({ inboxRule }) => `Deleted the inbox rule "${ruleOf(inboxRule.match).name}" of ${inboxRule.mailbox}`,
  afterwards:
    'Look at the other rules and the forwarding of the mailbox, too, and at who made the rule: the account may be compromised.',
})
