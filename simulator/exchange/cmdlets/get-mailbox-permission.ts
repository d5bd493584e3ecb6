import type { MailboxPermission } from '../../exchange-world.ts'
import type { Mailbox, Tenant } from '../../world.ts'
import { textOf } from '../arguments.ts'
import { type Cmdlet, type ExchangeObject, readers } from '../cmdlet.ts'
import { refused } from '../errors.ts'
import { isSameName, principalNamed, self } from '../principals.ts'
import { mailboxNamed } from './get-mailbox.ts'

/** Unverified: what `Owner` shows. `IncludeUserWithDisplayName` has no effect here, for nobody says what it adds. */
export const getMailboxPermission: Cmdlet = {
  name: 'Get-MailboxPermission',
  roles: readers,
  mutates: false,
  properties: {
    Identity: 'String',
    User: 'String',
    AccessRights: 'Collection(String)',
    IsInherited: 'Boolean',
    Deny: 'Boolean',
    InheritanceType: 'String',
  },
  run: ({ tenant, parameters }) => {
    const identity = textOf(parameters.Identity)
    const user = textOf(parameters.User)
    const isOwnerAsked = parameters.Owner === true
    if (isOwnerAsked && user !== null) throw refused("You can't use the Owner switch with the User parameter.")
    // Without an identity the whole tenant comes: a trap for careless callers.
    const mailboxes = identity === null ? tenant.mailboxes : [mailboxNamed(tenant, identity)]
    const rows = mailboxes.flatMap((mailbox) => [
      ownRow(mailbox),
      ...(isOwnerAsked ? [] : permissionsOf(tenant, mailbox).map(row)),
    ])
    const account = user === null ? null : principalNamed(tenant, user).account
    return { value: account === null ? rows : rows.filter(({ User }) => isSameName(String(User), account)) }
  },
}

export const permissionsOf = (tenant: Tenant, { externalDirectoryObjectId }: Mailbox): MailboxPermission[] =>
  tenant.mailboxPermissions.filter(
    ({ MailboxExternalDirectoryObjectId }) => MailboxExternalDirectoryObjectId === externalDirectoryObjectId,
  )

const ownRow = ({ alias }: Mailbox): ExchangeObject => ({
  Identity: alias,
  User: self,
  AccessRights: ['FullAccess', 'ReadPermission'],
  IsInherited: false,
  Deny: false,
  InheritanceType: 'All',
})

const row = ({ MailboxExternalDirectoryObjectId, ...shown }: MailboxPermission): ExchangeObject => shown
