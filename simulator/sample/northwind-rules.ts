/** Inbox rules of Northwind Traders: every kind that one can meet. Who is not named here has none. */
import { mailboxOfUser, userOf } from '../builders.ts'
import { anInboxRule, builtInRules } from '../inbox-rules.ts'
import type { InboxRule, Tenant } from '../world.ts'

const recipient = (address: string, name = address): object => ({ emailAddress: { name, address } })
const words = { subjectContains: ['invoice', 'payment'] }

const visible = {
  invoices: {
    displayName: 'Invoices',
    conditions: words,
    actions: { forwardTo: [recipient('d.archive@example.net')], stopProcessingRules: true },
  },
  dot: { displayName: '.', conditions: { subjectContains: ['security', 'alert'] }, actions: { delete: true } },
  unnamed: {
    displayName: '',
    conditions: { bodyContains: ['password', 'invoice'] },
    actions: { moveToFolder: 'RSS Feeds', markAsRead: true },
  },
  turnedOff: {
    displayName: 'Newsletters',
    isEnabled: false,
    conditions: words,
    actions: { moveToFolder: 'Newsletters' },
  },
  projects: {
    displayName: 'Projects',
    conditions: { senderContains: ['fabrikam.com'] },
    actions: { moveToFolder: 'Projects' },
  },
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
    mailbox.inboxRules = [...rules.map((rule) => anInboxRule(rule, mailbox.exchangeGuid)), ...builtInRules(mailbox)]
  }
  set('Dmitri', visible.invoices)
  set('Esi', visible.dot)
  set('Jonas', visible.unnamed)
  set('Ines', visible.turnedOff)
  set('Kira', readOnly)
  set('Nils', hidden)
  set('Liam', visible.invoices, readOnly, hidden)
  set('Hugo', visible.broken)
  set('Greta', visible.projects)
  mailboxOfUser(tenant, 'Greta').outlookRules = ['Print invoices', 'Play a sound']
  set('Felix')
  set('Accounts', {
    displayName: 'Copies',
    conditions: { hasAttachments: true },
    actions: { redirectTo: [recipient(userOf(tenant, 'Hugo').userPrincipalName, 'Hugo')] },
  })
}
