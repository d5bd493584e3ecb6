/** What happened to the mail of Northwind Traders. What the records name is in the tenant, or is said to be gone. */
import { userOf } from '../builders.ts'
import type { Tenant, User } from '../world.ts'
import { type AuditRecord, aliasOf, directoryPath, service, type When, type Who, who } from './record-forms.ts'
import type { Stories } from './record-stories.ts'

/** Rules, forwarding and access to mailboxes. `technician` is a partner's, as Exchange's records name one. */
export function northwindMailRecords(story: Stories, tenant: Tenant, technician: Who): AuditRecord[] {
  const user = (name: string): User => userOf(tenant, name)
  const by = (name: string): Who => who(user(name))
  const at = (hoursAgo: number): When => ({ hoursAgo })
  const accounts = user('Accounts')
  return [...forwarding(), ...transportRules(), ...inboxRules(), ...grants(), ...accesses()]

  function forwarding(): AuditRecord[] {
    return [
      story.forwardingSet(at(3), by('Bruno'), user('Bruno'), 'smtp:bruno.backup@example.com'),
      story.forwardingSet(at(180), by('Liam'), user('Liam'), 'smtp:liam@example.org'),
      story.forwardingSet(at(179), by('Liam'), user('Liam'), ''),
      ownRule(4, 'Dmitri', 'Invoices', {
        SubjectOrBodyContainsWords: 'invoice;payment',
        ForwardTo: 'd.archive@example.net',
        StopProcessingRules: 'True',
      }),
      // Graph cannot change this one.
      ownRule(53, 'Kira', 'Since May', {
        RedirectTo: 'kira.backup@example.com',
        ReceivedAfterDate: '2026-05-01T00:00:00.0000000Z',
      }),
      // Two rules have the name.
      ownRule(67, 'Olga', 'Backup', { ForwardTo: 'olga.archive@example.net' }),
      // Hidden: neither Outlook nor Graph shows it.
      outlookRule(82, 'Nils', 'Sync', '[{"ActionType":"OP_FORWARD","Recipients":["collector@example.org"]}]'),
    ]
  }

  function transportRules(): AuditRecord[] {
    const made = (hoursAgo: number, Name: string, rule: Record<string, string>): AuditRecord =>
      story.exchangeAdmin(at(hoursAgo), 'New-TransportRule', by('Hana'), Name, { Name, ...rule })
    return [
      made(28, 'Compliance copy', {
        BlindCopyTo: 'collector@example.org',
        SubjectOrBodyContainsWords: 'invoice;payment',
      }),
      made(29, '.', { SentTo: accounts.userPrincipalName, RedirectMessageTo: 'd.archive@example.net' }),
      made(31, '', { SentToScope: 'NotInOrganization', BlindCopyTo: 'mirror@example.net' }),
      // Two rules have the name.
      made(73, 'Disclaimer', { AddToRecipients: 'audit@example.org' }),
      // Turned off since.
      made(285, 'Old archive', { CopyTo: 'archive@example.com' }),
      // Gone.
      made(300, 'Migration copy', { BlindCopyTo: 'migration@example.com' }),
    ]
  }

  function inboxRules(): AuditRecord[] {
    return [
      ownRule(7, 'Esi', '.', { DeleteMessage: 'True', SubjectContainsWords: 'security;alert' }),
      ownRule(8, 'Jonas', '', {
        MoveToFolder: 'RSS Feeds',
        MarkAsRead: 'True',
        BodyContainsWords: 'password;invoice',
      }),
      // Gone.
      story.inboxRule(at(150), 'Set-InboxRule', by('Mona'), user('Mona'), 'hide', {
        DeleteMessage: 'True',
        From: 'it@northwindtraders.com',
      }),
      ownRule(16, 'Annika', '..', { DeleteMessage: 'True', SubjectContainsWords: 'phish' }),
      // In a mailbox with rules that only Outlook knows.
      ownRule(37, 'Greta', ',', { MoveToFolder: 'Archive', FromAddressContainsWords: 'it@' }),
      outlookRule(95, 'Ines', 'Newsletters', '[{"ActionType":"OP_MOVE","Folder":"Deleted Items"}]'),
    ]
  }

  function grants(): AuditRecord[] {
    const system = service('NT AUTHORITY\\SYSTEM (Microsoft.Exchange.ServiceHost)', 3)
    return [
      story.mailboxAccess(at(20), by('Hana'), accounts, user('Hugo')),
      story.mailboxAccess(at(200), technician, accounts, user('Mona')),
      story.mailboxAccess(at(240), system, accounts, user('Nils')),
      story.mailboxAccess(at(265), by('Hana'), user('Ines'), user('Olga')),
      // Gone.
      story.mailboxAccess(at(290), by('Hana'), user('Bruno'), user('Nils')),
      story.exchangeAdmin(at(245), 'Add-MailboxPermission', by('Hana'), aliasOf(accounts), {
        Identity: directoryPath(tenant, aliasOf(accounts)),
        User: directoryPath(tenant, 'Finance team'),
        AccessRights: 'FullAccess',
        InheritanceType: 'All',
      }),
      story.exchangeAdmin(at(199), 'Add-RecipientPermission', technician, aliasOf(accounts), {
        Identity: directoryPath(tenant, aliasOf(accounts)),
        Trustee: directoryPath(tenant, aliasOf(user('Mona'))),
        AccessRights: 'SendAs',
      }),
      story.exchangeAdmin(at(98), 'Add-MailboxFolderPermission', by('Greta'), aliasOf(user('Greta')), {
        Identity: `${aliasOf(user('Greta'))}:\\Inbox`,
        User: aliasOf(user('Kira')),
        AccessRights: 'Reviewer',
      }),
    ]
  }

  function accesses(): AuditRecord[] {
    const read = (count: number): AuditRecord => ({
      RecordType: 50,
      OperationCount: count,
      OperationProperties: [
        { Name: 'MailAccessType', Value: 'Bind' },
        { Name: 'IsThrottled', Value: 'False' },
      ],
    })
    return [
      story.mailbox(at(18), 'MailItemsAccessed', by('Hugo'), accounts, read(14)),
      story.mailbox(at(110), 'SendAs', by('Mona'), accounts, { Item: { Subject: 'Changed bank account' } }),
      story.mailbox(at(60), 'HardDelete', by('Olga'), user('Ines'), {
        RecordType: 3,
        AffectedItems: [{ Subject: 'Offer' }],
      }),
      // Through a group.
      story.mailbox(at(46), 'MailItemsAccessed', by('Felix'), accounts, read(6)),
      // Inherited.
      story.mailbox(at(58), 'FolderBind', by('Hana'), user('Liam')),
      // A folder only.
      story.mailbox(at(97), 'MailItemsAccessed', by('Kira'), user('Greta'), read(2)),
      story.mailbox(at(13), 'MailItemsAccessed', by('Sven'), user('Sven'), read(3)),
    ]
  }

  function ownRule(hoursAgo: number, owner: string, name: string, rule: Record<string, string>): AuditRecord {
    return story.inboxRule(at(hoursAgo), 'New-InboxRule', by(owner), user(owner), name, rule)
  }

  /** Made in classic Outlook. */
  function outlookRule(hoursAgo: number, owner: string, name: string, actions: string): AuditRecord {
    return story.mailbox(at(hoursAgo), 'UpdateInboxRules', by(owner), user(owner), {
      OperationProperties: [
        { Name: 'RuleOperation', Value: 'AddMailboxRule' },
        { Name: 'RuleName', Value: name },
        { Name: 'RuleState', Value: 'Enabled' },
        { Name: 'RuleActions', Value: actions },
      ],
    })
  }
}
