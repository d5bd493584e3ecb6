import { describe, expect, test } from 'vitest'
import { isPublishedThere, publishedRecords, warnIfNotPublished } from '../../../test/support/published-records.ts'
import type { Classified } from './classify.ts'
import { classify } from './classify.ts'
import type { SecurityEventType } from './types.ts'

warnIfNotPublished()

describe.skipIf(!isPublishedThere)('the published records', () => {
  const records = publishedRecords().map((record) => ({
    operation: record.Operation ?? '',
    classified: classify(record),
  }))
  const ofType = (type: SecurityEventType, operations: readonly string[] | null = null) =>
    records.filter(
      ({ classified, operation }) =>
        classified.outcome === 'EVENT' && classified.event.type === type && (operations?.includes(operation) ?? true),
    )
  const outcomes = (outcome: Classified['outcome']) =>
    records.filter(({ classified }) => classified.outcome === outcome)

  test('are all accounted for, none unreadable', () => {
    expect(records).toHaveLength(1071)
    expect(outcomes('UNREADABLE')).toEqual([])
    expect(outcomes('NO_TENANT')).toHaveLength(17)
    expect(outcomes('EVENT').length + outcomes('NO_EVENT').length).toBe(1054)
  })

  test('hold 13 consents, and the failed one is none', () => {
    expect(ofType('USER_CONSENTED_TO_APP')).toHaveLength(13)
    expect(records.filter(({ operation }) => operation === 'Consent to application.')).toHaveLength(14)
  })

  test('hold 39 permission changes by grant or growth, besides new credentials and owners', () => {
    const grants = [
      'Add OAuth2PermissionGrant.',
      'Add delegated permission grant.',
      'Add app role assignment to service principal.',
      'Update application.',
    ]
    expect(ofType('APPLICATION_PERMISSIONS_CHANGED', grants)).toHaveLength(39)
    expect(ofType('APPLICATION_PERMISSIONS_CHANGED', ['Add owner to application.'])).toHaveLength(8)
    expect(
      ofType('APPLICATION_PERMISSIONS_CHANGED', ['Update application – Certificates and secrets management ']),
    ).toHaveLength(7)
    expect(ofType('APPLICATION_PERMISSIONS_CHANGED')).toHaveLength(54)
  })

  test.each([
    ['TEAMS_APP_INSTALLED', 0],
    ['SUSPICIOUS_INBOX_RULE', 2],
    ['EXTERNAL_MAIL_FORWARDING', 1],
    ['MAILBOX_ACCESS_GRANTED_TO_NON_OWNER', 1],
    ['MAILBOX_ACCESS_BY_NON_OWNER', 0],
    ['RISKY_SIGN_IN', 5],
    ['ROLE_ASSIGNED', 27],
    ['PASSWORD_RESET', 7],
    ['MFA_CHANGED', 3],
    ['ANONYMOUS_LINK_CREATED', 2],
    ['MICROSOFT_ALERT', 8],
  ] as const)('hold %s: %i', (type, count) => expect(ofType(type)).toHaveLength(count))

  test('give fewer events than records, because records of one action are one event', () => {
    const events = outcomes('EVENT').flatMap(({ classified }) =>
      classified.outcome === 'EVENT' ? [classified.event] : [],
    )
    const keyed = events.filter(({ actionKey }) => actionKey !== null)
    const actions = new Set(keyed.map(({ actionKey, occurredAt }) => `${actionKey} ${occurredAt.toISOString()}`))
    expect(actions.size).toBeLessThan(keyed.length)
    for (const consent of events.filter(({ type }) => type === 'USER_CONSENTED_TO_APP')) {
      const companions = keyed.filter(
        ({ actionKey, occurredAt }) =>
          actionKey === consent.actionKey && Math.abs(occurredAt.getTime() - consent.occurredAt.getTime()) <= 2000,
      )
      expect(companions.length).toBeGreaterThan(1)
    }
  })

  test('never make Microsoft Graph or another resource API the application of an event (trap 5)', () => {
    for (const { classified } of outcomes('EVENT')) {
      if (classified.outcome !== 'EVENT') continue
      for (const subject of classified.event.subjects) {
        if (subject.type !== 'APPLICATION') continue
        expect(subject.attributes.appId ?? '').not.toMatch(/^0000000|^c5393580/)
        expect(subject.attributes.displayName ?? '').not.toMatch(/microsoft graph|management api|active directory/i)
      }
    }
  })

  test('never make a service a user', () => {
    for (const { classified } of outcomes('EVENT')) {
      if (classified.outcome !== 'EVENT') continue
      for (const subject of classified.event.subjects) {
        if (subject.type !== 'USER') continue
        expect(subject.attributes.userPrincipalName ?? '').not.toMatch(
          /nt authority|sharepoint$|prod\.outlook|fim_password/i,
        )
      }
    }
  })
})
