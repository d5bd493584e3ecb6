import { describe, expect, test } from 'vitest'
import {
  cmdletRecord,
  consentRecord,
  contoso,
  delegatedGrantRecord,
  directoryRecord,
  eventOf,
  litware,
  mailboxRecord,
  onUser,
  signInRecord,
  teamsRecord,
} from '../../../test/support/audit-records.ts'
import { classify } from './classify.ts'

describe('which tenant a record belongs to', () => {
  const { OrganizationId: _, ...homeless } = consentRecord()
  test('is its own, in lower case, and not the one that is given', () => {
    const shouting = consentRecord({ OrganizationId: contoso.toUpperCase() })
    expect(classify(shouting, { tenantId: litware })).toMatchObject({ outcome: 'EVENT', tenantId: contoso })
  })
  test('is the given one when it names none', () => {
    expect(classify(homeless, { tenantId: litware })).toMatchObject({ outcome: 'EVENT', tenantId: litware })
    expect(classify({ ...homeless, OrganizationId: 'xxxx-yyyy' }, { tenantId: litware })).toMatchObject({
      tenantId: litware,
    })
  })
  test('is none without either', () => {
    expect(classify(homeless)).toEqual({ outcome: 'NO_TENANT' })
    expect(classify({ ...homeless, OrganizationId: '00000000-0000-0000-0000-000000000000' })).toEqual({
      outcome: 'NO_TENANT',
    })
  })
})

