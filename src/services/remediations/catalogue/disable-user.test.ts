import { describe, expect, test } from 'vitest'
import { anAdminStanding, aUser } from '../../../../test/support/facts.ts'
import { disableUser } from './disable-user.ts'

const anAdmin = anAdminStanding({ isAdministrator: true, roleNames: ['Reports Reader'] })
const aGlobalAdmin = anAdminStanding({ isAdministrator: true, isGlobalAdministrator: true })
const theLastGlobalAdmin = { ...aGlobalAdmin, isLastEnabledGlobalAdministrator: true }

describe('DISABLE_USER', () => {
  test.each([
    ['B10 a member goes at once', aUser(), anAdminStanding(), ['TOKENS_LIVE_ON'], false],
    ['B10 a guest goes at once', aUser({ isGuest: true }), anAdminStanding(), ['TOKENS_LIVE_ON'], false],
    ['B11 any directory role needs a privileged sign-in', aUser(), anAdmin, ['TOKENS_LIVE_ON'], true],
    ['B13 a Global Administrator that is not the last', aUser(), aGlobalAdmin, ['TOKENS_LIVE_ON'], true],
    [
      'B22 directory sync may turn a synchronised account on again',
      aUser({ isSynchronised: true }),
      anAdminStanding(),
      ['DIRECTORY_SYNC_MAY_REVERT', 'TOKENS_LIVE_ON'],
      false,
    ],
  ])('%s', (_promise, user, adminStanding, warnings, needsPrivilegedSignIn) => {
    const verdict = disableUser.assess({ user, adminStanding })
    expect(verdict).toMatchObject({ available: true, warnings, needsPrivilegedSignIn })
  })

  test.each([
    ['B8 an account that is disabled already', aUser({ accountEnabled: false }), anAdminStanding(), 'ALREADY_DISABLED'],
    ['B13 the last enabled Global Administrator', aUser(), theLastGlobalAdmin, 'LAST_GLOBAL_ADMINISTRATOR'],
  ])('%s is greyed out', (_promise, user, adminStanding, code) => {
    expect(disableUser.assess({ user, adminStanding })).toEqual({ available: false, code })
  })

  test('B13 runs on Global Administrators of one tenant go one after the other', () => {
    expect(disableUser.assess({ user: aUser(), adminStanding: aGlobalAdmin })).toMatchObject({ needsTenantLease: true })
    expect(disableUser.assess({ user: aUser(), adminStanding: anAdmin })).toMatchObject({ needsTenantLease: false })
  })

  test('B27 how to undo it reminds to keep watching', () => {
    expect(disableUser.howToUndo).toContain('Unblock sign-in')
    expect(disableUser.howToUndo).toContain('close eye')
    expect(disableUser.afterwards).toContain('close eye')
  })
})
