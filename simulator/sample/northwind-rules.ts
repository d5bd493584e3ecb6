/** Inbox rules of Northwind Traders: every kind that one can meet. Who is not named here has none. */
import { mailboxOfUser, userOf } from '../builders.ts'
import { anInboxRule, builtInRules } from '../inbox-rules.ts'
import type { InboxRule, Tenant } from '../world.ts'

const recipient = (address: string, name = address): object => ({ emailAddress: { name, address } })

const visible = {
  invoices: {
    displayName: 'Invoices',
    conditions: { bodyOrSubjectContains: ['invoice', 'payment'] },
    actions: { forwardTo: [recipient('d.archive@example.net')], stopProcessingRules: true },
  },
  dots: { displayName: '..', conditions: { subjectContains: ['phish'] }, actions: { delete: true } },
  dot: { displayName: '.', conditions: { subjectContains: ['security', 'alert'] }, actions: { delete: true } },
  unnamed: {
    displayName: '',
    conditions: { bodyContains: ['password', 'invoice'] },
    actions: { moveToFolder: 'RSS Feeds', markAsRead: true },
  },
  turnedOff: {
    displayName: 'Newsletters',
    isEnabled: false,
    conditions: { subjectContains: ['invoice', 'payment'] },
    actions: { moveToFolder: 'Deleted Items' },
  },
  projects: {
    displayName: 'Projects',
    conditions: { senderContains: ['fabrikam.com'] },
    actions: { moveToFolder: 'Projects' },
  },
  comma: { displayName: ',', conditions: { senderContains: ['it@'] }, actions: { moveToFolder: 'Archive' } },
  backup: { displayName: 'Backup', actions: { forwardTo: [recipient('olga.archive@example.net')] } },
  otherBackup: { displayName: 'Backup', sequence: 2, actions: { copyToFolder: 'Backup' } },
  broken: {
    displayName: 'Old team',
    hasError: true,
    conditions: { fromAddresses: [recipient('team@northwindtraders.com')] },
    actions: { moveToFolder: 'Old team' },
  },
} satisfies Record<string, Partial<InboxRule>>

/** Graph shows that it is there, and neither what it looks for nor what it does. */
const readOnly: Partial<InboxRule> = {
  displayName: 'Since May',
  sequence: 2,
  isReadOnly: true,
  actions: { redirectTo: [recipient('kira.backup@example.com', 'Backup')] },
  exchangeOnly: { ReceivedAfterDate: '2026-05-01T00:00:00.0000000Z' },
}

/** Made by MAPI, so that neither Outlook nor Graph shows it. */
const hidden: Partial<InboxRule> = {
  displayName: 'Sync',
  sequence: 3,
  isHidden: true,
  conditions: { bodyOrSubjectContains: ['bank', 'wire'] },
  actions: { forwardTo: [recipient('collector@example.org', 'Collector')] },
}

export function addInboxRules(tenant: Tenant): void {
  const set = (name: string, ...rules: Partial<InboxRule>[]): void => {
    const mailbox = mailboxOfUser(tenant, name)
    const made = rules.map((rule, index) => anInboxRule(rule, mailbox.exchangeGuid, String(index)))
    mailbox.inboxRules = [...made, ...builtInRules(mailbox)]
  }
  set('Annika', visible.dots)
  set('Dmitri', visible.invoices)
  set('Esi', visible.dot)
  set('Jonas', visible.unnamed)
  set('Ines', visible.turnedOff)
  set('Kira', readOnly)
  set('Nils', hidden)
  set('Liam', visible.invoices, readOnly, hidden)
  set('Hugo', visible.broken)
  // Which of the two a record means cannot be told by name.
  set('Olga', visible.backup, visible.otherBackup)
  set('Greta', visible.projects, visible.comma)
  mailboxOfUser(tenant, 'Greta').outlookRules = ['Print invoices', 'Play a sound']
  set('Felix')
  set('Accounts', {
    displayName: 'Copies',
    conditions: { hasAttachments: true },
    actions: { redirectTo: [recipient(userOf(tenant, 'Hugo').userPrincipalName, 'Hugo')] },
  })
}
