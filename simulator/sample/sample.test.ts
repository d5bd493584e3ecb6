import { expect, test } from 'vitest'
import { enabledGlobalAdministrators, rankOf } from '../access-rules.ts'
import { mailboxOfUser, userOf } from '../builders.ts'
import { stateOf } from '../control.ts'
import { directoryRoles } from '../directory-roles.ts'
import { techniciansAt } from '../partners.ts'
import type { Mailbox, Tenant } from '../world.ts'
import { sampleAuditRecords } from './audit-records.ts'
import { describeSample, sampleWorld } from './world.ts'

const now = new Date('2026-05-01T12:00:00Z')
const records = sampleAuditRecords(now)
const tenantNamed = (name: string): Tenant => {
  const tenant = sampleWorld().tenants.find(({ displayName }) => displayName === name)
  if (!tenant) throw new Error(name)
  return tenant
}

test('the sample is the same every time', () => {
  expect(sampleWorld()).toEqual(sampleWorld())
  expect(sampleAuditRecords(now)).toEqual(records)
  expect(new Set(records.map(({ Id }) => Id)).size).toBe(records.length)
})

test('records fall in the last fourteen days, with many for both customers', () => {
  const times = records.map(({ CreationTime }) => Date.parse(`${CreationTime}Z`))
  expect(Math.max(...times)).toBeLessThanOrEqual(now.getTime())
  expect(Math.min(...times)).toBeGreaterThan(now.getTime() - 14 * 86_400_000)
  const of = (name: string): number =>
    records.filter(({ OrganizationId }) => OrganizationId === tenantNamed(name).id).length
  expect(of('Northwind Traders')).toBeGreaterThan(75)
  expect(of('Fabrikam')).toBeGreaterThan(14)
})

test('there is an event about everybody who meets a rule', () => {
  const text = JSON.stringify(records)
  const northwind = tenantNamed('Northwind Traders')
  for (const { userPrincipalName } of northwind.users)
    expect(text).toContain(userPrincipalName.replace('accounts@northwindtraders.com', 'accounts'))
  const petra = userOf(tenantNamed('Litware Partner'), 'Petra').id.replaceAll('-', '')
  expect(text).toContain(`user_${petra}@northwindtraders.onmicrosoft.com`)
  expect(text).toContain('urn:spo:anon#')
  expect(text).toContain('app@sharepoint')
})

test('the description names personas that exist, and the state holds no secret', () => {
  const { personas, clientSecret, tenants } = describeSample()
  expect(Object.keys(personas)).toEqual(['analyst', 'reader', 'partner', 'stranger'])
  expect(tenants.map(({ name }) => name)).toEqual(['Northwind Traders', 'Fabrikam', 'Tailspin Toys'])
  expect(JSON.stringify(stateOf(sampleWorld()))).not.toContain(clientSecret)
})

test('mailboxes meet every rule about forwarding and inbox rules', () => {
  const tenant = tenantNamed('Northwind Traders')
  const mailbox = (name: string): Mailbox => mailboxOfUser(tenant, name)
  expect(tenant.mailboxes.some((one) => one.externalDirectoryObjectId === userOf(tenant, 'Carla').id)).toBe(false)
  expect(mailbox('Olga')).toMatchObject({ forwardingAddress: 'hugo', forwardingSmtpAddress: expect.any(String) })
  expect(mailbox('Accounts')).toMatchObject({ recipientTypeDetails: 'SharedMailbox', forwardingAddress: 'hugo' })
  const seenByGraph = (name: string) => mailbox(name).inboxRules.filter(({ isHidden }) => isHidden !== true)
  expect(seenByGraph('Dmitri')).toMatchObject([{ displayName: 'Invoices', isEnabled: true }])
  expect(seenByGraph('Kira')).toMatchObject([{ isReadOnly: true }])
  expect(seenByGraph('Nils')).toEqual([])
  expect(mailbox('Nils').inboxRules.filter(({ isReadOnly }) => !isReadOnly)).toMatchObject([{ isHidden: true }])
  expect(mailbox('Felix').inboxRules.map(({ displayName }) => displayName)).toEqual([
    'Junk E-Mail Rule',
    expect.stringMatching(/^Microsoft\.Exchange\.OOF\./),
  ])
  expect(mailbox('Ada').inboxRules).toEqual([])
  for (const { inboxRules } of tenant.mailboxes) {
    expect(new Set(inboxRules.map(({ id }) => id)).size).toBe(inboxRules.length)
  }
})

test('records of apps point at what is there, with the ids of its grants and roles', () => {
  for (const tenant of ['Northwind Traders', 'Fabrikam'].map(tenantNamed)) {
    const of = (operation: string): string[] =>
      records
        .filter(({ Operation, OrganizationId }) => Operation === operation && OrganizationId === tenant.id)
        .map((record) => JSON.stringify(record))
    const [principals, others] = [tenant.servicePrincipals, tenantNamed('Litware Partner').servicePrincipals]
    for (const text of [...of('Consent to application.'), ...of('Add app role assignment to service principal.')]) {
      const isGone = text.includes(describeSample().removedAppId)
      expect(principals.some(({ id }) => text.includes(`ServicePrincipal_${id}`))).toBe(!isGone)
      expect(others.some(({ id }) => text.includes(id))).toBe(false)
    }
    const consents = of('Consent to application.').join()
    const thirdParty = tenant.oauth2PermissionGrants.filter(({ consentType }) => consentType === 'Principal')
    expect(thirdParty).toHaveLength(1)
    for (const { id } of thirdParty) expect(consents).toContain(`Id: ${id}, `)
    const given = of('Add app role assignment to service principal.')
    expect(given.length).toBeGreaterThan(0)
    for (const text of given) {
      const held = tenant.appRoleAssignments.some(
        ({ appRoleId, principalId }) => text.includes(appRoleId) && text.includes(principalId),
      )
      expect(held, text).toBe(true)
    }
  }
})

