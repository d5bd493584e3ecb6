/** Who may open, or send as, mailboxes of Northwind Traders that are not theirs. */
import { aGroup, userOf } from '../builders.ts'
import { guid } from '../ids.ts'
import { sidOf, withFolderPermission, withMailboxPermission, withSendAs, withSendOnBehalf } from '../mailbox-access.ts'
import type { Tenant } from '../world.ts'

export function addMailboxAccess(tenant: Tenant): void {
  const team = ['Felix', 'Jonas'].map((name) => userOf(tenant, name).id)
  aGroup(tenant, 'Finance team', { members: team })

  withMailboxPermission(tenant, 'Accounts', 'Hugo')
  withMailboxPermission(tenant, 'Accounts', 'Mona')
  // Felix reads the mailbox as a member only.
  withMailboxPermission(tenant, 'Accounts', 'Finance team')
  withMailboxPermission(tenant, 'Accounts', sidOf(guid(tenant.id, 'user', 'Former accountant')))
  withMailboxPermission(tenant, 'Accounts', 'Dmitri', { Deny: true })
  withMailboxPermission(tenant, 'Ines', 'Olga')
  withMailboxPermission(tenant, 'Liam', 'Hana', { AccessRights: ['FullAccess', 'ReadPermission'], IsInherited: true })

  // What stays when FullAccess goes.
  withSendAs(tenant, 'Accounts', 'Mona')
  withSendOnBehalf(tenant, 'Accounts', 'Hugo')
  withFolderPermission(tenant, 'Accounts', 'Inbox', 'Hugo')
  withFolderPermission(tenant, 'Greta', 'Inbox', 'Kira')
}
