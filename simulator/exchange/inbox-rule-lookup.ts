/** Which rule of which mailbox a cmdlet means. */
import { ruleIdentityOf } from '../inbox-rules.ts'
import type { InboxRule, Mailbox } from '../world.ts'
import { textOf } from './arguments.ts'
import type { CmdletCall } from './cmdlet.ts'
import { mailboxNamed } from './cmdlets/get-mailbox.ts'
import { mailboxNamedTwice, objectAmbiguous, objectNotFound } from './errors.ts'

export interface RuleTarget {
  mailbox: Mailbox
  /** As the caller wrote it: number or name; null: all rules of the mailbox. */
  rule: string | null
}

/**
 * `Identity` is `mailbox\rule` and names the mailbox itself, or a bare number or name, which needs `Mailbox` (a person's call: default
 * the own one). Null: neither was given, which means everything. Throws `ExchangeError`.
 */
export function ruleTarget({ tenant, caller, parameters }: CmdletCall): RuleTarget | null {
  const identity = textOf(parameters.Identity)
  const mailboxName = textOf(parameters.Mailbox) ?? (identity?.includes('\\') ? null : caller.user?.id) ?? null
  if (identity === null) return mailboxName === null ? null : { mailbox: mailboxNamed(tenant, mailboxName), rule: null }
  const backslash = identity.indexOf('\\')
  if (backslash === -1) {
    if (mailboxName === null) throw objectNotFound(identity)
    return { mailbox: mailboxNamed(tenant, mailboxName), rule: identity }
  }
  if (mailboxName !== null) throw mailboxNamedTwice()
  return { mailbox: mailboxNamed(tenant, identity.slice(0, backslash)), rule: identity.slice(backslash + 1) }
}

/** By number, or by a name that only one rule has. Throws `ExchangeError`. */
export function ruleNamed({ inboxRules, alias }: Mailbox, wanted: string): InboxRule {
  const byNumber = inboxRules.find((rule) => ruleIdentityOf(rule) === wanted)
  if (byNumber) return byNumber
  const named = inboxRules.filter(({ displayName }) => displayName.toLowerCase() === wanted.toLowerCase())
  const [first, second] = named
  if (second) throw objectAmbiguous(`${alias}\\${wanted}`)
  if (!first) throw objectNotFound(`${alias}\\${wanted}`)
  return first
}
