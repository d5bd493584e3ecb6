import { z } from 'zod'
import { isGrantedThere, type MailboxAccessFact, readFullAccess } from '../../facts/mailbox-access.ts'
import type { GreyedOutCode } from '../codes.ts'
import { available, defineRemediation, greyedOut } from '../contract.ts'
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
      ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
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
  assess({ mailboxAccess: { held, otherAccess, rows } }) {
    const code = notThere[held]
    if (code) return greyedOut(code)
    const remains = (otherAccess ?? []).length > 0 || rows.some(({ IsInherited, Deny }) => IsInherited && !Deny)
    return available(remains ? ['CANNOT_BE_UNDONE', 'OTHER_ACCESS_REMAINS'] : ['CANNOT_BE_UNDONE'])
  },
  tells({ mailboxAccess: { grantee, otherAccess, rows } }) {
    if (otherAccess === null) return { remarks: ['Whether the grantee holds other rights there could not be read.'] }
    return {
      remarks: [
        ...(otherAccess.length > 0 ? [`What stays: ${grantee} may still ${otherAccess.join(', and ')}.`] : []),
        ...(rows.some(({ IsInherited, Deny }) => IsInherited && !Deny)
          ? [`${grantee} also inherits full access from above: that stays.`]
          : []),
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
  async apply({ exchange }, { mailboxAccess: { mailbox, grantee, rows } }) {
    const [row] = rows.filter(isGrantedThere)
    // An entry that is not there any more is no error, but a warning.
    const { requestId } = await exchange.invoke(
      'Remove-MailboxPermission',
      {
        Identity: mailbox.exchangeGuid,
        User: grantee,
        AccessRights: ['FullAccess'],
        InheritanceType: row?.InheritanceType ?? 'All',
        Confirm: false,
      },
      { repeatable: true, ...(mailbox.userPrincipalName && { anchor: mailbox.userPrincipalName }) },
    )
    return requestId
  },
  async confirm({ exchange }, _subject, { evidence }) {
    const { mailbox, grantee } = kept.parse(evidence)
    const rows = await readFullAccess(exchange, { Identity: mailbox.ExchangeGuid }, { fresh: true })
    return !rows?.some((row) => row.User.toLowerCase() === grantee.toLowerCase() && isGrantedThere(row))
  },
  describe: ({ mailboxAccess: { mailbox, grantee } }) =>
    `Removed the full access of ${grantee} to mailbox ${mailbox.primarySmtpAddress}`,
  afterwards: 'Look at what the grantee read or sent there, and at who gave the access.',
})
