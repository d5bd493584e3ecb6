import { readMailbox } from '../../facts/mailbox.ts'
import { available, defineRemediation, greyedOut } from '../contract.ts'
import { isAboutAUser } from '../offered.ts'
import { objectIdOf } from '../read-back.ts'

/** A3. Rules B7, B8. Both mechanisms of forwarding go; inbox rules that forward are A4's. */
export const removeMailForwarding = defineRemediation({
  kind: 'REMOVE_MAIL_FORWARDING',
  group: 'BLOCK_USER',
  actsOn: 'USER',
  offeredOn: isAboutAUser,
  needs: ['user', 'mailbox'],
  permissions: {
    application: [
      'Exchange.ManageAsApp',
      ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
    ],
    exchangeAdministrator: true,
  },
  title: 'Remove mail forwarding',
  effect:
    "Clears the forwarding that is set on the user's mailbox, to addresses inside and outside of the organisation.",
  limits:
    'Inbox rules and transport rules that forward stay. What was set is kept in the evidence, so that it can be set again by hand.',
  impact: 'MEDIUM',
  recommended: false,
  reversible: false,
  howToUndo: null,
  assess: ({ mailbox }) =>
    mailbox.forwardingAddress === null && mailbox.forwardingSmtpAddress === null
      ? greyedOut('NO_FORWARDING')
      : available(['CANNOT_BE_UNDONE']),
  calls: ({ user }) => [{ service: 'EXCHANGE', method: 'Set-Mailbox', path: user.id }],
  evidence: ({ mailbox }) => ({
    before: {
      ForwardingAddress: mailbox.forwardingAddress,
      ForwardingSmtpAddress: mailbox.forwardingSmtpAddress,
      DeliverToMailboxAndForward: mailbox.deliverToMailboxAndForward,
    },
  }),
  async apply({ exchange }, { user }) {
    const { requestId } = await exchange.invoke(
      'Set-Mailbox',
      { Identity: user.id, ForwardingAddress: null, ForwardingSmtpAddress: null, DeliverToMailboxAndForward: false },
      { repeatable: true, anchor: user.userPrincipalName },
    )
    return requestId
  },
  async confirm({ exchange }, subject) {
    const mailbox = await readMailbox(exchange, objectIdOf(subject), { fresh: true })
    return mailbox === null || (mailbox.forwardingAddress === null && mailbox.forwardingSmtpAddress === null)
  },
  describe: ({ user, mailbox }) => {
    const targets = [mailbox.forwardingSmtpAddress, mailbox.forwardingAddress].filter((target) => target !== null)
    return `Removed the mail forwarding of ${user.displayName} (${user.userPrincipalName}) to ${targets.join(' and ')}`
  },
  afterwards: 'Look at the inbox rules of the mailbox, too: they can forward as well.',
})
