import { describe, expect, test } from 'vitest'
import { anInboxRule, aUser } from '../../../../test/support/facts.ts'
import { disableInboxRules } from './disable-inbox-rules.ts'

const facts = (...inboxRules: ReturnType<typeof anInboxRule>[]) => ({ user: aUser(), inboxRules })

describe('DISABLE_INBOX_RULES rules', () => {
  test('is available with an enabled rule and warns that rules of classic Outlook may be lost', () => {
    expect(disableInboxRules.assess(facts(anInboxRule(), anInboxRule({ enabled: false })))).toMatchObject({
      available: true,
      warnings: ['OUTLOOK_CLIENT_RULES_LOST'],
    })
  })

  test.each([
    ['no rule at all', facts()],
    ['only rules that are off', facts(anInboxRule({ enabled: false }))],
  ])('B8 with %s it is greyed out', (_what, given) => {
    expect(disableInboxRules.assess(given)).toEqual({ available: false, code: 'NO_ENABLED_INBOX_RULES' })
  })

  test('B27 the evidence lists exactly the enabled rules, and the plan a call for each', () => {
    const given = facts(
      anInboxRule({ identity: 'ada\\18446744073709551615', name: '.' }),
      anInboxRule({ enabled: false }),
    )
    expect(disableInboxRules.evidence(given)).toMatchObject({
      rules: [{ identity: 'ada\\18446744073709551615', name: '.' }],
    })
    expect(disableInboxRules.calls(given)).toHaveLength(1)
  })
})
