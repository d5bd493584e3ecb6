import { describe, expect, test } from 'vitest'
import {
  alexObjectId,
  cmdletRecord,
  directoryRecord,
  eventOf,
  mailboxRecord,
  onApplication,
  onClientApp,
  onUser,
  signInRecord,
  teamsRecord,
  verdictOf,
} from '../../../../test/support/audit-records.ts'

const platform = {
  UserId: 'Certificate',
  UserType: 4,
  Actor: [
    { ID: 'Jit Provisioning', Type: 1 },
    { ID: 'Certificate', Type: 2 },
  ],
}
const sharePoint = (Operation: string, values = {}) =>
  teamsRecord(Operation, {
    RecordType: 14,
    Workload: 'OneDrive',
    UserKey: 'i:0h.f|membership|100320012667a019@live.com',
    ...values,
  })

const cases: [string, Record<string, unknown>, string, string?][] = [
  ['a good sign-in', signInRecord('UserLoggedIn'), 'USER_ACTIVITY', 'INFORMATIONAL'],
  [
    'a wrong password, though ResultStatus says Success (trap 2)',
    signInRecord('UserLoginFailed', { LogonError: 'InvalidUserNameOrPassword', ErrorNumber: '50126' }),
    'USER_ACTIVITY',
    'LOW',
  ],
  [
    'an interrupt',
    signInRecord('UserLoginFailed', { LogonError: 'UserStrongAuthClientAuthNRequiredInterrupt' }),
    'USER_ACTIVITY',
    'INFORMATIONAL',
  ],
  [
    'a lockout after many failures',
    signInRecord('UserLoginFailed', { LogonError: 'IdsLocked', ErrorNumber: 50053 }),
    'RISKY_SIGN_IN',
    'MEDIUM',
  ],
  [
    'a sign-in by an old protocol',
    signInRecord('UserLoggedIn', { ExtendedProperties: [{ Name: 'UserAgent', Value: 'BAV2ROPC' }] }),
    'RISKY_SIGN_IN',
    'HIGH',
  ],
  [
    'a sign-in of nobody',
    signInRecord('UserLoggedIn', { UserId: 'Unknown', UserKey: 'Not Available', UserType: 5, Actor: [] }),
    'NO_EVENT',
  ],
  [
    'Global Administrator',
    directoryRecord('Add member to role.', { 'Role.DisplayName': 'Global Administrator' }, onUser()),
    'ROLE_ASSIGNED',
    'HIGH',
  ],
  [
    'Company Administrator, its older name',
    directoryRecord('Add member to role.', { 'Role.DisplayName': 'Company Administrator' }, onUser()),
    'ROLE_ASSIGNED',
    'HIGH',
  ],
  [
    'Global Reader',
    directoryRecord('Add member to role.', { 'Role.DisplayName': 'Global Reader' }, onUser()),
    'ROLE_ASSIGNED',
    'LOW',
  ],
  [
    'an eligible role',
    directoryRecord('Add eligible member to role.', { 'Role.DisplayName': 'Exchange Administrator' }, onUser()),
    'ROLE_ASSIGNED',
    'HIGH',
  ],
  [
    'a role group of Exchange',
    cmdletRecord('Add-RoleGroupMember', { Identity: 'Organization Management', Member: 'pia@contoso.com' }),
    'ROLE_ASSIGNED',
    'HIGH',
  ],
  [
    'a role for a service of the platform',
    directoryRecord('Add member to role.', { 'Role.DisplayName': 'Directory Readers' }, { ...platform, Target: [] }),
    'NO_EVENT',
  ],
  ['a reset by an administrator', directoryRecord('Reset user password.', {}, onUser()), 'PASSWORD_RESET', 'MEDIUM'],
  [
    'a change by the user',
    directoryRecord('Change user password.', {}, onUser('11111111-aaaa-4aaa-8aaa-000000000001', 'alex@contoso.com')),
    'PASSWORD_RESET',
    'LOW',
  ],
  ['enabled', directoryRecord('Enable account.', {}, onUser()), 'ACCOUNT_ENABLED', 'MEDIUM'],
  ['disabled', directoryRecord('Disable account.', {}, onUser()), 'ACCOUNT_DISABLED', 'LOW'],
  [
    'enabled, told by the property',
    directoryRecord('Update user.', { AccountEnabled: ['[\r\n  false\r\n]', '[\r\n  true\r\n]'] }, onUser()),
    'ACCOUNT_ENABLED',
    'MEDIUM',
  ],
  ['MFA turned off', directoryRecord('Disable Strong Authentication.', {}, onUser()), 'MFA_CHANGED', 'HIGH'],
  [
    'MFA required',
    directoryRecord('Update user.', { StrongAuthenticationRequirement: ['[]', '[{"State":1}]'] }, onUser()),
    'MFA_CHANGED',
    'LOW',
  ],
  [
    'MFA method replaced',
    directoryRecord('Update user.', { StrongAuthenticationPhoneAppDetail: ['[{"Id":"a"}]', '[{"Id":"b"}]'] }, onUser()),
    'MFA_CHANGED',
    'MEDIUM',
  ],
  [
    'clock drift of an authenticator',
    directoryRecord(
      'Update user.',
      {
        StrongAuthenticationPhoneAppDetail: [
          '[{"Id":"a","OathTokenTimeDrift":0}]',
          '[{"Id":"a","OathTokenTimeDrift":-1}]',
        ],
      },
      { ...onUser(), UserId: 'fim_password_service@support.onmicrosoft.com' },
    ),
    'NO_EVENT',
  ],
  [
    'an anonymous link',
    sharePoint('AnonymousLinkCreated', { SourceFileName: 'Plan.docx', EventData: '<Type>Edit</Type>' }),
    'ANONYMOUS_LINK_CREATED',
    'MEDIUM',
  ],
  [
    'an anonymous visitor',
    sharePoint('FileAccessed', { UserId: `urn:spo:anon#${'a'.repeat(64)}`, UserKey: '' }),
    'USER_ACTIVITY',
    'INFORMATIONAL',
  ],
  ['the owner looks at a file', sharePoint('FileAccessed'), 'NO_EVENT'],
  ['a download', sharePoint('FileDownloaded', { SourceFileName: 'Plan.docx' }), 'USER_ACTIVITY', 'INFORMATIONAL'],
  [
    'SharePoint itself',
    sharePoint('AddedToGroup', {
      UserId: 'app@sharepoint',
      UserKey: 'i:0i.t|00000003-0000-0ff1-ce00-000000000000|app@sharepoint',
    }),
    'NO_EVENT',
  ],
  ['a query of the portal', teamsRecord('SearchAlert', { RecordType: 52, UserType: 5 }), 'NO_EVENT'],
  ['a cmdlet that only reads', cmdletRecord('Get-ComplianceTag', {}), 'NO_EVENT'],
  ['mail sent by its owner', mailboxRecord('Send'), 'USER_ACTIVITY', 'INFORMATIONAL'],
  [
    'a device registered for a user by a service',
    directoryRecord('Add registered owner to device.', {}, { ...onUser(), ...platform }),
    'USER_ACTIVITY',
    'INFORMATIONAL',
  ],
  ['a user updated by a service', directoryRecord('Update user.', {}, { ...onUser(), ...platform }), 'NO_EVENT'],
]

