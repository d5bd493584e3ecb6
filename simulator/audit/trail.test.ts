import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { anExchangeWorld, type ExchangeWorld } from '../../test/support/exchange-world.ts'
import { aGraphWorld, type GraphWorld } from '../../test/support/graph-world.ts'
import { aRegisteredApp, aThirdPartyApp } from '../apps.ts'
import { mailboxOfUser, person, userOf } from '../builders.ts'
import { anInboxRule, ruleIdentityOf } from '../inbox-rules.ts'
import { withMailboxPermission } from '../mailbox-access.ts'
import { graphAppId } from '../microsoft-resources.ts'
import type { AuditRecord } from '../sample/record-forms.ts'
import { aTeamsApp, installTeamsApp } from '../teams.ts'
import { aTransportRule } from '../transport-rules.ts'
import type { Tenant } from '../world.ts'

const noise = { feed: { unknownRecords: false, duplicates: false, shuffled: false } }
const recordsOf = (tenant: Tenant): AuditRecord[] => (tenant.auditContent ?? []).flatMap(({ records }) => records)
const operationsOf = (tenant: Tenant): unknown[] => recordsOf(tenant).map(({ Operation }) => Operation)

describe('what Graph changes', () => {
  let graph: GraphWorld
  let tenant: Tenant
  beforeEach(async () => {
    graph = await aGraphWorld({
      people: [
        person('Ada', { mailbox: { inboxRules: [anInboxRule({ displayName: '.', actions: { delete: true } })] } }),
        person('Gloria', { roles: ['Global Administrator'] }),
        person('Sven', { synchronised: true }),
      ],
      permissions: [
        'User.ReadWrite.All',
        'User.RevokeSessions.All',
        'MailboxSettings.ReadWrite',
        'Application.ReadWrite.All',
        'AppRoleAssignment.ReadWrite.All',
        'DelegatedPermissionGrant.ReadWrite.All',
        'TeamsAppInstallation.ReadWriteForUser.All',
      ],
      delegated: ['User.ReadWrite.All', 'UserAuthenticationMethod.ReadWrite.All', 'AppCatalog.ReadWrite.All'],
    })
    tenant = graph.tenant
    graph.world.switches = noise
  })
  afterEach(() => graph.microsoft.close())

  const ada = () => userOf(tenant, 'Ada')

  test('is logged with the application as actor, as Entra names one', async () => {
    await graph.app().send('PATCH', `/users/${ada().id}`, { accountEnabled: false })
    const principal = tenant.servicePrincipals.find(({ appId }) => appId === graph.appId)
    expect(recordsOf(tenant)).toMatchObject([
      {
        Operation: 'Disable account.',
        CreationTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
        OrganizationId: tenant.id,
        RecordType: 8,
        UserType: 4,
        UserKey: 'Not Available',
        UserId: `ServicePrincipal_${principal?.id}`,
        ObjectId: 'ada@contoso.com',
        Actor: [
          { ID: 'Caller', Type: 1 },
          { ID: graph.appId, Type: 2 },
          { ID: `ServicePrincipal_${principal?.id}`, Type: 2 },
          { ID: principal?.id, Type: 2 },
          { ID: 'ServicePrincipal', Type: 2 },
        ],
        ModifiedProperties: [{ Name: 'AccountEnabled', NewValue: '[\r\n  false\r\n]', OldValue: '[\r\n  true\r\n]' }],
      },
    ])
  })

  test('is logged with the signed-in administrator as actor when it is delegated', async () => {
    await graph.as('Gloria').send('PATCH', `/users/${ada().id}`, { accountEnabled: false })
    const gloria = userOf(tenant, 'Gloria')
    const [record] = recordsOf(tenant)
    expect(record).toMatchObject({ Operation: 'Disable account.', UserType: 0, UserId: 'gloria@contoso.com' })
    expect(record?.Actor).toContainEqual({ ID: `User_${gloria.id}`, Type: 2 })
  })

  test('of people: accounts, sessions, passwords, properties', async () => {
    const path = `/users/${ada().id}`
    await graph.app().send('PATCH', path, { accountEnabled: false })
    await graph.app().send('PATCH', path, { accountEnabled: true })
    await graph.app().send('POST', `${path}/revokeSignInSessions`)
    await graph.app().send('PATCH', path, { jobTitle: 'Buyer' })
    const methods = `${path}/authentication/methods/28c10230-6103-485e-b985-444c60001490`
    const reset = await graph.as('Gloria').send('POST', `${methods}/resetPassword`)
    expect(reset.status).toBe(202)
    const passwordProfile = { password: 'Correct-Horse-9-Staple', forceChangePasswordNextSignIn: true }
    expect(await graph.as('Gloria').send('PATCH', path, { passwordProfile })).toMatchObject({ status: 204 })
    expect(operationsOf(tenant)).toEqual([
      'Disable account.',
      'Enable account.',
      'Update StsRefreshTokenValidFrom Timestamp.',
      'Update user.',
      'Reset user password.',
      'Reset user password.',
    ])
    for (const record of recordsOf(tenant)) expect(record).toMatchObject({ ObjectId: 'ada@contoso.com' })
    const written = JSON.stringify(recordsOf(tenant))
    expect(written).not.toContain(passwordProfile.password)
    expect(written).not.toContain((reset.body as { newPassword: string }).newPassword)
  })

  test('of inbox rules: by the cmdlet that does the same, named by mailbox and rule', async () => {
    const rule = `/users/${ada().id}/mailFolders/inbox/messageRules/${mailboxOfUser(tenant, 'Ada').inboxRules[0]?.id}`
    await graph.app().send('PATCH', rule, { isEnabled: false })
    await graph.app().send('PATCH', rule, { isEnabled: true, actions: { moveToFolder: 'RSS Feeds', markAsRead: true } })
    await graph.app().send('DELETE', rule)
    const [off, set, removed] = recordsOf(tenant)
    const common = { Workload: 'Exchange', RecordType: 1, UserType: 5, AppId: graph.appId, ObjectId: 'ada\\.' }
    expect(off).toMatchObject({ ...common, Operation: 'Disable-InboxRule' })
    expect(set).toMatchObject({ ...common, Operation: 'Set-InboxRule' })
    expect(set?.Parameters).toEqual([
      { Name: 'Identity', Value: expect.stringMatching(/^ada\\\d+$/) },
      { Name: 'Name', Value: '.' },
      { Name: 'MoveToFolder', Value: 'RSS Feeds' },
      { Name: 'MarkAsRead', Value: 'True' },
    ])
    expect(removed).toMatchObject({ ...common, Operation: 'Remove-InboxRule' })
  })

  test('of applications: disabled, deleted, restored, deleted for good', async () => {
    const { application, principal } = aRegisteredApp(graph.world, tenant, 'Intranet')
    await graph.app().send('PATCH', `/servicePrincipals/${principal.id}`, { accountEnabled: false })
    await graph.app().send('DELETE', `/applications/${application.id}`)
    await graph.app().send('POST', `/directory/deletedItems/${application.id}/restore`)
    await graph.app().send('DELETE', `/directory/deletedItems/${principal.id}`)
    expect(recordsOf(tenant)).toMatchObject([
      { Operation: 'Update service principal.', ObjectId: application.appId },
      { Operation: 'Delete application.', ObjectId: `Application_${application.id}` },
      {
        Operation: 'Remove service principal.',
        ObjectId: application.appId,
        Target: [{ ID: `ServicePrincipal_${principal.id}`, Type: 2 }, {}, {}, { ID: 'Intranet', Type: 1 }, {}, {}],
      },
      { Operation: 'Restore application.' },
      { Operation: 'Hard Delete service principal.' },
    ])
  })

  test('of permissions: the target is the resource, the client stands among what is old', async () => {
    const mailer = aThirdPartyApp(tenant, 'Mailer', {
      permissions: ['User.Read.All'],
      consents: { Ada: ['Mail.Read'] },
    })
    const [grant] = tenant.oauth2PermissionGrants.filter(({ clientId }) => clientId === mailer.id)
    const [assignment] = tenant.appRoleAssignments.filter(({ principalId }) => principalId === mailer.id)
    await graph.app().send('DELETE', `/oauth2PermissionGrants/${grant?.id}`)
    await graph.app().send('DELETE', `/servicePrincipals/${mailer.id}/appRoleAssignments/${assignment?.id}`)
    const [grantRecord, roleRecord] = recordsOf(tenant)
    expect(grantRecord).toMatchObject({ Operation: 'Remove delegated permission grant.', ObjectId: graphAppId })
    expect(roleRecord).toMatchObject({ Operation: 'Remove app role assignment from service principal.' })
    const client = { Name: 'ServicePrincipal.ObjectID', NewValue: '', OldValue: mailer.id }
    expect(grantRecord?.ModifiedProperties).toContainEqual(client)
    expect(roleRecord?.ModifiedProperties).toContainEqual(client)
    expect(roleRecord?.ModifiedProperties).toContainEqual({
      Name: 'AppRole.Value',
      NewValue: '',
      OldValue: 'User.Read.All',
    })
  })

  test('of Teams apps: where one was installed, and the catalogue', async () => {
    const app = aTeamsApp('Time Sheets', { distributionMethod: 'organization' })
    const { id } = installTeamsApp(tenant, app, 'USER', ada())
    await graph.app().send('DELETE', `/users/${ada().id}/teamwork/installedApps/${id}`)
    await graph.as('Gloria').send('DELETE', `/appCatalogs/teamsApps/${app.teamsApp.id}`)
    const common = { Workload: 'MicrosoftTeams', AddOnName: 'Time Sheets', AddOnGuid: app.teamsApp.id }
    expect(recordsOf(tenant)).toMatchObject([
      { ...common, Operation: 'AppUninstalled', TargetUserId: ada().id, OperationScope: 'User' },
      { ...common, Operation: 'AppDeletedFromCatalog' },
    ])
  })

  test('and nothing else: no reading, refusal, repetition or write that Microsoft ignored', async () => {
    const path = `/users/${ada().id}`
    await graph.app().get(path)
    await graph.app().send('PATCH', path, { accountEnabled: true })
    expect(
      await graph.app().send('PATCH', `/users/${userOf(tenant, 'Gloria').id}`, { accountEnabled: false }),
    ).toMatchObject({
      status: 403,
    })
    graph.microsoft.fault({ fault: 'ignored' })
    await graph.app().send('PATCH', path, { accountEnabled: false })
    graph.microsoft.fault({ fault: 'status', mutates: true, args: { status: 503 } })
    await graph.app().send('PATCH', path, { accountEnabled: false })
    expect(recordsOf(tenant)).toEqual([])
  })

  test('what takes effect and is answered with an error is logged; what directory sync turns back is its own', async () => {
    const { id } = userOf(tenant, 'Sven')
    graph.microsoft.fault({ fault: 'syncReverts', args: { ms: 10 } })
    graph.microsoft.fault({ fault: 'status', mutates: true, args: { status: 503, afterEffect: true } })
    expect(await graph.app().send('PATCH', `/users/${id}`, { accountEnabled: false })).toMatchObject({ status: 503 })
    await expect.poll(() => operationsOf(tenant)).toEqual(['Disable account.', 'Enable account.'])
    expect(recordsOf(tenant)[1]).toMatchObject({ UserId: expect.stringMatching(/^Sync_.*@contoso\.onmicrosoft\.com$/) })
  })
})

