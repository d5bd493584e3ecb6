import { describe, expect, test } from 'vitest'
import { aUser } from '../../../../test/support/facts.ts'
import { revokeSessions } from './revoke-sessions.ts'

const facts = (user = aUser()) => ({ user })

describe('REVOKE_SESSIONS', () => {
  test('B10 on a guest it is available and says that it revokes nothing at home', () => {
    expect(revokeSessions.assess(facts(aUser({ isGuest: true })))).toMatchObject({
      available: true,
      warnings: ['GUEST_SIGNS_IN_ELSEWHERE', 'CANNOT_BE_UNDONE', 'TOKENS_LIVE_ON'],
    })
  })

  test('B11 it goes app-only on administrators, too', () => {
    expect(revokeSessions.needs).not.toContain('adminStanding')
    expect(revokeSessions.assess(facts())).toMatchObject({ available: true, needsPrivilegedSignIn: false })
  })

  test('B22 it says that it cannot be undone', () => {
    expect(revokeSessions.assess(facts(aUser({ isSynchronised: true })))).toMatchObject({
      warnings: ['CANNOT_BE_UNDONE', 'TOKENS_LIVE_ON'],
    })
  })

  test('B25 it says that alone it keeps nobody out', () => {
    expect(revokeSessions.limits).toContain('Combine')
  })

  test('it is worth doing on an account that is disabled already', () => {
    expect(revokeSessions.assess(facts(aUser({ accountEnabled: false })))).toMatchObject({ available: true })
  })
})
