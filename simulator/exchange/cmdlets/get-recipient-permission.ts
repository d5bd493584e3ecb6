import type { RecipientPermission } from '../../exchange-world.ts'
import type { Mailbox } from '../../world.ts'
import { textOf } from '../arguments.ts'
import { type Cmdlet, type ExchangeObject, readers } from '../cmdlet.ts'
import { isSameName, principalNamed, self } from '../principals.ts'
import { mailboxNamed } from './get-mailbox.ts'

/** Who may send as a mailbox. Groups as recipients are not simulated. Unverified: that everybody has a row of their own. */
export const getRecipientPermission: Cmdlet = {
  name: 'Get-RecipientPermission',
  roles: readers,
  mutates: false,
  properties: {
    Identity: 'String',
    Trustee: 'String',
    AccessControlType: 'String',
    AccessRights: 'Collection(String)',
    IsInherited: 'Boolean',
    InheritanceType: 'String',
  },
  run: ({ tenant, parameters }) => {
    const identity = textOf(parameters.Identity)
    const trustee = textOf(parameters.Trustee)
    // Without an identity the whole tenant comes: a trap for careless callers.
    const mailboxes = identity === null ? tenant.mailboxes : [mailboxNamed(tenant, identity)]
    const rows = mailboxes.flatMap((mailbox) => [
      ownRow(mailbox),
      ...tenant.recipientPermissions
        .filter((one) => one.MailboxExternalDirectoryObjectId === mailbox.externalDirectoryObjectId)
        .map(row),
    ])
    const account = trustee === null ? null : principalNamed(tenant, trustee).account
    return { value: account === null ? rows : rows.filter(({ Trustee }) => isSameName(String(Trustee), account)) }
  },
}

const ownRow = ({ alias }: Mailbox): ExchangeObject => ({
  Identity: alias,
  Trustee: self,
  AccessControlType: 'Allow',
  AccessRights: ['SendAs'],
  IsInherited: false,
  InheritanceType: 'None',
})

const row = ({ MailboxExternalDirectoryObjectId, ...shown }: RecipientPermission): ExchangeObject => shown
