/** What the records about mail name is in the tenant, except where its absence is the point. */
import { describe, expect, test } from 'vitest'
import { mailboxOfUser, userOf } from '../builders.ts'
import type { Mailbox, Tenant } from '../world.ts'
import { sampleAuditRecords } from './audit-records.ts'
import type { AuditRecord } from './record-forms.ts'
import { sampleWorld } from './world.ts'

const { tenants } = sampleWorld()
const records = sampleAuditRecords(new Date('2026-05-01T12:00:00Z'))

interface Happening {
  tenant: Tenant
  /** Parameters of the cmdlet, or properties of the operation. */
  of: Record<string, string>
  record: AuditRecord
}

const happenings = (...operations: string[]): Happening[] =>
  records
    .filter(({ Operation }) => operations.includes(String(Operation)))
    .flatMap((record) => {
      const tenant = tenants.find(({ id }) => id === record.OrganizationId)
      const pairs = (record.Parameters ?? record.OperationProperties ?? []) as { Name: string; Value: string }[]
      const of = Object.fromEntries(pairs.map(({ Name, Value }) => [Name, Value]))
      return tenant ? [{ tenant, of, record }] : []
    })

const lastPart = (text: string | undefined): string => text?.split('/').at(-1)?.split(':\\')[0] ?? ''
const byAlias = ({ mailboxes }: Tenant, alias: string): Mailbox => {
  const mailbox = mailboxes.find((one) => one.alias === alias || one.primarySmtpAddress === alias)
  if (!mailbox) throw new Error(`No mailbox ${alias}.`)
  return mailbox
}
const byUpn = ({ users }: Tenant, upn: unknown): string | undefined =>
  users.find(({ userPrincipalName }) => userPrincipalName === upn)?.displayName

/** How often what each names exists, for those that are not there exactly once. */
const notOnce = (counted: [name: string, count: number][]): Record<string, number> =>
  Object.fromEntries(counted.filter(([, count]) => count !== 1))

test('inbox rules: one is gone, and one name stands twice', () => {
  const ofCmdlets = happenings('New-InboxRule', 'Set-InboxRule').map(({ tenant, of, record }) => {
    const [alias = ''] = String(record.ObjectId).split('\\')
    return { mailbox: byAlias(tenant, alias), name: of.Name ?? '' }
  })
  const ofOutlook = happenings('UpdateInboxRules').map(({ tenant, of, record }) => {
    return { mailbox: byAlias(tenant, String(record.MailboxOwnerUPN)), name: of.RuleName ?? '' }
  })
  const counted = [...ofCmdlets, ...ofOutlook].map(({ mailbox, name }): [string, number] => {
    const rules = mailbox.inboxRules.filter(({ displayName }) => displayName === name)
    return [`${mailbox.alias}\\${name}`, rules.length]
  })
  expect(counted).toContainEqual(['jonas\\', 1])
  expect(notOnce(counted)).toEqual({ 'mona\\hide': 0, 'olga\\Backup': 2 })
  const northwind = tenants[0] as Tenant
  expect(mailboxOfUser(northwind, 'Nils').inboxRules).toContainEqual(
    expect.objectContaining({ displayName: 'Sync', isHidden: true }),
  )
  expect(mailboxOfUser(northwind, 'Greta').outlookRules).not.toEqual([])
})

test('transport rules: one is gone, one name stands twice, one is empty', () => {
  const counted = happenings('New-TransportRule').map(({ tenant, of }): [string, number] => {
    return [of.Name ?? '?', tenant.transportRules.filter(({ Name }) => Name === of.Name).length]
  })
  expect(counted).toContainEqual(['', 1])
  expect(notOnce(counted)).toEqual({ Disclaimer: 2, 'Migration copy': 0 })
})

