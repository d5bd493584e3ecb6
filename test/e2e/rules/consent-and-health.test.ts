/** What the tenant has to grant, once or first. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { userOf } from '../../../simulator/builders.ts'
import { grantedPermissions } from '../../../simulator/grants.ts'
import type { Tenant } from '../../../simulator/world.ts'
import { tenantGlobalId } from '../../../src/resolvers/global-ids.ts'
import { aPageVisitor } from '../../support/page-visitor.ts'
import { aRulesScene, olga, optionOf, type RulesScene, requirementsOf } from '../../support/rules-scene.ts'
import {
  contoso,
  everyDelegated,
  furtherPermissions,
  generous,
  litware,
  northwind,
  publicUrl,
  unhealthy,
} from '../../support/rules-world.ts'

let scene: RulesScene
beforeAll(async () => {
  scene = await aRulesScene()
})
afterAll(() => scene.close())

const onScreen = { onScreen: true }

/** From our page through Entra's, as one person, to the page of ours at the end. */
async function consentAs(link: string | undefined, userId: string): Promise<string> {
  const browser = aPageVisitor(scene.gateway, publicUrl)
  let shown = await browser.press(link ?? '')
  while (shown.location) shown = await browser.get(await scene.gateway.microsoft.signIn(shown.location, userId))
  return shown.text
}

const delegatedIn = (tenant: Tenant): string[] =>
  grantedPermissions(scene.gateway.microsoft.tenant(tenant.id))
    .map((one) => ({ type: '', permission: '', ...one }))
    .flatMap(({ type, permission }) => (type === 'Delegated' ? [permission] : []))

async function healthOf(tenant: Tenant) {
  const { data } = await scene.gateway.graphql(
    `query ($id: ID!) { tenant(id: $id) { health { status mendUrl entraPermissionsUrl
      checks { name status message missingPermissions extraPermissions blocks } } } }`,
    { id: tenantGlobalId(tenant.id) },
    { as: olga },
  )
  return data.tenant.health
}

test('B18 holds: the first disabling of an administrator, or reset of a password, asks for consent, which the partner cannot give', async () => {
  const hanna = await scene.look('Hanna', { tenant: northwind })
  const mina = await scene.look('Mina', { tenant: northwind })
  for (const seen of [optionOf(hanna, 'DISABLE_USER'), optionOf(mina, 'RESET_PASSWORD')]) {
    expect(seen.requirements).toContainEqual(
      expect.objectContaining({ __typename: 'AdminConsentRequirement', grantableBy: ['Global Administrator'] }),
    )
  }
  const { refusals } = await scene.plan(hanna.target, ['DISABLE_USER'])
  expect(refusals.map(({ __typename }) => __typename)).toContain('AdminConsentRequiredError')
  const refused = await scene.block(hanna.target, ['DISABLE_USER'])
  expect(refused).toMatchObject({ code: 'ADMIN_CONSENT_REQUIRED', grantableBy: ['Global Administrator'] })
  expect(await scene.reset(mina.target, onScreen)).toMatchObject({ code: 'ADMIN_CONSENT_REQUIRED' })

  expect(await consentAs(refused.consentUrl, userOf(litware, 'Tess').id)).toMatch(/not a user of|no user of|partner/i)
  expect(await consentAs(refused.consentUrl, userOf(northwind, 'Hanna').id)).toContain('Global Administrator')
  expect(delegatedIn(northwind)).toEqual([])
  expect(scene.person('Hanna', northwind).accountEnabled).toBe(true)
})

test('B18 does not reach: what needs no privileged sign-in, before any consent', async () => {
  const mina = await scene.look('Mina', { tenant: northwind })
  expect(requirementsOf(mina, 'DISABLE_USER')).toEqual([])
  const hanna = await scene.look('Hanna', { tenant: northwind })
  expect(requirementsOf(hanna, 'REVOKE_SESSIONS')).toEqual([])
  expect(await scene.block(mina.target, ['DISABLE_USER'])).toMatchObject({ status: 'SUCCEEDED' })
})

test('B18 holds: a Global Administrator gives it once for everybody, and the partner with the right role can act', async () => {
  const { target } = await scene.look('Hanna', { tenant: northwind })
  const { consentUrl } = await scene.block(target, ['DISABLE_USER'])
  await consentAs(consentUrl, userOf(northwind, 'Nora').id)
  expect(delegatedIn(northwind)).toEqual(expect.arrayContaining([...everyDelegated, 'Directory.AccessAsUser.All']))

  expect(await scene.block(target, ['DISABLE_USER'])).toMatchObject({ code: 'PRIVILEGED_SIGN_IN_REQUIRED' })
  expect(await scene.signIn('Tess', { of: litware, tenant: northwind })).toBe('PrivilegedSession')
  expect(await scene.block(target, ['DISABLE_USER'])).toMatchObject({ status: 'SUCCEEDED' })
  expect(scene.person('Hanna', northwind).accountEnabled).toBe(false)
})

