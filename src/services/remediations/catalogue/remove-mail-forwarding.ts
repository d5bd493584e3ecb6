import { defineRemediation } from '../contract.ts'
import { assessForwarding, clearForwarding, forwardingOf, forwardingTargets, forwardsNoMore } from '../forwarding.ts'
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
  assess: ({ mailbox }) => assessForwarding(mailbox),
  calls: ({ user }) => [{ service: 'EXCHANGE', method: 'Set-Mailbox', path: user.id }],
  evidence: ({ mailbox }) => ({ before: forwardingOf(mailbox) }),
  apply: ({ exchange }, { user }) => clearForwarding(exchange, user.id, user),
  confirm: ({ exchange }, subject) => forwardsNoMore(exchange, objectIdOf(subject)),
  describe: ({ user, mailbox }) =>
    `Removed the mail forwarding of ${user.displayName} (${user.userPrincipalName}) to ${forwardingTargets(mailbox)}`,
  afterwards: 'Look at the inbox rules of the mailbox, too: they can forward as well.',
})