test.each(cases)('%s', (_, record, verdict, severity) => {
  expect(verdictOf(record)).toBe(verdict)
  if (severity !== undefined) expect(eventOf(record).severity).toBe(severity)
})

test('B27: an event that shows the account enabled again reminds to keep watching it', () => {
  expect(eventOf(directoryRecord('Enable account.', {}, onUser())).reasons[0]).toMatch(/^Keep watching/)
})

describe('titles say it in words, to whoever reads them tired', () => {
  const byAlex = onUser(alexObjectId, 'alex@contoso.com')
  test.each([
    ['of others', directoryRecord('Update user.', {}, onUser()), 'changed the user Pia@contoso.com'],
    ['of oneself', directoryRecord('Update user.', {}, byAlex), 'changed their own account'],
    [
      'sessions of oneself',
      directoryRecord('Update StsRefreshTokenValidFrom Timestamp.', {}, byAlex),
      'revoked their own sessions',
    ],
    [
      'an app for oneself',
      directoryRecord('Add app role assignment grant to user.', { 'User.UPN': 'Alex@contoso.com' }, onClientApp),
      'assigned themselves to the application “Sample App”',
    ],
    [
      'an app for another',
      directoryRecord('Add app role assignment grant to user.', { 'User.UPN': 'pia@contoso.com' }, onClientApp),
      'assigned pia@contoso.com to the application “Sample App”',
    ],
    ['a site', sharePoint('SiteCollectionAdminAdded'), 'made somebody an administrator of a site'],
    [
      'a secret taken away',
      directoryRecord('Update application – Certificates and secrets management ', {}, onApplication),
      'changed the secrets and certificates of the application “Sample App”',
    ],
    [
      'what has no words yet',
      directoryRecord('Frobnicate user.', {}, onUser()),
      'performed “Frobnicate user.” on Pia@contoso.com',
    ],
  ])('%s', (_, record, words) => expect(eventOf(record).title).toBe(`alex@contoso.com ${words}`))

  test.each([
    ['Global Reader', 'The role sees much and changes nothing.'],
    ['Teams Administrator', 'The role gives administrative rights.'],
    ['Global Administrator', 'The role can take over other accounts or open their mail.'],
  ])('the role %s', (role, reason) => {
    const event = eventOf(directoryRecord('Add member to role.', { 'Role.DisplayName': role }, onUser()))
    expect(event.reasons).toEqual([reason])
  })

  test('a reset by self-service does not say that somebody knows the password', () => {
    const service = { UserId: 'fim_password_service@support.onmicrosoft.com', Actor: [] }
    const event = eventOf(directoryRecord('Reset user password.', {}, { ...onUser(), ...service }))
    expect(event).toMatchObject({ type: 'PASSWORD_RESET', severity: 'MEDIUM' })
    expect(event.reasons).toEqual([expect.stringMatching(/ask the user whether it was them/)])
  })
})

