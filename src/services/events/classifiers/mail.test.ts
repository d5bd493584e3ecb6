import { describe, expect, test } from 'vitest'
import {
  cmdletRecord,
  contosoSnapshot,
  eventOf,
  mailboxRecord,
  verdictOf,
} from '../../../../test/support/audit-records.ts'

const path = (name: string) =>
  `EURPR04A009.PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/contoso.onmicrosoft.com/${name}`
const platform = { UserId: 'NT AUTHORITY\\SYSTEM (Microsoft.Exchange.ServiceHost)', UserType: 3, ExternalAccess: true }

describe('mail forwarding outside', () => {
  const setMailbox = (given: Record<string, string>, values = {}) =>
    cmdletRecord('Set-Mailbox', { Identity: path('pia'), ...given }, { ObjectId: 'pia', ...values })
  const rule = (given: Record<string, string>, ObjectId = 'alex\\Invoices') =>
    cmdletRecord('New-InboxRule', { Name: 'Invoices', ...given }, { ObjectId })
  const transport = (given: Record<string, string>, ObjectId = 'Copy all') =>
    cmdletRecord('New-TransportRule', { Name: 'Copy all', ...given }, { ObjectId })
  const outside = 'EXTERNAL_MAIL_FORWARDING'

  const cases: [string, Record<string, unknown>, string][] = [
    ['a mailbox setting (trap 21)', setMailbox({ ForwardingSmtpAddress: 'smtp:eve@example.net' }), outside],
    ['forwarding removed (trap 21)', setMailbox({ ForwardingSmtpAddress: '' }), 'USER_ACTIVITY'],
    [
      'a setting that failed',
      setMailbox({ ForwardingSmtpAddress: 'smtp:eve@example.net' }, { ResultStatus: 'False' }),
      'USER_ACTIVITY',
    ],
    [
      'inside, by the organisation’s name',
      setMailbox({ ForwardingSmtpAddress: 'smtp:pia@CONTOSO.onmicrosoft.com' }),
      'USER_ACTIVITY',
    ],
    [
      'inside, by a domain of the tenant that is not the initial one (trap 30)',
      setMailbox({ ForwardingSmtpAddress: 'smtp:pia@Contoso.co.uk' }),
      'USER_ACTIVITY',
    ],
    ['a sub-domain is not the same', setMailbox({ ForwardingSmtpAddress: 'smtp:pia@mail.contoso.com' }), outside],
    ['a domain that only ends alike', setMailbox({ ForwardingSmtpAddress: 'smtp:pia@notcontoso.com' }), outside],
    [
      'a partner’s domain is not the tenant’s',
      setMailbox({ ForwardingSmtpAddress: 'x@fabrikam.com' }, { UserId: 'paul@fabrikam.com', UserType: 9 }),
      outside,
    ],
    [
      'upkeep of the platform (trap 22)',
      cmdletRecord('Set-Mailbox', { Arbitration: 'True' }, { ...platform, ObjectId: 'x' }),
      'NO_EVENT',
    ],
    ['an inbox rule', rule({ ForwardTo: 'eve@example.net' }), outside],
    ['an inbox rule, with names and brackets', rule({ RedirectTo: '"Eve, E" [SMTP:eve@example.net]' }), outside],
    ['an inbox rule inside', rule({ ForwardTo: 'pia@contoso.com' }), 'USER_ACTIVITY'],
    [
      'an inbox rule to an entry of the directory',
      rule({ ForwardTo: '"Pia" [EX:/o=ExchangeLabs/cn=Recipients/cn=pia]' }),
      'USER_ACTIVITY',
    ],
    [
      'an inside name around an outside address',
      rule({ ForwardTo: '"pia@contoso.com" [SMTP:eve@example.net]' }),
      outside,
    ],
    ['a transport rule', transport({ BlindCopyTo: 'eve@example.net' }), outside],
    [
      'a transport rule that is named like its address',
      transport({ BlindCopyTo: 'eve@example.net' }, 'eve@example.net'),
      outside,
    ],
    ['a transport rule inside', transport({ BlindCopyTo: 'archive@contoso.com' }), 'USER_ACTIVITY'],
  ]
  test.each(cases)('%s', (_, record, verdict) => expect(verdictOf(record, { snapshot: contosoSnapshot })).toBe(verdict))

  describe('while the tenant’s domains are not known', () => {
    const to = (address: string, values = {}) => setMailbox({ ForwardingSmtpAddress: `smtp:${address}` }, values)

    test.each(['pia@contoso.onmicrosoft.com', 'pia@Contoso.mail.onmicrosoft.com'])(
      'the initial domain alone is inside: %s',
      (address) => expect(verdictOf(to(address))).toBe('USER_ACTIVITY'),
    )

    test.each([
      ['another domain is outside', to('eve@example.net'), 'HIGH'],
      ['the actor’s domain may be inside', to('pia@contoso.com'), 'MEDIUM'],
      ['a guest’s domain proves nothing', to('x@fabrikam.com', { UserId: 'x@fabrikam.com', UserType: 10 }), 'HIGH'],
      [
        'the mailbox’s domain may be inside',
        cmdletRecord(
          'New-InboxRule',
          { Name: 'x', ForwardTo: 'pia@contoso.co.uk' },
          { ObjectId: 'al@contoso.co.uk\\x' },
        ),
        'MEDIUM',
      ],
    ])('%s, and the event says that they are not', (_, record, severity) => {
      const event = eventOf(record)
      expect(event).toMatchObject({ type: outside, severity })
      expect(event.reasons.join(' ')).toContain('domains are not known')
    })

    test('nothing is said of that where they are known', () => {
      const event = eventOf(to('eve@example.net'), { snapshot: contosoSnapshot })
      expect(event).toMatchObject({ type: outside, severity: 'HIGH' })
      expect(event.reasons[0]).toBe('eve@example.net is outside the organisation.')
    })
  })

  test('by mailbox setting is about the mailbox, named as the record names it (trap 19)', () => {
    const event = eventOf(
      setMailbox({ ForwardingSmtpAddress: 'smtp:eve@example.net', DeliverToMailboxAndForward: 'False' }),
    )
    expect(event).toMatchObject({ severity: 'HIGH', techniques: ['T1114.003'] })
    expect(event.subjects[1]).toEqual({
      type: 'MAILBOX',
      role: 'TARGET',
      aliases: ['mailbox:pia'],
      attributes: { mailbox: 'pia', forwardingSmtpAddress: 'eve@example.net' },
    })
  })

  test('to a name that the record does not resolve is reported, less loudly', () => {
    const event = eventOf(setMailbox({ ForwardingAddress: 'Outside Contact' }))
    expect(event).toMatchObject({ type: outside, severity: 'MEDIUM' })
    expect(event.reasons[0]).toContain('not its address')
  })

  test('by rule is about the rule (B4), with its definition kept', () => {
    expect(eventOf(rule({ ForwardTo: 'eve@example.net' })).subjects[1]).toEqual({
      type: 'INBOX_RULE',
      role: 'TARGET',
      aliases: ['rule:mailbox:alex|invoices'],
      attributes: { mailbox: 'alex', name: 'Invoices', definition: { ForwardTo: 'eve@example.net' } },
    })
    expect(eventOf(transport({ BlindCopyTo: 'eve@example.net' })).subjects[1]).toMatchObject({
      type: 'TRANSPORT_RULE',
      attributes: { name: 'Copy all', definition: { BlindCopyTo: 'eve@example.net' } },
    })
  })

  test('by a rule made in Outlook over MAPI', () => {
    const event = eventOf(
      mailboxRecord('UpdateInboxRules', {
        OperationProperties: [
          { Name: 'RuleOperation', Value: 'AddMailboxRule' },
          { Name: 'RuleName', Value: 'r' },
          { Name: 'RuleId', Value: '42' },
          { Name: 'RuleActions', Value: '[{"ActionType":"Forward","Recipients":["eve@example.net"]}]' },
        ],
      }),
    )
    expect(event.type).toBe(outside)
    expect(event.subjects[1]).toMatchObject({
      type: 'INBOX_RULE',
      attributes: { mailbox: 'alex@contoso.com', ruleId: '42' },
    })
  })
})

