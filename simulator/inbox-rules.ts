/** Inbox rules to put into a mailbox, and what every service must know of them. */
import { createHash } from 'node:crypto'
import { guid } from './ids.ts'
import type { InboxRule, Mailbox } from './world.ts'

/** A visible, enabled rule that does nothing yet. The id follows from the words: give different ones to rules of one mailbox. */
export function anInboxRule(given: Partial<InboxRule> = {}, ...words: string[]): InboxRule {
  const displayName = given.displayName ?? 'A rule'
  return {
    id: ruleId(...words, displayName),
    displayName,
    sequence: 1,
    isEnabled: true,
    isReadOnly: false,
    hasError: false,
    conditions: {},
    actions: {},
    ...given,
  }
}

const ruleId = (...words: string[]): string => Buffer.from(guid(...words, 'inboxRule')).toString('base64')

/** Hidden rules that Exchange itself keeps: the spam filter's, and one of automatic replies. */
export function builtInRules(mailbox: Pick<Mailbox, 'exchangeGuid'>): InboxRule[] {
  return ['Junk E-Mail Rule', 'Microsoft.Exchange.OOF.KnownExternalSenders.Global'].map((displayName) =>
    anInboxRule({ displayName, sequence: 0, isHidden: true, isReadOnly: true }, mailbox.exchangeGuid),
  )
}

/** Above the signed 64-bit range, as Exchange's are: a reader that makes a double of it names another rule. */
export function ruleIdentityOf({ id, ruleIdentity }: InboxRule): string {
  if (ruleIdentity !== undefined) return ruleIdentity
  const low = createHash('sha256').update(id).digest().readBigUInt64BE()
  return String(low | (1n << 63n) | 1n)
}

/** What an edit on the server does besides: rules that only classic Outlook knows are lost. */
export function loseOutlookRules(mailbox: Mailbox): void {
  if (mailbox.outlookRules) mailbox.outlookRules = []
}
