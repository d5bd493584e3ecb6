import { z } from 'zod'
import { UpstreamError } from '../../../clients/errors.ts'
import { type InboxRuleFact, readInboxRules } from '../../facts/inbox-rules.ts'
import { available, defineRemediation, greyedOut } from '../contract.ts'
import { isAboutAUser } from '../offered.ts'
import { objectIdOf } from '../read-back.ts'

const enabledRules = (rules: readonly InboxRuleFact[]) => rules.filter(({ enabled }) => enabled)

/** What became of the calls, by identity of the rule. */
interface Answers {
  turnedOff: string[]
  /** Not there any more. */
  gone: string[]
  /** No answer came: the rule is off if the step is confirmed. */
  unanswered: string[]
}

const evidenceOf = (rules: readonly InboxRuleFact[], answers: Answers) => ({
  /** What was enabled before: all of it is to be turned off. */
  rules: rules.map(({ identity, name, description, definition }) => ({ identity, name, description, definition })),
  ...answers,
})

/** Of several failures a refusal decides the step; what may have been done is found out; a rule that is gone needs no turning off. */
const weightOf = ({ kind, mayHaveActed }: UpstreamError): number => (kind === 'NOT_FOUND' ? 0 : mayHaveActed ? 1 : 2)

const noAnswers = (): Answers => ({ turnedOff: [], gone: [], unanswered: [] })

const keptEvidence = z.object({ rules: z.array(z.object({ identity: z.string() })) })

/** A4. Rules B7, B8. Visible, hidden and read-only rules, one by one through Exchange; the service's own are left alone. */
export const disableInboxRules = defineRemediation({
  kind: 'DISABLE_INBOX_RULES',
  group: 'BLOCK_USER',
  actsOn: 'USER',
  offeredOn: isAboutAUser,
  needs: ['user', 'inboxRules'],
  permissions: {
    application: [
      'Exchange.ManageAsApp',
      ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
    ],
    exchangeAdministrator: true,
  },
  title: 'Disable inbox rules',
  effect: "Turns off every inbox rule of the user's mailbox, hidden ones as well. None is deleted.",
  limits: 'Forwarding that is set on the mailbox itself stays. Rules that work only in classic Outlook may be lost.',
  impact: 'MEDIUM',
  recommended: false,
  reversible: true,
  howToUndo:
    'Review the rules in Outlook on the web ("Settings", "Mail", "Rules"): turn the legitimate ones on again and delete the rest. Hidden ones show in Exchange PowerShell: Get-InboxRule -IncludeHidden, Enable-InboxRule. The evidence lists exactly what was turned off.',
  assess: ({ inboxRules }) =>
    enabledRules(inboxRules).length === 0
      ? greyedOut('NO_ENABLED_INBOX_RULES')
      : available(['OUTLOOK_CLIENT_RULES_LOST']),
  calls: ({ inboxRules }) =>
    enabledRules(inboxRules).map(({ identity }) => ({
      service: 'EXCHANGE',
      method: 'Disable-InboxRule',
      path: identity,
    })),
  evidence: ({ inboxRules }) => evidenceOf(enabledRules(inboxRules), noAnswers()),
  async apply({ exchange }, { user, inboxRules }, { keep }) {
    const rules = enabledRules(inboxRules)
    const answers = noAnswers()
    let requestId: string | null = null
    let failure: UpstreamError | null = null
    for (const { identity } of rules) {
      try {
        const parameters = { Identity: identity, AlwaysDeleteOutlookRulesBlob: true, Force: true, Confirm: false }
        requestId = (
          await exchange.invoke('Disable-InboxRule', parameters, { repeatable: true, anchor: user.userPrincipalName })
        ).requestId
        answers.turnedOff.push(identity)
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error
        if (error.kind === 'NOT_FOUND') answers.gone.push(identity)
        else if (error.mayHaveActed) answers.unanswered.push(identity)
        // One that fails does not keep the others on.
        if (!failure || weightOf(error) > weightOf(failure)) failure = error
      }
      keep(evidenceOf(rules, answers))
    }
    // When all of them are gone, nothing was done.
    if (failure && (failure.kind !== 'NOT_FOUND' || answers.turnedOff.length === 0)) throw failure
    return requestId
  },
  async confirm({ exchange }, subject, { evidence }) {
    const turnedOff = new Set(keptEvidence.parse(evidence).rules.map(({ identity }) => identity))
    const rules = await readInboxRules(exchange, objectIdOf(subject), { fresh: true })
    return rules === null || !rules.some(({ identity, enabled }) => enabled && turnedOff.has(identity))
  },
  describe: ({ user, inboxRules }) => {
    const names = enabledRules(inboxRules).map(({ name }) => `"${name}"`)
    return `Turned off ${names.length} inbox ${names.length === 1 ? 'rule' : 'rules'} of ${user.displayName} (${user.userPrincipalName}): ${names.join(', ')}`
  },
  afterwards: 'Review the rules in the mailbox: turn the legitimate ones on again, delete the rest.',
})
