import { z } from 'zod'
import { type MailboxAccessFact, readGrantedThere } from '../../facts/mailbox-access.ts'
import type { GreyedOutCode } from '../codes.ts'
import { available, defineRemediation, greyedOut } from '../contract.ts'
import { removeFullAccess } from '../full-access.ts'
import { onEvents } from '../offered.ts'

const kept = z.object({ mailbox: z.object({ ExchangeGuid: z.string() }), grantee: z.string() })

const notThere: Partial<Record<MailboxAccessFact['held'], GreyedOutCode>> = {
  INHERITED: 'ACCESS_INHERITED',
  THROUGH_GROUP: 'ACCESS_THROUGH_GROUP',
  DENIED: 'ACCESS_DENIED',
}

/** A11. Rules B5, B8. Full access of the grantee on the mailbox; other rights are said and stay. */
export const removeMailboxAccess = defineRemediation({
  kind: 'REMOVE_MAILBOX_ACCESS',
  group: 'REMOVE_MAILBOX_ACCESS',
  actsOn: 'MAILBOX_ACCESS',
  offeredOn: onEvents('MAILBOX_ACCESS_GRANTED_TO_NON_OWNER', 'MAILBOX_ACCESS_BY_NON_OWNER'),
  needs: ['mailboxAccess'],
  permissions: {
    application: [
      'Exchange.ManageAsApp',
      // For the groups of the grantee.
      ['User.Read.All', 'GroupMember.Read.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
    ],
    exchangeAdministrator: true,
  },
  title: 'Remove mailbox access',
  effect: "Takes the grantee's full access (FullAccess) to the mailbox away.",
  limits:
    'Sending as the mailbox or on its behalf, and rights on single folders, are rights of their own and stay. A session that is open may see the mailbox for up to an hour.',
  impact: 'MEDIUM',
  recommended: false,
  reversible: false,
  howToUndo: null,
  assess({ mailboxAccess }) {
    const code = notThere[mailboxAccess.held]
    if (code) return greyedOut(code)
    const remains = (mailboxAccess.otherAccess ?? []).length > 0 || isAlsoInherited(mailboxAccess)
    return available(remains ? ['CANNOT_BE_UNDONE', 'OTHER_ACCESS_REMAINS'] : ['CANNOT_BE_UNDONE'])
  },
  tells({ mailboxAccess }) {
    const { grantee, otherAccess } = mailboxAccess
    return {
      remarks: [
        ...(otherAccess === null ? ['Whether the grantee holds other rights there could not be read.'] : []),
        ...(otherAccess?.length ? [`What stays: ${grantee} may still ${otherAccess.join(', and ')}.`] : []),
        ...(isAlsoInherited(mailboxAccess) ? [`${grantee} also inherits full access from above: that stays.`] : []),
      ],
    }
  },
  calls: ({ mailboxAccess: { mailbox } }) => [
    { service: 'EXCHANGE', method: 'Remove-MailboxPermission', path: mailbox.exchangeGuid },
  ],
  evidence: ({ mailboxAccess: { mailbox, grantee, rows } }) => ({
    mailbox: { ExchangeGuid: mailbox.exchangeGuid, PrimarySmtpAddress: mailbox.primarySmtpAddress },
    grantee,
    permissions: rows,
  }),
  apply: ({ exchange }, { mailboxAccess }) => removeFullAccess(exchange, mailboxAccess),
  async confirm({ exchange }, _subject, { evidence }) {
    const { mailbox, grantee } = kept.parse(evidence)
    return (await readGrantedThere(exchange, mailbox.ExchangeGuid, grantee)).length === 0
  },
  describe: ({ mailboxAccess: { mailbox, grantee } }) =>
    `Removed the full access of ${grantee} to mailbox ${mailbox.primarySmtpAddress}`,
  afterwards: 'Look at what the grantee read or sent there, and at who gave the access.',
})

const isAlsoInherited = ({ rows }: MailboxAccessFact): boolean =>
  rows.some(({ IsInherited, Deny }) => IsInherited && !Deny)