test('B19 holds: alternatives do in the place of the least, and what the product text asks for besides is extra', async () => {
  const { status, checks } = await healthOf(generous)
  expect(status).toBe('HEALTHY')
  const permissions = checks.find(({ name }: { name: string }) => name === 'APPLICATION_PERMISSIONS')
  expect(permissions).toMatchObject({ missingPermissions: [], blocks: [] })
  expect(permissions.extraPermissions).toEqual(expect.arrayContaining(furtherPermissions))

  const mats = await scene.look('Mats', { tenant: generous })
  expect(mats.greyedOut).toEqual([])
  const actions = ['DISABLE_USER', 'REVOKE_SESSIONS', 'REMOVE_MAIL_FORWARDING', 'DISABLE_INBOX_RULES']
  // Microsoft refuses what no granted permission allows.
  expect(await scene.block(mats.target, actions)).toMatchObject({
    status: 'SUCCEEDED',
    steps: actions.map((kind) => ({ kind, state: 'CONFIRMED' })),
  })
})

test('B19 does not reach: extra permissions, which are not asked for and make up for nothing', async () => {
  const lacking = await healthOf(unhealthy.permissionMissing)
  expect(lacking.status).toBe('UNHEALTHY')
  expect(lacking.checks.flatMap((check: { missingPermissions: string[] }) => check.missingPermissions)).toEqual([
    'User.RevokeSessions.All',
  ])
  expect((await healthOf(contoso)).status).toBe('HEALTHY')
})

const everyKind = [
  'DISABLE_USER',
  'REVOKE_SESSIONS',
  'REMOVE_MAIL_FORWARDING',
  'DISABLE_INBOX_RULES',
  'RESET_PASSWORD',
] as const
const ofExchange = ['REMOVE_MAIL_FORWARDING', 'DISABLE_INBOX_RULES']
const ourPage = `${publicUrl}/consent/`
const faults = [
  ['a missing permission', unhealthy.permissionMissing, ['REVOKE_SESSIONS'], 'User.RevokeSessions.All', ourPage],
  ['consent withdrawn', unhealthy.consentWithdrawn, everyKind, 'consent', ourPage],
  ['the app disabled', unhealthy.appDisabled, everyKind, 'disabled', 'https://'],
  ['the Exchange role missing', unhealthy.exchangeRoleMissing, ofExchange, 'Exchange Administrator', 'https://entra'],
] as const

test.each(faults)(
  'B20 holds: %s greys out what depends on it, names the fault and links to where to mend it',
  async (_fault, tenant, kinds, named, link) => {
    const seen = await scene.look('Mats', { tenant })
    expect(seen.greyedOut.map(({ kind }) => kind)).toEqual(kinds)
    for (const { code, message, remedy } of seen.greyedOut) {
      expect(code).toBe('TENANT_UNHEALTHY')
      expect(message).toContain(named)
      expect(remedy).toContain(link)
    }
    const { status, mendUrl } = await healthOf(tenant)
    expect(status).toBe('UNHEALTHY')
    expect(mendUrl).toContain(link)

    const before = scene.writes()
    const refused = await scene.block(seen.target, everyKind, { passwordDelivery: onScreen })
    expect(refused).toMatchObject({ __typename: 'TenantUnhealthyError', message: expect.stringContaining(named) })
    expect(refused.checks).toMatchObject([{ status: 'UNHEALTHY' }])
    const { refusals } = await scene.plan(seen.target, [...kinds])
    expect(refusals).toMatchObject([{ code: 'TENANT_UNHEALTHY' }])
    expect(scene.writes()).toBe(before)
  },
)

test.each([faults[0], faults[3]])('B20 does not reach: what does not depend on %s', async (_fault, tenant, kinds) => {
  const { target } = await scene.look('Mats', { tenant })
  const others = everyKind.filter((kind) => kind !== 'RESET_PASSWORD' && !kinds.some((one) => one === kind))
  expect(await scene.block(target, others)).toMatchObject({
    status: 'SUCCEEDED',
    steps: others.map((kind) => ({ kind, state: 'CONFIRMED' })),
  })
  const { entraPermissionsUrl } = await healthOf(tenant)
  expect(entraPermissionsUrl).toMatch(/^https:\/\/entra\.example\.com\/.*Permissions.*objectId/)
})