test('there is an app of every kind', () => {
  const world = sampleWorld()
  const tenant = tenantNamed('Northwind Traders')
  const app = (name: string) => tenant.servicePrincipals.find(({ displayName }) => displayName === name)
  expect(app('Mail Booster')).toMatchObject({ verifiedPublisher: null, servicePrincipalType: 'Application' })
  expect(app('Report Sync')?.verifiedPublisher).not.toBeNull()
  expect(app('northwind-backup')).toMatchObject({ servicePrincipalType: 'ManagedIdentity' })
  expect(app('Microsoft Graph Command Line Tools')?.appOwnerOrganizationId).toMatch(/^f8cdef31/)
  expect(app('Tourniquet')).toMatchObject({ appId: describeSample().clientId })
  expect(app('Calendar Helper')).toBeUndefined()
  const registered = world.applications.filter(({ homeTenantId }) => homeTenantId === tenant.id)
  expect(registered.map(({ displayName }) => displayName)).toEqual(['Northwind Intranet'])
  expect(app('Northwind Intranet')?.appId).toBe(registered[0]?.appId)
})

test('Teams apps are installed in a team, a chat and for people, and each has its record', () => {
  const tenant = tenantNamed('Northwind Traders')
  const shown = tenant.teamsInstallations.map((one) => ({
    name: one.teamsApp.displayName,
    scope: one.scope,
    isPreinstalled: one.isPreinstalled,
    hasIdentity: one.teamsAppDefinition.authorization.clientAppId !== null,
  }))
  expect(shown).toEqual([
    { name: 'Poll Master', scope: 'TEAM', isPreinstalled: false, hasIdentity: true },
    { name: 'Sticky Notes', scope: 'CHAT', isPreinstalled: false, hasIdentity: false },
    { name: 'Time Sheets', scope: 'USER', isPreinstalled: false, hasIdentity: false },
    { name: 'Help Desk', scope: 'USER', isPreinstalled: true, hasIdentity: false },
  ])
  const installed = records.filter(({ Operation }) => Operation === 'AppInstalled')
  for (const { scope, scopeId, teamsApp } of tenant.teamsInstallations) {
    const record = installed.find(({ AddOnGuid }) => AddOnGuid === teamsApp.id)
    const places = { TEAM: record?.TeamGuid, CHAT: record?.ChatThreadId, USER: record?.TargetUserId ?? record?.UserKey }
    expect(places[scope]).toBe(scopeId)
  }
  // Removed since.
  expect(installed.some(({ AddOnName }) => AddOnName === 'Dice Roller')).toBe(true)
  const clients = tenant.teamsInstallations.map((one) => one.teamsAppDefinition.authorization.clientAppId)
  for (const appId of clients.filter((one) => one !== null)) {
    expect(tenant.servicePrincipals.map((one) => one.appId)).toContain(appId)
  }
})

test('there is an administrator for every way to hold the role that counts, and one last Global Administrator', () => {
  const tenant = tenantNamed('Northwind Traders')
  expect(enabledGlobalAdministrators(tenant)).toEqual([userOf(tenant, 'Gloria').id])
  expect(enabledGlobalAdministrators(tenantNamed('Fabrikam'))).toHaveLength(2)
  const privileged = directoryRoles['Privileged Authentication Administrator']
  expect(rankOf(tenant, userOf(tenant, 'Pia').id).roles).toEqual([privileged])
  expect(techniciansAt(tenant, tenantNamed('Litware Partner'))).toMatchObject([
    { user: { displayName: 'Petra' }, roles: expect.arrayContaining([privileged]) },
  ])
})

test('B18 one tenant has everybody that consent and privileged sign-in take, and has not consented to them yet', () => {
  const tenant = tenantNamed('Tailspin Toys')
  const tourniquet = sampleWorld().applications.find(({ displayName }) => displayName === 'Tourniquet')
  expect(tenant.servicePrincipals.some(({ appId }) => appId === tourniquet?.appId)).toBe(true)
  expect(tenant.oauth2PermissionGrants).toEqual([])
  expect(enabledGlobalAdministrators(tenant)).toEqual([userOf(tenant, 'Tamara').id])
  const privileged = directoryRoles['Privileged Authentication Administrator']
  expect(rankOf(tenant, userOf(tenant, 'Paolo').id).roles).toEqual([privileged])
  expect(rankOf(tenant, userOf(tenant, 'Ulf').id).roles).toEqual([directoryRoles['User Administrator']])
  expect(techniciansAt(tenant, tenantNamed('Litware Partner'))).toMatchObject([
    { user: { displayName: 'Petra' }, roles: expect.arrayContaining([privileged]) },
  ])
  const about = records.filter(({ OrganizationId }) => OrganizationId === tenant.id)
  expect(JSON.stringify(about)).toContain(userOf(tenant, 'Ulf').userPrincipalName)
})