describe('mailbox access granted', () => {
  const grant = (given: Record<string, string>, values = {}, Operation = 'Add-MailboxPermission') =>
    cmdletRecord(
      Operation,
      { Identity: path('pia'), User: path('bob'), AccessRights: 'FullAccess', ...given },
      { ObjectId: 'pia', ...values },
    )
  const granted = 'MAILBOX_ACCESS_GRANTED_TO_NON_OWNER'
  const cases: [string, Record<string, unknown>, string][] = [
    ['by a person', grant({}), granted],
    ['by the platform', grant({}, platform), 'NO_EVENT'],
    ['by the platform, as SID', grant({}, { UserId: 'S-1-5-18', UserType: 2 }), 'NO_EVENT'],
    ['failed', grant({}, { ResultStatus: 'False' }), 'USER_ACTIVITY'],
    ['a denial', grant({ Deny: 'True' }), 'USER_ACTIVITY'],
    ['to the owner', grant({ User: 'pia@contoso.com' }), 'USER_ACTIVITY'],
    ['to who has the same name in another organisation', grant({ User: 'pia@fabrikam.com' }), granted],
    [
      'send as',
      cmdletRecord('Add-RecipientPermission', { Identity: 'pia', Trustee: 'bob@contoso.com', AccessRights: 'SendAs' }),
      granted,
    ],
    [
      'a folder',
      cmdletRecord('Add-MailboxFolderPermission', { Identity: 'pia:\\Inbox', User: 'bob', AccessRights: 'Reviewer' }),
      granted,
    ],
    [
      'free and busy only',
      cmdletRecord('Add-MailboxFolderPermission', {
        Identity: 'pia:\\Calendar',
        User: 'Default',
        AccessRights: 'AvailabilityOnly',
      }),
      'USER_ACTIVITY',
    ],
  ]
  test.each(cases)('%s', (_, record, verdict) => expect(verdictOf(record)).toBe(verdict))

  test('is about grantee on mailbox, whatever form the names have (trap 19)', () => {
    const event = eventOf(grant({}))
    expect(event).toMatchObject({ severity: 'HIGH', techniques: ['T1098.002'] })
    expect(event.subjects.slice(1)).toEqual([
      {
        type: 'MAILBOX_ACCESS',
        role: 'TARGET',
        aliases: ['access:mailbox:pia|bob'],
        attributes: { mailbox: 'pia', grantee: 'bob', accessRights: ['FullAccess'] },
      },
      { type: 'MAILBOX', role: 'TARGET', aliases: ['mailbox:pia'], attributes: { mailbox: 'pia' } },
    ])
  })

  test('to a person by address names that person (B2)', () => {
    const event = eventOf(grant({ User: 'bob@contoso.com' }))
    expect(event.subjects.filter(({ type }) => type === 'USER').map(({ role }) => role)).toEqual(['ACTOR', 'TARGET'])
  })
})

