/** Access of others to a mailbox, to put into a tenant. People and groups are named by display name. */
import { createHash } from 'node:crypto'
import { mailboxOfUser } from './builders.ts'
import type { MailboxFolderPermission, MailboxPermission, RecipientPermission } from './exchange-world.ts'
import type { Mailbox, Tenant } from './world.ts'

/** FullAccess, unless the options say otherwise. A grantee that the tenant does not have is shown as written: a SID. */
export function withMailboxPermission(
  tenant: Tenant,
  mailboxOf: string,
  grantee: string,
  options: Partial<MailboxPermission> = {},
): MailboxPermission {
  const permission: MailboxPermission = {
    ...namesOf(mailboxOfUser(tenant, mailboxOf)),
    User: shownAs(tenant, grantee),
    AccessRights: ['FullAccess'],
    IsInherited: false,
    Deny: false,
    InheritanceType: 'All',
    ...options,
  }
  tenant.mailboxPermissions.push(permission)
  return permission
}

export function withSendAs(tenant: Tenant, mailboxOf: string, trustee: string): RecipientPermission {
  const permission: RecipientPermission = {
    ...namesOf(mailboxOfUser(tenant, mailboxOf)),
    Trustee: shownAs(tenant, trustee),
    AccessControlType: 'Allow',
    AccessRights: ['SendAs'],
    IsInherited: false,
    InheritanceType: 'None',
  }
  tenant.recipientPermissions.push(permission)
  return permission
}

export function withSendOnBehalf(tenant: Tenant, mailboxOf: string, grantee: string): void {
  const mailbox = mailboxOfUser(tenant, mailboxOf)
  const isGroup = tenant.groups.some(({ displayName }) => displayName === grantee)
  const name = isGroup ? grantee : mailboxOfUser(tenant, grantee).alias
  mailbox.grantSendOnBehalfTo = [...(mailbox.grantSendOnBehalfTo ?? []), name]
}

export function withFolderPermission(
  tenant: Tenant,
  mailboxOf: string,
  folder: string,
  User: string,
  AccessRights: string[] = ['Reviewer'],
): MailboxFolderPermission {
  const { Identity: alias, ...names } = namesOf(mailboxOfUser(tenant, mailboxOf))
  const permission = { ...names, Identity: `${alias}:\\${folder}`, User, AccessRights }
  tenant.mailboxFolderPermissions.push(permission)
  return permission
}

/** How permissions show an account that is gone. */
export function sidOf(objectId: string): string {
  const digest = createHash('sha256').update(objectId).digest()
  return `S-1-5-21-1376570662-3565232716-1187618197-${digest.readUInt32BE() % 100_000_000}`
}

const namesOf = ({ alias, externalDirectoryObjectId }: Mailbox) => ({
  Identity: alias,
  MailboxExternalDirectoryObjectId: externalDirectoryObjectId,
})

const shownAs = (tenant: Tenant, name: string): string =>
  tenant.users.find(({ displayName }) => displayName === name)?.userPrincipalName ?? name
