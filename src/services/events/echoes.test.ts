/** What our own remediations leave in the audit log of the tenant is no new event. */
import { describe, expect, test } from 'vitest'
import {
  alexObjectId,
  cmdletRecord,
  consentRecord,
  contosoSnapshot,
  directoryRecord,
  eventOf,
  mailboxRecord,
  onClientApp,
  onUser,
  teamsRecord,
  verdictOf,
} from '../../../test/support/audit-records.ts'

const appId = '99999999-9999-4999-8999-999999999991'
const servicePrincipalId = '99999999-9999-4999-8999-999999999992'
const snapshot = { ...contosoSnapshot, ownIds: new Set([appId, servicePrincipalId]) }

const byPrincipal = {
  UserId: `ServicePrincipal_${servicePrincipalId}`,
  UserKey: 'Not Available',
  UserType: 4,
  Actor: [
    { ID: 'Tourniquet', Type: 1 },
    { ID: `ServicePrincipal_${servicePrincipalId.toUpperCase()}`, Type: 2 },
    { ID: servicePrincipalId, Type: 2 },
    { ID: 'ServicePrincipal', Type: 2 },
  ],
}
const byApp = { UserId: appId, UserKey: appId, UserType: 5 }
const throughApp = { ClientAppId: appId.toUpperCase() }

/** With what the same record would be if another application had done it. */
const echoes: [string, Record<string, unknown>, string][] = [
  ['a user disabled', directoryRecord('Disable account.', {}, { ...onUser(), ...byPrincipal }), 'ACCOUNT_DISABLED'],
  [
    'the same, as a change',
    directoryRecord('Update user.', { AccountEnabled: ['[true]', '[false]'] }, { ...onUser(), ...byPrincipal }),
    'ACCOUNT_DISABLED',
  ],
  ['an account enabled', directoryRecord('Enable account.', {}, { ...onUser(), ...byPrincipal }), 'ACCOUNT_ENABLED'],
  [
    'sessions revoked',
    directoryRecord('Update StsRefreshTokenValidFrom Timestamp.', {}, { ...onUser(), ...byPrincipal }),
    'NO_EVENT',
  ],
  ['an app removed', directoryRecord('Remove service principal.', {}, { ...onClientApp, ...byPrincipal }), 'NO_EVENT'],
  [
    'forwarding removed',
    cmdletRecord('Set-Mailbox', { ForwardingSmtpAddress: '' }, { ObjectId: 'pia', ...byApp }),
    'NO_EVENT',
  ],
  ['a rule turned off', cmdletRecord('Disable-InboxRule', {}, { ObjectId: 'pia\\.', ...byApp }), 'NO_EVENT'],
  ['a rule removed', cmdletRecord('Remove-InboxRule', {}, { ObjectId: 'pia\\.', AppId: appId }), 'USER_ACTIVITY'],
  [
    'a rule changed through Graph',
    cmdletRecord('Set-InboxRule', { DeleteMessage: 'True' }, { ObjectId: 'pia\\.', ...throughApp }),
    'SUSPICIOUS_INBOX_RULE',
  ],
  ['a transport rule removed', cmdletRecord('Remove-TransportRule', { Identity: 'x' }, byApp), 'NO_EVENT'],
  ['access removed', cmdletRecord('Remove-MailboxPermission', { Identity: 'pia', User: 'bob' }, byApp), 'NO_EVENT'],
  [
    'rules changed in a mailbox',
    mailboxRecord('UpdateInboxRules', {
      LogonType: 1,
      MailboxOwnerUPN: 'pia@contoso.com',
      LogonUserSid: '',
      ...throughApp,
    }),
    'MAILBOX_ACCESS_BY_NON_OWNER',
  ],
  ['a Teams app removed', teamsRecord('AppUninstalled', { AddOnGuid: 'x', UserId: appId, UserType: 5 }), 'NO_EVENT'],
  [
    'a Teams app removed, told by the token',
    teamsRecord('AppUninstalled', { AddOnGuid: 'x', AppAccessContext: { ClientAppId: appId } }),
    'USER_ACTIVITY',
  ],
  [
    'what failed',
    directoryRecord('Disable account.', {}, { ...onUser(), ...byPrincipal, ResultStatus: 'Failure' }),
    'NO_EVENT',
  ],
]

describe('an echo of our own doing is no event', () => {
  test.each(echoes)('%s', (_, record, byAnother) => {
    expect(verdictOf(record, { snapshot })).toBe('NO_EVENT')
    expect(verdictOf(record, { snapshot: contosoSnapshot })).toBe(byAnother)
  })

  test('also by a delegated administrator, where the record tells the app', () => {
    const administrator = { UserId: 'gloria@contoso.com', UserKey: '100320012667a021@contoso.com' }
    const reset = directoryRecord('Reset user password.', {}, { ...onUser(), ...administrator })
    expect(verdictOf(reset, { snapshot })).toBe('PASSWORD_RESET')
    expect(verdictOf({ ...reset, AppAccessContext: { ClientAppId: appId } }, { snapshot })).toBe('NO_EVENT')
    const actors = [...(reset['Actor'] as object[]), { ID: appId, Type: 2 }]
    expect(verdictOf({ ...reset, Actor: actors }, { snapshot })).toBe('NO_EVENT')
  })

  test('by the app id that is given, while nobody has asked the tenant yet', () => {
    const removed = cmdletRecord(
      'Set-Mailbox',
      { ForwardingSmtpAddress: 'smtp:eve@example.net' },
      { ObjectId: 'pia', ...byApp },
    )
    expect(verdictOf(removed, { ownAppId: appId.toUpperCase() })).toBe('NO_EVENT')
    expect(verdictOf(removed)).toBe('EXTERNAL_MAIL_FORWARDING')
  })
})

describe('no echo, and an event as ever', () => {
  test('what somebody does to our application', () => {
    const onOurs = {
      ObjectId: appId,
      Target: [
        { ID: `ServicePrincipal_${servicePrincipalId}`, Type: 2 },
        { ID: servicePrincipalId, Type: 2 },
        { ID: 'Tourniquet', Type: 1 },
      ],
    }
    expect(verdictOf(consentRecord(onOurs), { snapshot })).toBe('USER_CONSENTED_TO_APP')
    const credential = directoryRecord('Add service principal credentials.', {}, onOurs)
    expect(eventOf(credential, { snapshot })).toMatchObject({
      type: 'APPLICATION_PERMISSIONS_CHANGED',
      severity: 'HIGH',
    })
  })

  test('what another application does', () => {
    const other = { ...byPrincipal, UserId: `ServicePrincipal_${alexObjectId}`, Actor: [{ ID: alexObjectId, Type: 2 }] }
    expect(verdictOf(directoryRecord('Disable account.', {}, { ...onUser(), ...other }), { snapshot })).toBe(
      'ACCOUNT_DISABLED',
    )
  })

  test('what names our id as an API that was used, or anywhere else', () => {
    const record = teamsRecord('AppInstalled', {
      AddOnGuid: appId,
      AddOnName: 'Tourniquet',
      TeamGuid: '19:x@thread.tacv2',
      AppAccessContext: { APIId: appId },
    })
    expect(verdictOf(record, { snapshot })).toBe('TEAMS_APP_INSTALLED')
  })
})