describe('mailbox access by a non-owner', () => {
  const other = {
    LogonType: 2,
    MailboxOwnerUPN: 'Pia@contoso.com',
    MailboxOwnerSid: 'S-1-5-21-1-2-3-1002',
  }
  const access = 'MAILBOX_ACCESS_BY_NON_OWNER'
  const cases: [string, Record<string, unknown>, string][] = [
    ['a delegate reads', mailboxRecord('MailItemsAccessed', other), access],
    ['an administrator reads', mailboxRecord('FolderBind', { ...other, LogonType: 1 }), access],
    ['a delegate sends', mailboxRecord('SendAs', other), access],
    [
      'somebody else, told by name alone',
      mailboxRecord('MailItemsAccessed', { ...other, LogonType: 0, LogonUserSid: '' }),
      access,
    ],
    ['the owner reads', mailboxRecord('MailItemsAccessed'), 'NO_EVENT'],
    [
      'the owner, written in other case',
      mailboxRecord('MailItemsAccessed', { UserId: 'ALEX@contoso.com', LogonUserSid: '' }),
      'NO_EVENT',
    ],
    [
      'the owner under a new address, told by SID',
      mailboxRecord('MailItemsAccessed', { UserId: 'alex.new@contoso.com' }),
      'NO_EVENT',
    ],
    ['the owner deletes', mailboxRecord('SoftDelete'), 'USER_ACTIVITY'],
    [
      'the platform (trap 23)',
      mailboxRecord('Create', {
        ...other,
        LogonType: 1,
        UserId: 'S-1-5-18',
        LogonUserSid: 'S-1-5-18',
        UserType: 2,
        ExternalAccess: true,
      }),
      'NO_EVENT',
    ],
    ['an attempt that failed', mailboxRecord('SendAs', { ...other, ResultStatus: 'Failed' }), 'USER_ACTIVITY'],
  ]
  test.each(cases)('%s', (_, record, verdict) => expect(verdictOf(record)).toBe(verdict))

  test('is about accessor, mailbox, access and owner', () => {
    const event = eventOf(mailboxRecord('MailItemsAccessed', other))
    expect(event.subjects.map(({ type, role }) => `${type} ${role}`)).toEqual([
      'USER ACTOR',
      'MAILBOX TARGET',
      'MAILBOX_ACCESS TARGET',
      'USER TARGET',
    ])
    expect(event.subjects[2]?.attributes).toEqual({ mailbox: 'Pia@contoso.com', grantee: 'alex@contoso.com' })
  })
})
