import { describe, expect, test } from 'vitest'
import {
  cmdletRecord,
  contosoSnapshot,
  eventOf,
  mailboxRecord,
  verdictOf,
} from '../../../../test/support/audit-records.ts'
import { highFrom, inboxRuleSigns, suspiciousFrom } from './inbox-rule-signs.ts'

const path = (name: string) =>
  `EURPR04A009.PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/contoso.onmicrosoft.com/${name}`

describe('a suspicious inbox rule', () => {
  const rule = (given: Record<string, string>, ObjectId = 'alex\\x', Operation = 'New-InboxRule') =>
    cmdletRecord(Operation, given, { ObjectId })
  const suspicious = 'SUSPICIOUS_INBOX_RULE'
  const cases: [string, Record<string, unknown>, string][] = [
    ['deletes', rule({ Name: 'x', DeleteMessage: 'True', From: 'ceo@contoso.com' }), suspicious],
    [
      'does not delete',
      rule({ Name: 'Newsletter', DeleteMessage: 'False', From: 'news@example.com', MoveToFolder: 'Newsletters' }),
      'USER_ACTIVITY',
    ],
    ['hides in RSS', rule({ Name: 'x', MoveToFolder: 'alex:\\RSS Subscriptions' }), suspicious],
    ['has a name of one dot (trap 20)', rule({ Name: '.', MoveToFolder: 'Projects' }, 'alex\\.'), suspicious],
    [
      'puts away mail about payments',
      rule({ Name: 'x', SubjectContainsWords: 'Invoice;IBAN', MoveToFolder: 'Old' }),
      suspicious,
    ],
    [
      'is changed to delete',
      rule({ Identity: 'alex\\1234567890', DeleteMessage: 'True' }, 'alex\\1234567890', 'Set-InboxRule'),
      suspicious,
    ],
    ['removed', rule({}, 'alex\\x', 'Remove-InboxRule'), 'USER_ACTIVITY'],
    ['turned off', rule({}, 'alex\\x', 'Disable-InboxRule'), 'USER_ACTIVITY'],
  ]
  test.each(cases)('%s', (_, record, verdict) => expect(verdictOf(record)).toBe(verdict))

  test('with a blank name keeps the mailbox and the blank name (trap 20)', () => {
    const event = eventOf(rule({ Name: '', DeleteMessage: 'True' }, 'alex\\ '))
    expect(event.subjects[1]).toMatchObject({
      aliases: ['rule:mailbox:alex|'],
      attributes: { mailbox: 'alex', name: '' },
    })
    expect(event.title).toContain('(blank)')
  })

  test('with backslashes, slashes and control characters in its name stays one line', () => {
    const name = 'a\\b/c\u0000\r\n\u202edrop'
    const event = eventOf(rule({ Name: name, DeleteMessage: 'True' }, `${path('alex')}\\${name}`))
    expect(event.subjects[1]).toMatchObject({ attributes: { mailbox: 'alex', name: 'a\\b/c\r\n\u202edrop' } })
    expect(event.title).toContain('“a\\b/c drop”')
  })

  test('is known by its id when it is changed', () => {
    const event = eventOf(
      rule({ Identity: 'alex\\1234567890', DeleteMessage: 'True' }, 'alex\\1234567890', 'Set-InboxRule'),
    )
    expect(event.subjects[1]?.attributes).toEqual({
      mailbox: 'alex',
      ruleId: '1234567890',
      definition: { DeleteMessage: 'True' },
    })
  })

  test('in somebody else’s mailbox names the owner, too (B2)', () => {
    const event = eventOf(rule({ Name: '.', DeleteMessage: 'True' }, 'pia@contoso.com\\.'))
    expect(event.subjects[2]).toMatchObject({
      type: 'USER',
      role: 'TARGET',
      attributes: { userPrincipalName: 'pia@contoso.com' },
    })
  })
})

