/** Facts as rules get them, for tables of rules. */
import type { InboxRuleFact } from '../../src/services/facts/inbox-rules.ts'
import type { MailboxFact } from '../../src/services/facts/mailbox.ts'
import type { AdminStanding } from '../../src/services/facts/role-roster.ts'
import type { UserFact } from '../../src/services/facts/user.ts'

export const aUser = (changes: Partial<UserFact> = {}): UserFact => ({
  id: '0d9a3c52-6a0f-4c27-9d7e-3f1d5e0b7a11',
  userPrincipalName: 'ada@contoso.com',
  displayName: 'Ada',
  addresses: ['ada@contoso.com'],
  accountEnabled: true,
  isGuest: false,
  isSynchronised: false,
  signInSessionsValidFrom: new Date('2026-01-01T00:00:00Z'),
  lastPasswordChange: new Date('2026-01-01T00:00:00Z'),
  ...changes,
})

export const anAdminStanding = (changes: Partial<AdminStanding> = {}): AdminStanding => ({
  isAdministrator: false,
  roleNames: [],
  isGlobalAdministrator: false,
  isLastEnabledGlobalAdministrator: false,
  ...changes,
})

export const aMailbox = (changes: Partial<MailboxFact> = {}): MailboxFact => ({
  exchangeGuid: '9b1f1a52-5a1e-4f3b-8f43-2a1c6c0b7e55',
  userPrincipalName: 'ada@contoso.com',
  displayName: 'Ada',
  primarySmtpAddress: 'ada@contoso.com',
  recipientTypeDetails: 'UserMailbox',
  forwardingAddress: null,
  forwardingSmtpAddress: null,
  deliverToMailboxAndForward: false,
  grantSendOnBehalfTo: [],
  names: ['ada@contoso.com', 'ada'],
  ...changes,
})

export const anInboxRule = (changes: Partial<InboxRuleFact> = {}): InboxRuleFact => ({
  identity: 'ada\\16752869479666417665',
  id: '16752869479666417665',
  name: 'Invoices',
  enabled: true,
  description: 'Moves everything about invoices',
  definition: { Name: 'Invoices', MoveToFolder: 'RSS Feeds' },
  ...changes,
})
