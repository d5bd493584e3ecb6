/** Admin consent over real HTTP: who may give it, what Microsoft shows afterwards, and how a new tenant is connected (B18, B20). */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { userOf } from '../../simulator/builders.ts'
import { tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import { loadSnapshots } from '../../src/services/events/snapshot.ts'
import type { PageVisitor, Shown } from '../support/page-visitor.ts'
import {
  aSignInScene,
  as,
  contoso,
  litware,
  northwind,
  olga,
  otto,
  type SignInScene,
  wingtip,
} from '../support/sign-in-scene.ts'

let scene: SignInScene
beforeAll(async () => {
  scene = await aSignInScene()
})
afterAll(() => scene.close())

type Person = typeof olga

interface Check {
  name: string
  status: string
  missingPermissions: string[]
  blocks: string[]
  mendUrl: string | null
}

async function healthOf(who: Person, tenantId: string): Promise<{ status: string; mendUrl: string; checks: Check[] }> {
  const { data } = await scene.gateway.graphql(
    'query ($id: ID!) { tenant(id: $id) { health { status mendUrl checks { name status missingPermissions blocks mendUrl } } } }',
    { id: tenantGlobalId(tenantId) },
    { as: who },
  )
  return data.tenant.health
}

const feedOf = ({ checks }: { checks: Check[] }) => checks.find(({ name }) => name === 'ACTIVITY_FEED')

/** As a tenant that consented before the application asked for the permission. */
function takeBack(permission: string, { id }: { id: string }): void {
  const tenant = scene.gateway.microsoft.tenant(id)
  const role = tenant.servicePrincipals.flatMap(({ appRoles }) => appRoles).find(({ value }) => value === permission)
  tenant.appRoleAssignments = tenant.appRoleAssignments.filter(({ appRoleId }) => appRoleId !== role?.id)
}

const connect = async (who: Person, input: object = { entraTenantId: wingtip.id, name: 'Wingtip Toys' }) => {
  const { data, errors } = await scene.gateway.graphql(
    `mutation ($input: ConnectTenantInput!) { connectTenant(input: $input) { __typename
      ... on TenantConsentLink { consentUrl expiresAt tenant { name status health { status } } }
      ... on Refusal { code message } ... on InvalidInputError { issues { path } } } }`,
    { input },
    { as: who },
  )
  expect(errors).toEqual([])
  return data.connectTenant
}

const tenantsOf = async (who: Person) => {
  const { data } = await scene.gateway.graphql(
    '{ tenants { edges { node { name status } } } viewer { grants { tenant { name } roles } } }',
    {},
    { as: who },
  )
  return { tenants: data.tenants.edges.map(({ node }: { node: object }) => node), grants: data.viewer.grants }
}

/** From our page through Entra's, as one person, until a page of ours has something to say. */
async function through(link: string, userId: string, browser: PageVisitor = scene.browser()): Promise<Shown> {
  let shown = await browser.press(link)
  while (shown.location) {
    if (shown.location.origin !== scene.gateway.microsoft.url) throw new Error(`Off to ${shown.location.href}`)
    shown = await browser.get(await scene.gateway.microsoft.signIn(shown.location, userId))
  }
  return shown
}

const refusals = async (tenantId: string) =>
  (await scene.audit(tenantId)).filter(({ name }) => name === 'consent.refused').map(({ details }) => details['reason'])

test('the page says who asks, and that only a Global Administrator of the organisation itself can consent', async () => {
  const link = (await connect(olga)).consentUrl
  const { status, text, headers } = await scene.browser().get(link)
  expect(status).toBe(200)
  for (const words of ['Olga', 'Wingtip Toys', 'Global Administrator of the organisation itself', 'A partner cannot']) {
    expect(text).toContain(words)
  }
  expect(text).toContain('Remediations.Privileged')
  expect(text).not.toMatch(/<script/i)
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
})

test('B18 a partner’s technician is told before Entra asks: its account is no user of the organisation', async () => {
  const shown = await through(await mendUrlOfContoso(), userOf(litware, 'Tess').id)
  expect(shown).toMatchObject({ status: 403, text: expect.stringContaining('This account cannot give the consent') })
  expect(await refusals(contoso.id)).toEqual(['NOT_A_USER_OF_THE_TENANT'])
})

test('B18 an account of the organisation without the role is told so', async () => {
  const shown = await through(await mendUrlOfContoso(), userOf(contoso, 'Uma').id)
  expect(shown).toMatchObject({ status: 403, text: expect.stringContaining('Needed is Global Administrator') })
  expect((await refusals(contoso.id)).at(-1)).toBe('WRONG_ROLE')
})

test('B20 what was missing is granted, and Microsoft is asked whether it is', async () => {
  const olaf = as('Olaf', northwind)
  takeBack('ActivityFeed.Read', northwind)
  const before = await healthOf(olaf, northwind.id)
  const link = before.mendUrl
  expect(feedOf(before)).toMatchObject({
    status: 'UNHEALTHY',
    missingPermissions: ['ActivityFeed.Read'],
    blocks: [],
    mendUrl: link,
  })
  expect(link).toMatch(/^https:\/\/tourniquet\.example\.com\/consent\/[\w-]+$/)
  const shown = await through(link, userOf(northwind, 'Nora').id)
  expect(shown).toMatchObject({ status: 200, text: expect.stringContaining('Microsoft confirms') })
  expect(await scene.lastAudit(northwind.id)).toMatchObject({
    name: 'consent.verified',
    operator: { displayName: 'Olaf' },
    details: { account: { userPrincipalName: 'nora@northwind.com' } },
  })
  expect(feedOf(await healthOf(olaf, northwind.id))).toMatchObject({ status: 'HEALTHY' })
})

test('B20 the page at the end says that new events cannot arrive, when our own registration does not ask for them', async () => {
  const [registration] = scene.gateway.microsoft.world.applications
  const asked = registration?.requiredResourceAccess ?? []
  takeBack('ActivityFeed.Read', northwind)
  Object.assign(registration ?? {}, {
    requiredResourceAccess: asked.filter(({ application }) => !application.includes('ActivityFeed.Read')),
  })
  scene.gateway.forget(northwind)
  try {
    const mendUrl = feedOf(await healthOf(as('Olaf', northwind), northwind.id))?.mendUrl
    const shown = await through(mendUrl ?? '', userOf(northwind, 'Nora').id)
    expect(shown).toMatchObject({ status: 200, text: expect.stringContaining('ActivityFeed.Read is missing') })
    const { details } = (await scene.lastAudit(northwind.id)) ?? {}
    expect(details?.['missingPermissions']).toContain('ActivityFeed.Read')
  } finally {
    Object.assign(registration ?? {}, { requiredResourceAccess: asked })
  }
})

test('a new tenant is connected by its own administrator alone, and its roles go to who asked', async () => {
  const asked = await connect(olga)
  expect(asked).toMatchObject({ __typename: 'TenantConsentLink', tenant: { status: 'PENDING', health: null } })
  expect((await tenantsOf(olga)).tenants).toEqual([{ name: 'Contoso', status: 'CONNECTED' }])

  const browser = scene.browser()
  const forged = await forgedReturn(asked.consentUrl, browser)
  expect(forged).toMatchObject({ status: 403, text: expect.stringContaining('Microsoft does not show the consent') })
  expect((await tenantsOf(olga)).tenants).toHaveLength(1)

  const shown = await through(asked.consentUrl, userOf(wingtip, 'Wanda').id)
  expect(shown).toMatchObject({ status: 200, text: expect.stringContaining('Wingtip Toys is connected') })
  const { tenants, grants } = await tenantsOf(olga)
  expect(tenants).toContainEqual({ name: 'Wingtip Toys', status: 'CONNECTED' })
  expect(grants).toContainEqual({ tenant: { name: 'Wingtip Toys' }, roles: expect.arrayContaining(['Administer']) })
  expect((await scene.audit(wingtip.id)).map(({ name }) => name).slice(-3)).toEqual([
    'consent.verified',
    'tenant.connected',
    'access.granted',
  ])
  const snapshots = await scene.gateway.db.withTenants([wingtip.id], (tx) => loadSnapshots(tx, [wingtip.id]))
  expect(snapshots.get(wingtip.id)?.domains).toEqual(new Set(wingtip.domains.map(({ id }) => id)))
  expect(snapshots.get(wingtip.id)?.ownIds.size).toBe(2)
})

test('a consent that is older opens nothing to somebody who only types the redirect', async () => {
  // Wingtip has consented for Olga; now Nora, who administers another tenant of the product, asks as well.
  await scene.gateway.grantPartner(
    { name: 'Litware', entraTenantId: litware.id, members: [userOf(litware, 'Tess').id] },
    [{ tenantId: contoso.id, roles: ['Events.Read', 'Administer'] }],
  )
  const tess = as('Tess', litware)
  const asked = await connect(tess)
  expect(asked.tenant).toEqual({ name: 'Wingtip Toys', status: 'PENDING', health: null })
  const shown = await through(asked.consentUrl, userOf(wingtip, 'Will').id).catch((error: Error) => error)
  // Will is no administrator: our own page says so before Entra's does.
  expect(shown).toMatchObject({ status: 403, text: expect.stringContaining('Needed is Global Administrator') })
  expect((await tenantsOf(tess)).tenants).toEqual([{ name: 'Contoso', status: 'CONNECTED' }])

  await through(asked.consentUrl, userOf(wingtip, 'Wanda').id)
  expect((await tenantsOf(tess)).grants).toContainEqual({
    tenant: { name: 'Wingtip Toys' },
    roles: ['Events.Read', 'Administer'],
  })
  expect((await tenantsOf(olga)).tenants).toContainEqual({ name: 'Wingtip Toys', status: 'CONNECTED' })
})

test('declined, and by a browser that did not begin it', async () => {
  const link = await mendUrlOfContoso()
  const browser = scene.browser()
  const { location } = await browser.press(link)
  const grant = await browser.get(await scene.gateway.microsoft.signIn(location ?? '', userOf(contoso, 'Gloria').id))
  const { headers } = await fetch(grant.location ?? '', {
    method: 'POST',
    body: new URLSearchParams({ cancel: 'true' }),
    redirect: 'manual',
  })
  const back = headers.get('location') ?? ''
  expect(await scene.browser().get(back)).toMatchObject({ status: 400, text: expect.stringContaining('this browser') })
  expect(await browser.get(back)).toMatchObject({ status: 403, text: expect.stringContaining('You declined') })
  expect((await refusals(contoso.id)).slice(-2)).toEqual(['OTHER_BROWSER', 'DECLINED'])
})

test('connecting needs the role Administer somewhere, a GUID and a name', async () => {
  expect(await connect(otto)).toMatchObject({ __typename: 'NotAllowedError' })
  expect(await connect(olga, { entraTenantId: 'contoso.com', name: ' ' })).toMatchObject({
    __typename: 'InvalidInputError',
    issues: [{ path: ['input', 'entraTenantId'] }, { path: ['input', 'name'] }],
  })
})

/** The same as a mend link, also while nothing is to be mended: `connectTenant` of a tenant that one administers. */
const mendUrlOfContoso = async () => (await connect(olga, { entraTenantId: contoso.id, name: 'Contoso' })).consentUrl

/** Somebody who cannot consent comes as far as Entra's page, and types the redirect of a success. */
async function forgedReturn(link: string, browser: PageVisitor): Promise<Shown> {
  const { location } = await browser.press(link)
  const grant = await browser.get(await scene.gateway.microsoft.signIn(location ?? '', userOf(wingtip, 'Will').id))
  const back = new URL(grant.location?.searchParams.get('redirect_uri') ?? '')
  back.searchParams.set('admin_consent', 'True')
  back.searchParams.set('tenant', wingtip.id)
  back.searchParams.set('state', grant.location?.searchParams.get('state') ?? '')
  return browser.get(back)
}