describe('the signs of a suspicious inbox rule', () => {
  const suspicious = 'SUSPICIOUS_INBOX_RULE'
  const made = (given: Record<string, string>, values = {}) =>
    cmdletRecord('New-InboxRule', { Name: 'Sorted', ...given }, { ObjectId: 'alex\\Sorted', ...values })
  const narrow = { From: 'news@example.com' }
  const powerShell = { AppId: 'fb78d390-0c51-40cd-8e17-fdbfab77341b' }

  /** Beside each sign: a rule that shows it, one that comes close and does not, and words of its reason. */
  const shown: Record<string, [Record<string, unknown>, Record<string, unknown>, RegExp]> = {
    FORWARDS_OUTSIDE: [
      made({ ...narrow, ForwardTo: 'eve@example.net' }),
      made({ ...narrow, ForwardTo: 'pia@contoso.co.uk' }),
      /outside the organisation/,
    ],
    NAME_TELLS_NOTHING: [
      made({ ...narrow, Name: '..', MoveToFolder: 'Projects' }),
      made({ ...narrow, Name: '.net', MoveToFolder: 'Projects' }),
      /name tells nothing: “\.\.”/,
    ],
    DELETES: [
      made({ ...narrow, DeleteMessage: 'True' }),
      made({ ...narrow, DeleteMessage: 'False' }),
      /^The rule deletes mail\.$/,
    ],
    HIDES: [
      made({ ...narrow, MoveToFolder: 'alex:\\RSS Feeds' }),
      made({ ...narrow, MoveToFolder: 'alex:\\Feeds' }),
      /nobody looks into: “RSS Feeds”/,
    ],
    ARCHIVES: [
      made({ ...narrow, MoveToFolder: 'Archive', MarkAsRead: 'True' }),
      made({ ...narrow, MoveToFolder: 'Projects', MarkAsRead: 'True' }),
      /to the archive/,
    ],
    TELLTALE_WORDS: [
      made({ SubjectContainsWords: 'Invoice;IBAN', MoveToFolder: 'Old' }),
      made({ SubjectContainsWords: 'Picnic', MoveToFolder: 'Old' }),
      /“Invoice”/,
    ],
    MARKS_AS_READ: [
      made({ ...narrow, MarkAsRead: 'True', MoveToFolder: 'Old' }),
      made({ ...narrow, MarkAsRead: 'False', MoveToFolder: 'Old' }),
      /marks mail as read/,
    ],
    APPLIES_TO_EVERYTHING: [
      made({ MoveToFolder: 'Old', HasAttachment: 'False', ExceptIfFrom: 'boss@contoso.com' }),
      made({ MoveToFolder: 'Old', HasAttachment: 'True' }),
      /applies to every mail/,
    ],
    MOVES: [
      made({ ...narrow, MarkAsRead: 'True', MoveToFolder: 'Old' }),
      made({ ...narrow, MarkAsRead: 'True' }),
      /out of the inbox: “Old”/,
    ],
    UNUSUAL_CLIENT: [
      made({ ...narrow, DeleteMessage: 'True' }, powerShell),
      made({ ...narrow, DeleteMessage: 'True' }, { AppId: '00000002-0000-0ff1-ce00-000000000000' }),
      /with PowerShell, not in Outlook/,
    ],
    MADE_BY_ANOTHER: [
      made({ ...narrow, DeleteMessage: 'True' }, { ObjectId: 'pia@contoso.com\\Sorted' }),
      made({ ...narrow, DeleteMessage: 'True' }, { ObjectId: 'ALEX@contoso.com\\Sorted' }),
      /alex@contoso\.com is not the owner/,
    ],
    STOPS_OTHERS: [
      made({ ...narrow, DeleteMessage: 'True', StopProcessingRules: 'True' }),
      made({ ...narrow, DeleteMessage: 'True', StopProcessingRules: 'False' }),
      /keeps other rules from running/,
    ],
  }

  test('each of the table is tried here', () => {
    expect(Object.keys(shown).sort()).toEqual(inboxRuleSigns.map(({ key }) => key).sort())
  })

  test.each(Object.entries(shown))(
    '%s is a reason of the event, and its near miss is none',
    (_, [hit, miss, words]) => {
      const options = { snapshot: contosoSnapshot }
      expect(eventOf(hit, options).reasons).toContainEqual(expect.stringMatching(words))
      expect(eventOf(miss, options).reasons).not.toContainEqual(expect.stringMatching(words))
    },
  )

  test.each([
    ['a newsletter, sorted', { ...narrow, MoveToFolder: 'Newsletters', StopProcessingRules: 'True' }, {}],
    ['a project, filed in the archive', { ...narrow, MoveToFolder: 'Archive', StopProcessingRules: 'True' }, {}],
    ['read at once', { ...narrow, MarkAsRead: 'True', StopProcessingRules: 'True' }, {}],
    ['everything in a category', { ApplyCategory: 'Blue' }, {}],
    ['bills in a category', { SubjectContainsWords: 'Invoice', ApplyCategory: 'Bills' }, {}],
    [
      'sorted by an administrator for somebody else',
      { ...narrow, MoveToFolder: 'Newsletters', StopProcessingRules: 'True' },
      { ...powerShell, ObjectId: 'pia@contoso.com\\Sorted' },
    ],
  ])('an honest rule is no event of this type: %s', (_, given, values) => {
    expect(verdictOf(made(given, values))).toBe('USER_ACTIVITY')
  })

  const signsThatAddUp: [string, Record<string, string>, object, string][] = [
    ['deletes', { ...narrow, DeleteMessage: 'True' }, {}, 'MEDIUM'],
    ['deletes everything', { DeleteMessage: 'True' }, {}, 'HIGH'],
    ['deletes mail about payments', { BodyContainsWords: 'Payment', DeleteMessage: 'True' }, {}, 'HIGH'],
    ['hides and marks as read', { ...narrow, MoveToFolder: 'RSS Feeds', MarkAsRead: 'True' }, {}, 'HIGH'],
    ['puts away as read', { ...narrow, MoveToFolder: 'Old', MarkAsRead: 'True' }, {}, 'MEDIUM'],
    ['archives as read', { ...narrow, MoveToFolder: 'Archive', MarkAsRead: 'True' }, {}, 'MEDIUM'],
    [
      'deletes, by PowerShell in the mailbox of another, and stops',
      { ...narrow, DeleteMessage: 'True', StopProcessingRules: 'True' },
      { ...powerShell, ObjectId: 'pia@contoso.com\\Sorted' },
      'HIGH',
    ],
  ]
  test.each(signsThatAddUp)('%s: %#', (_, given, values, severity) => {
    expect(eventOf(made(given, values))).toMatchObject({ type: suspicious, severity })
  })

  test('the heaviest is told first', () => {
    const { reasons } = eventOf(made({ Name: '.', DeleteMessage: 'True', StopProcessingRules: 'True', ...narrow }))
    expect(reasons).toEqual([
      "The rule's name tells nothing: “.”.",
      'The rule deletes mail.',
      'The rule keeps other rules from running.',
    ])
  })

  test('a rule that forwards is told as forwarding, with its other signs', () => {
    const event = eventOf(made({ Name: ' ', ForwardTo: 'eve@example.net', DeleteMessage: 'True' }))
    expect(event.type).toBe('EXTERNAL_MAIL_FORWARDING')
    expect(event.reasons).toContain('The rule deletes mail.')
    expect(event.reasons).toContain('The rule has no condition: it applies to every mail.')
  })

  test.each([
    ['an app', { ClientAppId: '22222222-bbbb-4bbb-8bbb-000000000001' }, 'the app 22222222-bbbb-4bbb-8bbb-000000000001'],
    [
      'an app through Microsoft Graph, told by the client and not by the API',
      { AppId: '00000003-0000-0000-c000-000000000000', ClientAppId: '22222222-bbbb-4bbb-8bbb-000000000001' },
      'the app 22222222-bbbb-4bbb-8bbb-000000000001',
    ],
    ['Microsoft Graph alone', { AppId: '00000003-0000-0000-c000-000000000000' }, 'Microsoft Graph'],
    ['a script', { UserAgent: 'python-requests/2.32' }, 'a script (python)'],
    ['PowerShell, by its name', { ClientInfoString: 'Client=PowerShell;' }, 'PowerShell'],
  ])('an unusual client: %s', (_, values, client) => {
    const { reasons } = eventOf(made({ ...narrow, DeleteMessage: 'True' }, values))
    expect(reasons).toContain(`The rule was made with ${client}, not in Outlook.`)
  })

  test.each([
    ['an alias', 'pia\\Sorted'],
    ['a GUID', `${path('11111111-aaaa-4aaa-8aaa-000000000002')}\\Sorted`],
  ])('%s does not prove that somebody else is the owner', (_, ObjectId) => {
    const { reasons } = eventOf(made({ ...narrow, DeleteMessage: 'True' }, { ObjectId }))
    expect(reasons).toEqual(['The rule deletes mail.'])
  })

  test('Outlook’s own record of a rule is judged alike', () => {
    const event = eventOf(
      mailboxRecord('UpdateInboxRules', {
        OperationProperties: [
          { Name: 'RuleOperation', Value: 'AddMailboxRule' },
          { Name: 'RuleName', Value: '.' },
          { Name: 'RuleActions', Value: '[{"ActionType":"Move","Folder":"Conversation History"}]' },
          { Name: 'RuleCondition', Value: 'Subject contains: password' },
        ],
      }),
    )
    expect(event).toMatchObject({ type: suspicious, severity: 'HIGH' })
    expect(event.reasons).toHaveLength(3)
  })

  test.each([
    ['[{"ActionType":"Delete"}]', ['The rule deletes mail.']],
    ['[{"ActionType":"Move","Folder":"Deleted Items"}]', ['The rule moves mail to a folder that nobody looks into.']],
  ])('what Outlook does is told once: %s', (RuleActions, reasons) => {
    const OperationProperties = Object.entries({ RuleName: 'Sorted', RuleActions, RuleCondition: 'From: news' }).map(
      ([Name, Value]) => ({ Name, Value }),
    )
    expect(eventOf(mailboxRecord('UpdateInboxRules', { OperationProperties })).reasons).toEqual(reasons)
  })

  test('HIGH takes more than one sign of an honest rule', () => {
    expect(highFrom).toBeGreaterThan(suspiciousFrom)
    const circumstances = ['MOVES', 'UNUSUAL_CLIENT', 'MADE_BY_ANOTHER', 'STOPS_OTHERS']
    const weights = inboxRuleSigns.filter(({ key }) => circumstances.includes(key)).map(({ weight }) => weight)
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeLessThan(suspiciousFrom)
  })
})
