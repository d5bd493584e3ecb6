import { expect, test } from 'vitest'
import { userOf } from '../builders.ts'
import { stateOf } from '../control.ts'
import type { Tenant } from '../world.ts'
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
  expect(tenants.map(({ name }) => name)).toEqual(['Northwind Traders', 'Fabrikam'])
  expect(JSON.stringify(stateOf(sampleWorld()))).not.toContain(clientSecret)
})
