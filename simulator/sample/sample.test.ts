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
