import { expect, test } from 'vitest'
import { alexObjectId, contoso, directoryRecord, litware, signInRecord } from '../../../test/support/audit-records.ts'
import type { ActorCandidate } from './identities.ts'
import { actorOf, isPlatform, unknownTenantId } from './identities.ts'
import { parseRecord } from './record.ts'

function actor(values: Record<string, unknown>): ActorCandidate | null {
  const record = parseRecord({ Operation: 'Send', ...values })
  if (record === null) throw new Error('no record')
  return actorOf(record, contoso)
}

test.each([
  ['an address', { UserId: 'Alex@Contoso.com' }, ['upn:alex@contoso.com']],
  [
    'with the id of Exchange as key (trap 17)',
    { UserId: 'alex@contoso.com', UserKey: '10032001266C162C' },
    ['upn:alex@contoso.com', 'puid:10032001266c162c'],
  ],
  [
    'with that id and an address as key',
    { UserId: 'alex@contoso.com', UserKey: '10032001266C162C@contoso.com' },
    ['upn:alex@contoso.com', 'puid:10032001266c162c'],
  ],
  [
    'with the key of SharePoint',
    { UserId: 'alex@contoso.com', UserKey: 'i:0h.f|membership|10032001266c162c@live.com' },
    ['upn:alex@contoso.com', 'puid:10032001266c162c'],
  ],
  [
    'with an object id as key',
    { UserId: 'alex@contoso.com', UserKey: alexObjectId.toUpperCase() },
    [`oid:${alexObjectId}`, 'upn:alex@contoso.com'],
  ],
  ['a bare object id of a person', { UserId: alexObjectId, UserType: 0 }, [`oid:${alexObjectId}`]],
  [
    'a guest',
    { UserId: 'gia_fabrikam.com#EXT#@contoso.onmicrosoft.com' },
    ['upn:gia_fabrikam.com#ext#@contoso.onmicrosoft.com'],
  ],
  ['a guest by link', { UserId: 'urn:spo:guest#gia@fabrikam.com' }, ['upn:gia@fabrikam.com']],
])('%s is a user', (_, values, aliases) => {
  expect(actor(values)).toMatchObject({ type: 'USER', aliases })
})

test.each([
  'NT AUTHORITY\\SYSTEM (Microsoft.Exchange.ServiceHost)',
  'NT SERVICE\\MSExchangeAdminApiNetCore',
  'S-1-5-18',
  'app@sharepoint',
  'Certificate',
  'SecurityComplianceAlerts',
  'DlpAgent',
  'NOT-FOUND',
  'Unknown',
  'Not Available',
  'fim_password_service@support.onmicrosoft.com',
  'SpoolsProvisioning-ApplicationAccount@eurprd04.prod.outlook.com',
])('%s is a system identity (B14), whatever UserType says (trap 15)', (UserId) => {
  for (const UserType of [0, 2, 3, 4, 5]) {
    const found = actor({ UserId, UserKey: UserId, UserType })
    expect(found).toMatchObject({ type: 'SYSTEM', aliases: [`system:${UserId.toLowerCase()}`] })
    expect(isPlatform(found)).toBe(true)
  }
})

test('the same service in other case is one identity (trap 16)', () => {
  const [a, b] = ['ServiceHost', 'Servicehost'].map((name) => actor({ UserId: `NT AUTHORITY\\SYSTEM (${name})` }))
  expect(a?.aliases).toEqual(b?.aliases)
})

test('service principals and applications are system identities, but not the platform', () => {
  const principal = actor({
    UserId: `ServicePrincipal_${alexObjectId}`,
    UserType: 4,
    Actor: [{ ID: 'Backup', Type: 1 }],
  })
  expect(principal).toMatchObject({ type: 'SYSTEM', aliases: [`sp:${alexObjectId}`], attributes: { name: 'Backup' } })
  expect(isPlatform(principal)).toBe(false)
  expect(actor({ UserId: alexObjectId, UserType: 5 })).toMatchObject({
    type: 'SYSTEM',
    aliases: [`app:${alexObjectId}`],
  })
})

test.each(['anonymous', `urn:spo:anon#${'0'.repeat(64)}`])('%s is anonymous (B15)', (UserId) => {
  expect(actor({ UserId })).toMatchObject({ type: 'ANONYMOUS' })
})

test('a partner’s technician is a user of another tenant', () => {
  const name = `user_${'0'.repeat(32)}@contoso.onmicrosoft.com`
  expect(actor({ UserId: name, ActorContextId: litware })).toMatchObject({
    type: 'USER',
    attributes: { userPrincipalName: name, homeTenantId: litware },
  })
  expect(actor({ UserId: name })).toMatchObject({ attributes: { homeTenantId: unknownTenantId } })
  expect(actor({ UserId: `contoso.onmicrosoft.com\\tenant: ${litware}, object: ${alexObjectId}` })).toMatchObject({
    type: 'USER',
    aliases: [`oid:${alexObjectId}`],
    attributes: { objectId: alexObjectId, homeTenantId: litware },
  })
})

test('a member and a guest are no users of another tenant', () => {
  expect(actor(directoryRecord('x'))?.attributes).not.toHaveProperty('homeTenantId')
  const guest = actor({ UserId: 'gia_fabrikam.com#EXT#@contoso.onmicrosoft.com', ActorContextId: litware })
  expect(guest?.attributes).not.toHaveProperty('homeTenantId')
})

test('Actor tells when UserId does not (trap 18)', () => {
  expect(actor(directoryRecord('x', {}, { UserId: 'Not Available' }))).toMatchObject({
    aliases: [`oid:${alexObjectId}`, 'puid:100320012667a019'],
  })
  expect(actor(signInRecord('UserLoggedIn'))).toMatchObject({
    aliases: [`oid:${alexObjectId}`, 'upn:alex@contoso.com'],
  })
})

test('nobody is nobody', () => {
  expect(actor({})).toBeNull()
  expect(actor({ UserId: '' })).toBeNull()
})