describe('what cmdlets change', () => {
  let exchange: ExchangeWorld
  beforeEach(async () => {
    exchange = await anExchangeWorld({
      prepare: (tenant) => {
        Object.assign(mailboxOfUser(tenant, 'Ada'), {
          forwardingSmtpAddress: 'smtp:ada@example.net',
          inboxRules: [anInboxRule({ displayName: '' }, 'Ada')],
          outlookRules: ['Only in Outlook'],
        })
        tenant.transportRules = [aTransportRule({ Name: 'Copies' })]
        withMailboxPermission(tenant, 'Accounts', 'Bruno')
      },
    })
    exchange.microsoft.world.switches = noise
  })
  afterEach(() => exchange.close())

  const ruleIdentity = (): string =>
    mailboxOfUser(exchange.tenant, 'Ada')
      .inboxRules.map((rule) => `ada\\${ruleIdentityOf(rule)}`)
      .join()

  test('is logged by its name, with its parameters as texts and the application as actor', async () => {
    const { tenant } = exchange
    const clearing = { Identity: 'ada', ForwardingSmtpAddress: null, DeliverToMailboxAndForward: false }
    await exchange.run('Set-Mailbox', clearing)
    await exchange.run('Remove-InboxRule', { Identity: ruleIdentity(), Force: true })
    await exchange.run('Disable-TransportRule', { Identity: 'Copies', Confirm: false })
    await exchange.run('Remove-TransportRule', { Identity: tenant.transportRules[0]?.Guid })
    const access = { Identity: 'accounts', User: 'bruno', AccessRights: ['FullAccess'] }
    await exchange.run('Remove-MailboxPermission', access)
    const appId = tenant.servicePrincipals.find(({ displayName }) => displayName === 'Caller')?.appId
    const common = { RecordType: 1, Workload: 'Exchange', ResultStatus: 'True', UserType: 5, AppId: appId }
    expect(recordsOf(tenant)).toMatchObject([
      {
        ...common,
        Operation: 'Set-Mailbox',
        ObjectId: 'ada',
        Parameters: [
          { Name: 'Identity', Value: 'ada' },
          { Name: 'ForwardingSmtpAddress', Value: '' },
          { Name: 'DeliverToMailboxAndForward', Value: 'False' },
        ],
      },
      { ...common, Operation: 'Remove-InboxRule', ObjectId: 'ada\\' },
      { ...common, Operation: 'Disable-TransportRule', ObjectId: 'Copies' },
      { ...common, Operation: 'Remove-TransportRule', ObjectId: 'Copies' },
      { ...common, Operation: 'Remove-MailboxPermission', ObjectId: 'accounts' },
    ])
  })

  test('not what asked and got no answer, was there already, or was refused', async () => {
    await exchange.run('Remove-InboxRule', { Identity: ruleIdentity() })
    await exchange.run('Set-Mailbox', { Identity: 'bruno', ForwardingSmtpAddress: null })
    await exchange.run('Remove-MailboxPermission', { Identity: 'accounts', User: 'ada', AccessRights: ['FullAccess'] })
    await exchange.run('Remove-TransportRule', { Identity: 'Nothing' })
    await exchange.run('Get-Mailbox', { Identity: 'ada' })
    expect(recordsOf(exchange.tenant)).toEqual([])
  })

  test('by a person names the person', async () => {
    await exchange.run('Remove-TransportRule', { Identity: 'Copies' }, { as: 'Hana' })
    expect(recordsOf(exchange.tenant)).toMatchObject([{ UserId: 'hana@contoso.com', UserType: 2, AppId: '' }])
  })
})