describe('what cannot be read', () => {
  test.each([
    ['no object', [1, 2], 'The record is no JSON object.'],
    ['null', null, 'The record is no JSON object.'],
    ['no time', { Id: 'x', OrganizationId: contoso }, 'CreationTime is missing.'],
    ['a time that is none', { CreationTime: 'yesterday', OrganizationId: contoso }, 'CreationTime is no time.'],
    [
      'nested without end',
      { CreationTime: '2026-01-01T00:00:00', a: JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`) },
      'The record is nested too deeply.',
    ],
  ])('%s', (_, record, problem) => expect(classify(record)).toEqual({ outcome: 'UNREADABLE', problem }))
})

describe('the key of a record (trap 28)', () => {
  const keyOf = (record: unknown) => {
    const classified = classify(record)
    if (!('tenantId' in classified)) throw new Error('no tenant')
    return classified.id
  }
  test('tells two records with one Id apart', () => {
    expect(keyOf(consentRecord())).not.toBe(keyOf(consentRecord({ ObjectId: 'other' })))
    expect(eventOf(consentRecord()).id).not.toBe(eventOf(consentRecord({ InterSystemsId: 'other' })).id)
  })
  test('stands also without an Id', () => {
    const { Id: _, ...record } = consentRecord()
    expect(classify(record)).toMatchObject({ outcome: 'EVENT', recordId: '' })
  })
})

describe('nothing in a record is trusted', () => {
  const seeds = [
    consentRecord(),
    delegatedGrantRecord(),
    directoryRecord(
      'Update application.',
      { RequiredResourceAccess: ['[]', '[{"ResourceAppId":"a","RequiredAppPermissions":[{"EntitlementId":"b"}]}]'] },
      onUser(),
    ),
    directoryRecord(
      'Update user.',
      { AccountEnabled: ['[false]', '[true]'], StrongAuthenticationMethod: ['[]', '[1]'] },
      onUser(),
    ),
    directoryRecord('Add member to role.', { 'Role.DisplayName': 'Global Administrator' }, onUser()),
    cmdletRecord(
      'New-InboxRule',
      { Name: '.', DeleteMessage: 'True', ForwardTo: 'eve@example.net' },
      { ObjectId: 'alex\\.' },
    ),
    cmdletRecord('Set-Mailbox', { ForwardingSmtpAddress: 'smtp:eve@example.net' }, { ObjectId: 'alex' }),
    cmdletRecord('New-TransportRule', { BlindCopyTo: 'eve@example.net' }),
    cmdletRecord('Add-MailboxPermission', { Identity: 'pia', User: 'bob', AccessRights: 'FullAccess' }),
    mailboxRecord('MailItemsAccessed', { LogonType: 2, MailboxOwnerUPN: 'pia@contoso.com', LogonUserSid: '' }),
    mailboxRecord('UpdateInboxRules', {
      OperationProperties: [{ Name: 'RuleActions', Value: '[{"ActionType":"Forward"}]' }],
    }),
    mailboxRecord('ModifyFolderPermissions', { Item: { ParentFolder: { MemberUpn: 'bob', MemberRights: 'ReadAny' } } }),
    teamsRecord('AppInstalled', { AddOnGuid: 'x', AddOnName: 'y', TeamGuid: 'z' }),
    teamsRecord('MemberAdded', { Members: [{ UPN: 'pia@contoso.com' }] }),
    teamsRecord('AlertTriggered', { Data: '{"f3u":"pia@contoso.com"}', AlertId: 'a' }),
    teamsRecord('DlpRuleMatch', {
      ExchangeMetaData: { From: 'pia@contoso.com' },
      PolicyDetails: [{ PolicyName: 'p' }],
    }),
    signInRecord('UserLoginFailed', { LogonError: 'IdsLocked' }),
  ]
  const nasty: unknown[] = [
    null,
    0,
    -1,
    1e308,
    true,
    '',
    ' ',
    '\u0000',
    '\ud800',
    '[',
    '{"a":',
    '[[[[',
    '"',
    '\\',
    '\\\\',
    '@',
    'a@b.c;'.repeat(500),
    '['.repeat(9000),
    '<'.repeat(9000),
    '../../__proto__',
    [],
    [null],
    [[]],
    [{ Name: '__proto__', Value: 'x', NewValue: 'y', ID: 'User_x', Type: '5' }],
    {},
    { __proto__: null, length: 3 },
    { Name: {}, Value: [] },
  ]

  const spliced = nasty.filter((value) => typeof value === 'string')

  /** A small generator with a fixed seed: a failure can be repeated. */
  function random(seed: number) {
    let state = seed
    return (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
  }

  function mutated(value: unknown, next: (below: number) => number, depth = 0): unknown {
    if (next(12) === 0) return nasty[next(nasty.length)]
    if (typeof value === 'string') {
      if (next(15) > 0) return value
      const at = next(value.length + 1)
      return next(2) === 0 ? value.slice(0, at) : value.slice(0, at) + spliced[next(spliced.length)] + value.slice(at)
    }
    if (typeof value !== 'object' || value === null || depth > 5) return value
    if (Array.isArray(value)) return value.map((item) => mutated(item, next, depth + 1))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mutated(item, next, depth + 1)]))
  }

  test('mutated and type-swapped records are answered, quickly, with text that can be stored', () => {
    const next = random(20_260_131)
    const outcomes = new Set<string>()
    for (let round = 0; round < 6000; round += 1) {
      const seed = seeds[round % seeds.length] as Record<string, unknown>
      // Some fields keep, so that most records get past the front door.
      const record = {
        ...(mutated(seed, next) as object),
        CreationTime: seed['CreationTime'],
        OrganizationId: contoso,
        ...(next(3) > 0 ? { Operation: seed['Operation'] } : {}),
      }
      const classified = classify(record)
      outcomes.add(classified.outcome)
      if (classified.outcome !== 'EVENT') continue
      const { title, description, reasons, subjects, actionKey } = classified.event
      expect(title.length).toBeLessThanOrEqual(700)
      for (const text of [title, description, ...reasons]) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
        expect(text).not.toMatch(/[\u0000-\u001f\u007f]/)
      }
      const stored = [title, description, ...reasons, actionKey ?? '', ...stringsOf(subjects)]
      expect(stored.every((text) => text.isWellFormed() && !text.includes('\u0000'))).toBe(true)
      for (const { aliases } of subjects) expect(aliases.length).toBeGreaterThan(0)
    }
    expect(outcomes).toContain('EVENT')
  })

  test('records that are cut off anywhere are answered', () => {
    for (const seed of seeds) {
      const keys = Object.keys(seed)
      for (const key of keys) {
        const { [key]: _, ...rest } = seed
        expect(() => classify(rest)).not.toThrow()
        for (const value of nasty) expect(() => classify({ ...seed, [key]: value })).not.toThrow()
      }
    }
  })

  function stringsOf(value: unknown): string[] {
    if (typeof value === 'string') return [value]
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value).flatMap(([key, member]) => [key, ...stringsOf(member)])
  }
})
