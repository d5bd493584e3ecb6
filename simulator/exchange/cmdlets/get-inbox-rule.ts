import type { InboxRule, Mailbox } from '../../world.ts'
import { type Cmdlet, recipientAdministrators } from '../cmdlet.ts'
import { objectNotFound } from '../errors.ts'
import { ruleNamed, ruleTarget } from '../inbox-rule-lookup.ts'
import { inboxRuleObject, inboxRuleProperties } from '../inbox-rule-object.ts'

interface Found {
  mailbox: Mailbox
  rule: InboxRule
}

export const getInboxRule: Cmdlet = {
  name: 'Get-InboxRule',
  roles: recipientAdministrators,
  mutates: false,
  properties: inboxRuleProperties,
  run: (call) => {
    const { tenant, parameters } = call
    const showsHidden = parameters.IncludeHidden === true
    const target = ruleTarget(call)
    // Without any name the whole tenant comes: a trap for careless callers.
    const mailboxes = target ? [target.mailbox] : tenant.mailboxes
    const all = mailboxes.flatMap((mailbox) =>
      rulesOf(mailbox, target?.rule ?? null).map((rule) => ({ mailbox, rule })),
    )
    const found = all.filter(({ rule }) => showsHidden || rule.isHidden !== true)
    if (target?.rule && found.length === 0) throw objectNotFound(`${target.mailbox.alias}\\${target.rule}`)
    const skipped = Number(parameters.SkipCount ?? 0)
    return {
      value: found.slice(skipped).map(({ mailbox, rule }) => inboxRuleObject(tenant, mailbox, rule)),
      warnings: found.filter(({ rule }) => rule.hasError).map(warning),
    }
  },
}

const rulesOf = (mailbox: Mailbox, wanted: string | null): InboxRule[] =>
  wanted === null
    ? mailbox.inboxRules.toSorted((one, other) => one.sequence - other.sequence)
    : [ruleNamed(mailbox, wanted)]

const warning = ({ rule }: Found): string =>
  `The inbox rule '${rule.displayName}' contains errors. Edit or remove the rule to correct the problem.`