describe('an alert of Microsoft', () => {
  const alert = (Operation: string, values = {}) =>
    teamsRecord(Operation, {
      RecordType: 40,
      Workload: 'SecurityComplianceCenter',
      UserId: 'SecurityComplianceAlerts',
      UserKey: 'SecurityComplianceAlerts',
      UserType: 4,
      AlertId: '55555555-eeee-4eee-8eee-000000000001',
      Name: 'Creation of forwarding/redirect rule',
      Severity: 'High',
      ...values,
    })

  test.each([
    ['in Data (trap 13)', alert('AlertTriggered', { Data: '{"f3u":"pia@contoso.com"}' })],
    [
      'in AlertEntityId',
      alert('AlertEntityGenerated', { AlertEntityId: 'pia@contoso.com', EntityType: 'User', Data: 'not json' }),
    ],
  ])('finds the user %s', (_, record) => {
    const event = eventOf(record)
    expect(event).toMatchObject({ type: 'MICROSOFT_ALERT', severity: 'HIGH' })
    expect(event.title).toBe('Microsoft alert “Creation of forwarding/redirect rule” about pia@contoso.com')
    expect(event.subjects).toMatchObject([
      { type: 'SYSTEM', role: 'ACTOR' },
      { type: 'USER', role: 'TARGET', aliases: ['upn:pia@contoso.com'] },
    ])
  })

  test('and the record of its entity are one action', () => {
    expect(eventOf(alert('AlertTriggered')).actionKey).toBe(eventOf(alert('AlertEntityGenerated')).actionKey)
  })
})

test('a rule against data loss is about the sender, not about the agent', () => {
  const event = eventOf(
    teamsRecord('DlpRuleMatch', {
      UserId: 'DlpAgent',
      UserType: 4,
      ExchangeMetaData: { From: 'pia@contoso.com' },
      PolicyDetails: [{ PolicyName: 'Cards' }],
    }),
  )
  expect(event.title).toBe('pia@contoso.com met a rule against data loss')
  expect(event.subjects.map(({ type }) => type)).toEqual(['SYSTEM', 'USER'])
})