test('forwarding by mailbox settings: only what was cleared is gone', () => {
  const set = happenings('Set-Mailbox').filter(({ of }) => of.ForwardingSmtpAddress)
  const counted = set.map(({ tenant, of }): [string, number] => {
    const { forwardingSmtpAddress, alias } = byAlias(tenant, lastPart(of.Identity))
    return [alias, forwardingSmtpAddress === of.ForwardingSmtpAddress ? 1 : 0]
  })
  expect(notOnce(counted)).toEqual({ liam: 0 })
  expect(counted).toHaveLength(3)
})

describe('access to mailboxes', () => {
  const rows = (tenant: Tenant, mailbox: Mailbox) =>
    tenant.mailboxPermissions.filter(
      (one) => one.MailboxExternalDirectoryObjectId === mailbox.externalDirectoryObjectId && !one.Deny,
    )
  const accountOf = (tenant: Tenant, alias: string): string =>
    tenant.mailboxes.find((one) => one.alias === alias)?.primarySmtpAddress ?? alias

  test('grants: one is gone; the platform removes its own', () => {
    const counted = happenings('Add-MailboxPermission').map(({ tenant, of }): [string, number] => {
      const mailbox = byAlias(tenant, lastPart(of.Identity))
      const account = accountOf(tenant, lastPart(of.User))
      const given = rows(tenant, mailbox).filter(({ User }) => User === account)
      return [`${account} on ${mailbox.alias}`, given.length]
    })
    expect(notOnce(counted)).toEqual({
      'nils@northwindtraders.com on accounts': 0,
      'nils@northwindtraders.com on bruno': 0,
    })
    expect(counted).toContainEqual(['Finance team on accounts', 1])
    const [sendAs] = happenings('Add-RecipientPermission')
    expect(sendAs?.tenant.recipientPermissions).toContainEqual(
      expect.objectContaining({ Identity: 'accounts', Trustee: 'mona@northwindtraders.com' }),
    )
    const [folder] = happenings('Add-MailboxFolderPermission')
    expect(folder?.tenant.mailboxFolderPermissions).toContainEqual(
      expect.objectContaining({ Identity: folder?.of.Identity, User: 'Kira', AccessRights: ['Reviewer'] }),
    )
  })

  test('who was in a mailbox holds access: directly, inherited, through a group, or to a folder only', () => {
    const ways = happenings('MailItemsAccessed', 'FolderBind', 'SendAs', 'HardDelete')
      .filter(({ record }) => record.LogonType !== 0)
      .map(({ tenant, record }): [string, string] => {
        const mailbox = byAlias(tenant, String(record.MailboxOwnerUPN))
        const name = byUpn(tenant, record.UserId) ?? ''
        const own = rows(tenant, mailbox).find(({ User }) => User === record.UserId)
        const groups = tenant.groups.filter(({ members }) => members.includes(userOf(tenant, name).id))
        const byGroup = rows(tenant, mailbox).some(({ User }) => groups.some(({ displayName }) => displayName === User))
        const way = own ? (own.IsInherited ? 'inherited' : 'direct') : byGroup ? 'group' : 'folder'
        return [`${name} on ${mailbox.alias}`, way]
      })
    expect(Object.fromEntries(ways)).toEqual({
      'Hugo on accounts': 'direct',
      'Mona on accounts': 'direct',
      'Olga on ines': 'direct',
      'Felix on accounts': 'group',
      'Hana on liam': 'inherited',
      'Kira on greta': 'folder',
      'Omar on nadia': 'direct',
    })
  })

  test('other access remains for those who may also send, and an account that left still stands there', () => {
    const northwind = tenants[0] as Tenant
    expect(mailboxOfUser(northwind, 'Accounts').grantSendOnBehalfTo).toEqual(['hugo'])
    expect(northwind.recipientPermissions).toMatchObject([{ Trustee: 'mona@northwindtraders.com' }])
    const ofAccounts = rows(northwind, mailboxOfUser(northwind, 'Accounts')).map(({ User }) => User)
    expect(ofAccounts).toContainEqual(expect.stringMatching(/^S-1-5-21-/))
  })
})
