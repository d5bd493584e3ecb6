/** `Disable-`, `Enable-` and `Remove-InboxRule`. */
import { loseOutlookRules } from '../../inbox-rules.ts'
import type { InboxRule, Mailbox } from '../../world.ts'
import { type Cmdlet, recipientAdministrators } from '../cmdlet.ts'
import type { CmdletName } from '../cmdlet-table.ts'
import { missingParameter } from '../errors.ts'
import { ruleNamed, ruleTarget } from '../inbox-rule-lookup.ts'

const changing = (name: CmdletName, change: (mailbox: Mailbox, rule: InboxRule) => void): Cmdlet => ({
  name,
  roles: recipientAdministrators,
  mutates: true,
  properties: {},
  run: (call) => {
    const { parameters } = call
    const target = ruleTarget(call)
    if (!target?.rule) throw missingParameter(name, 'Identity')
    const { mailbox } = target
    const rule = ruleNamed(mailbox, target.rule)
    const mayLose = parameters.AlwaysDeleteOutlookRulesBlob === true || parameters.Force === true
    if ((mailbox.outlookRules ?? []).length > 0 && !mayLose) {
      // In a shell somebody would be asked; here nobody is, and nothing is done.
      return { value: [], confirmation: losingOutlookRules }
    }
    change(mailbox, rule)
    loseOutlookRules(mailbox)
    return { value: [], changed: `${mailbox.alias}\\${rule.displayName}` }
  },
})

const losingOutlookRules =
  'The Inbox rule operation that you have requested will cause client-side rules, or rules that were turned off in Outlook, to be removed. Do you want to continue?'

export const disableInboxRule = changing('Disable-InboxRule', (_, rule) => {
  rule.isEnabled = false
})

export const enableInboxRule = changing('Enable-InboxRule', (_, rule) => {
  rule.isEnabled = true
})

export const removeInboxRule = changing('Remove-InboxRule', (mailbox, rule) => {
  mailbox.inboxRules = mailbox.inboxRules.filter((one) => one !== rule)
})
