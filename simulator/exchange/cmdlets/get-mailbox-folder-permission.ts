import type { MailboxFolderPermission } from '../../exchange-world.ts'
import type { Mailbox, Tenant } from '../../world.ts'
import { textOf } from '../arguments.ts'
import { type Cmdlet, type ExchangeObject, readers } from '../cmdlet.ts'
import { objectNotFound } from '../errors.ts'
import { isSameName, principalNamed } from '../principals.ts'
import { mailboxNamed } from './get-mailbox.ts'

/** Unverified: the form of `Identity`, that people are shown by display name, and what strangers may do by default. */
export const getMailboxFolderPermission: Cmdlet = {
  name: 'Get-MailboxFolderPermission',
  roles: readers,
  mutates: false,
  properties: { Identity: 'String', FolderName: 'String', User: 'String', AccessRights: 'Collection(String)' },
  run: ({ tenant, parameters }) => {
    const identity = textOf(parameters.Identity)
    const user = textOf(parameters.User)
    const folders = identity === null ? tenant.mailboxes.flatMap(allFolders(tenant)) : [folderNamed(tenant, identity)]
    const rows = folders.flatMap((folder) => rowsOf(tenant, folder))
    const name = user === null ? null : userName(tenant, user)
    return { value: name === null ? rows : rows.filter(({ User }) => isSameName(String(User), name)) }
  },
}

interface Folder {
  mailbox: Mailbox
  /** Empty: the root. */
  path: string
}

const standardFolders = ['', 'Inbox', 'Drafts', 'Sent Items', 'Deleted Items', 'Archive', 'Calendar', 'Contacts']

/** `mailbox:\Inbox\Reports`; without a folder the root. Throws `ExchangeError`. */
function folderNamed(tenant: Tenant, identity: string): Folder {
  const at = identity.indexOf(':\\')
  const mailbox = mailboxNamed(tenant, at < 0 ? identity : identity.slice(0, at))
  const wanted = at < 0 ? '' : identity.slice(at + 2)
  const folder = allFolders(tenant)(mailbox).find(({ path }) => isSameName(path, wanted))
  if (!folder) throw objectNotFound(identity)
  return folder
}

const allFolders =
  (tenant: Tenant) =>
  (mailbox: Mailbox): Folder[] => {
    const shared = permissionsOf(tenant, mailbox).map(pathOf)
    return [...new Set([...standardFolders, ...shared])].map((path) => ({ mailbox, path }))
  }

const permissionsOf = (tenant: Tenant, { externalDirectoryObjectId }: Mailbox): MailboxFolderPermission[] =>
  tenant.mailboxFolderPermissions.filter(
    ({ MailboxExternalDirectoryObjectId }) => MailboxExternalDirectoryObjectId === externalDirectoryObjectId,
  )

const pathOf = ({ Identity }: MailboxFolderPermission): string => Identity.slice(Identity.indexOf(':\\') + 2)

const standardUsers = ['Default', 'Anonymous']

/** What strangers may do stands in every folder, people after it. */
function rowsOf(tenant: Tenant, { mailbox, path }: Folder): ExchangeObject[] {
  const given = permissionsOf(tenant, mailbox).filter((one) => isSameName(pathOf(one), path))
  const standard = standardUsers
    .filter((name) => !given.some(({ User }) => User === name))
    .map((User) => ({ User, AccessRights: [path === 'Calendar' && User === 'Default' ? 'AvailabilityOnly' : 'None'] }))
  return [...standard, ...given].map(({ User, AccessRights }) => ({
    Identity: `${mailbox.alias}:\\${path}`,
    FolderName: path.split('\\').at(-1) || 'Top of Information Store',
    User,
    AccessRights,
  }))
}

const userName = (tenant: Tenant, name: string): string =>
  standardUsers.find((one) => isSameName(one, name)) ?? principalNamed(tenant, name).displayName
