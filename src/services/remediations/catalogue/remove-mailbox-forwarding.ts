import { z } from 'zod'
import { defineRemediation } from '../contract.ts'
import { assessForwarding, clearForwarding, forwardingOf, forwardingTargets, forwardsNoMore } from '../forwarding.ts'
import { onEvents } from '../offered.ts'

const kept = z.object({ mailbox: z.object({ ExchangeGuid: z.string() }) })

/** A9. Rules B4, B8. For the mailbox itself, which need not belong to a person. */
export const removeMailboxForwarding = defineRemediation({
  kind: 'REMOVE_MAILBOX_FORWARDING',
  group: 'REMOVE_MAILBOX_FORWARDING',
  actsOn: 'MAILBOX',
  offeredOn: onEvents('EXTERNAL_MAIL_FORWARDING'),
  needs: ['mailbox'],
  permissions: { application: ['Exchange.ManageAsApp'], exchangeAdministrator: true },
  title: 'Remove mailbox forwarding',
  effect: 'Clears the forwarding that is set on the mailbox, to addresses inside and outside of the organisation.',
  limits: 'Inbox rules and transport rules that forward stay. Mail that was already forwarded stays forwarded.',
  impact: 'MEDIUM',
  recommended: false,
  reversible: false,
  howToUndo: null,
  assess: ({ mailbox }) => assessForwarding(mailbox),
  tells: ({ mailbox }) => ({ remarks: [`The mailbox forwards to ${forwardingTargets(mailbox)} now.`] }),
  calls: ({ mailbox }) => [{ service: 'EXCHANGE', method: 'Set-Mailbox', path: mailbox.exchangeGuid }],
  evidence: ({ mailbox }) => ({
    mailbox: { ExchangeGuid: mailbox.exchangeGuid, PrimarySmtpAddress: mailbox.primarySmtpAddress },
    before: forwardingOf(mailbox),
  }),
  apply: ({ exchange }, { mailbox }) => clearForwarding(exchange, mailbox.exchangeGuid, mailbox),
  confirm: ({ exchange }, _subject, { evidence }) =>
    forwardsNoMore(exchange, kept.parse(evidence).mailbox.ExchangeGuid),
  describe: ({ mailbox }) =>
    `Removed the forwarding of mailbox ${mailbox.primarySmtpAddress} to ${forwardingTargets(mailbox)}`,
  afterwards: 'Look at the inbox rules of the mailbox, too: they can forward as well.',
})
