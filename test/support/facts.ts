/** Facts as rules get them, for tables of rules. */
import type { AdminStanding } from '../../src/services/facts/role-roster.ts'
import type { UserFact } from '../../src/services/facts/user.ts'

export const aUser = (changes: Partial<UserFact> = {}): UserFact => ({
  id: '0d9a3c52-6a0f-4c27-9d7e-3f1d5e0b7a11',
  userPrincipalName: 'ada@contoso.com',
  displayName: 'Ada',
  accountEnabled: true,
  isGuest: false,
  isSynchronised: false,
  signInSessionsValidFrom: new Date('2026-01-01T00:00:00Z'),
  ...changes,
})

export const anAdminStanding = (changes: Partial<AdminStanding> = {}): AdminStanding => ({
  isAdministrator: false,
  roleNames: [],
  isGlobalAdministrator: false,
  isLastEnabledGlobalAdministrator: false,
  ...changes,
})
