import { createHash, randomBytes } from 'node:crypto'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aMicrosoft, type TestMicrosoft } from '../test/support/microsoft.ts'
import { anApplication, aTenant, aWorld, person, userOf, withApp } from './builders.ts'
import { guid } from './ids.ts'
import { withPartner } from './partners.ts'
import type { World } from './world.ts'

const app = anApplication({
  displayName: 'Gateway',
  appRoles: ['Events.Read', 'Administer'],
  permissions: ['User.Read.All', 'Exchange.ManageAsApp'],
  delegated: ['User.Read.All', 'Directory.AccessAsUser.All'],
})
const secret = app.secrets[0] ?? ''
const redirectUri = 'http://localhost:4000/callback'

function aWorldOfTenants(): World {
  const contoso = aTenant({
    people: [
      person('Ada'),
      person('Doris', { disabled: true }),
      person('Gloria', { roles: ['Global Administrator'] }),
      person('Hana', { rolesByGroup: ['Exchange Administrator'] }),
    ],
  })
  withApp(contoso, app, {
    roles: ['Exchange Administrator'],
    delegated: ['User.Read.All'],
    people: { Ada: ['Events.Read'] },
  })
  const partner = aTenant({ name: 'Litware', people: [person('Petra')] })
  withPartner(contoso, partner, { technicians: ['Petra'], roles: ['Privileged Authentication Administrator'] })
  const empty = aTenant({
    name: 'Fabrikam',
    people: [person('Fiona', { roles: ['Global Administrator'] }), person('Omar')],
  })
  const bare = aTenant({ name: 'Wingtip' })
  withApp(bare, app, { permissions: [] })
  return aWorld({ tenants: [contoso, empty, bare, partner], applications: [app] })
}

let microsoft: TestMicrosoft
beforeAll(async () => {
  microsoft = await aMicrosoft(aWorldOfTenants())
})
afterAll(() => microsoft.close())

async function tokenRequest(
  tenant: string,
  fields: Record<string, string>,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(`${microsoft.url}/${tenant}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: app.appId, client_secret: secret, ...fields }),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

const clientCredentials = (tenant: string, fields: Record<string, string> = {}): ReturnType<typeof tokenRequest> =>
  tokenRequest(tenant, { grant_type: 'client_credentials', scope: 'https://graph.microsoft.com/.default', ...fields })

const tenantId = (name: string): string => microsoft.tenant(name).id

function authorizeUrl(tenant: string, changes: Record<string, string> = {}): { url: URL; verifier: string } {
  const verifier = randomBytes(32).toString('base64url')
  const url = new URL(`${microsoft.url}/${tenant}/oauth2/v2.0/authorize`)
  url.search = new URLSearchParams({
    client_id: app.appId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid profile offline_access https://graph.microsoft.com/User.Read.All',
    state: 'some-state',
    nonce: 'some-nonce',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  }).toString()
  return { url, verifier }
}

async function signedIn(name = 'Ada'): Promise<{ code: string; verifier: string }> {
  const { url, verifier } = authorizeUrl(tenantId('Contoso'))
  const back = await microsoft.signIn(url, userOf(microsoft.tenant('Contoso'), name).id)
  return { code: back.searchParams.get('code') ?? '', verifier }
}

const redeem = (code: string, verifier: string, fields: Record<string, string> = {}): ReturnType<typeof tokenRequest> =>
  tokenRequest(tenantId('Contoso'), {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    ...fields,
  })

test('metadata names the issuer of the tenant, and a template for common', async () => {
  const of = async (name: string): Promise<Record<string, string>> =>
    (await fetch(`${microsoft.url}/${name}/v2.0/.well-known/openid-configuration`)).json() as Promise<
      Record<string, string>
    >
  const id = tenantId('Contoso')
  expect(await of('contoso.com')).toMatchObject({
    issuer: `${microsoft.url}/${id}/v2.0`,
    jwks_uri: `${microsoft.url}/${id}/discovery/v2.0/keys`,
  })
  expect(await of('organizations')).toMatchObject({ issuer: `${microsoft.url}/{tenantid}/v2.0` })
  expect(await of('nowhere.example')).toMatchObject({ error: 'invalid_request', error_codes: [90002] })
})

test('an application token carries the granted roles and the directory roles of its service principal', async () => {
  const { status, body } = await clientCredentials(tenantId('Contoso'))
  expect(status).toBe(200)
  const claims = decodeJwt(String(body.access_token))
  expect(claims).toMatchObject({
    aud: 'https://graph.microsoft.com',
    iss: `https://sts.windows.net/${tenantId('Contoso')}/`,
    appid: app.appId,
    idtyp: 'app',
    roles: ['User.Read.All'],
    wids: ['29232cdf-9323-42fd-ade2-1d097af3e4de'],
  })
  expect(claims.oid).toBe(claims.sub)
  const exchange = await clientCredentials(tenantId('Contoso'), { scope: 'https://outlook.office365.com/.default' })
  expect(decodeJwt(String(exchange.body.access_token))).toMatchObject({ roles: ['Exchange.ManageAsApp'] })
})

test('a token is issued without roles when nothing is granted', async () => {
  const { status, body } = await clientCredentials(tenantId('Wingtip'))
  expect(status).toBe(200)
  expect(decodeJwt(String(body.access_token)).roles).toBeUndefined()
})

test.each([
  ['an unknown tenant', () => clientCredentials(guid('nowhere')), 400, 'invalid_request', 90002],
  [
    'an unknown application',
    () => clientCredentials('contoso.com', { client_id: guid('unknown') }),
    400,
    'unauthorized_client',
    700016,
  ],
  ['no consent in the tenant', () => clientCredentials('fabrikam.com'), 400, 'unauthorized_client', 7000229],
  [
    'a wrong secret',
    () => clientCredentials('contoso.com', { client_secret: 'wrong' }),
    401,
    'invalid_client',
    7000215,
  ],
  ['no credential', () => clientCredentials('contoso.com', { client_secret: '' }), 401, 'invalid_client', 7000218],
  [
    'an unknown resource',
    () => clientCredentials('contoso.com', { scope: 'https://nothing.example.com/.default' }),
    400,
    'invalid_resource',
    500011,
  ],
  [
    'a named scope',
    () => clientCredentials('contoso.com', { scope: 'https://graph.microsoft.com/User.Read' }),
    400,
    'invalid_scope',
    1002012,
  ],
  ['common', () => clientCredentials('common'), 400, 'invalid_request', 9001023],
  ['no grant type', () => tokenRequest('contoso.com', {}), 400, 'invalid_request', 900144],
  [
    'an unknown grant type',
    () => tokenRequest('contoso.com', { grant_type: 'password' }),
    400,
    'unsupported_grant_type',
    70003,
  ],
])('client credentials are refused for %s', async (_, ask, status, error, code) => {
  const answer = await ask()
  expect(answer.status).toBe(status)
  expect(answer.body).toMatchObject({ error, error_codes: [code] })
  expect(answer.body.error_description).toMatch(new RegExp(`^AADSTS${code}: `))
})

test('client credentials are refused while the service principal is disabled, and a body that is no form', async () => {
  const principal = microsoft.tenant('Wingtip').servicePrincipals.find(({ appId }) => appId === app.appId)
  if (principal) principal.accountEnabled = false
  expect((await clientCredentials('wingtip.com')).body).toMatchObject({ error_codes: [7000112] })
  if (principal) principal.accountEnabled = true
  const answer = await fetch(`${microsoft.url}/contoso.com/oauth2/v2.0/token`, { method: 'POST', body: '{}' })
  expect(await answer.json()).toMatchObject({ error_codes: [9002313] })
})

test('the sign-in page lists the people, and a click ends in tokens for the one who was chosen', async () => {
  const { url, verifier } = authorizeUrl(tenantId('Contoso'))
  const page = await (await fetch(url)).text()
  expect(page).toContain('Ada')
  expect(page).toContain('Partner technician of Litware')
  expect(page).toContain('Sign-in blocked')
  const ada = userOf(microsoft.tenant('Contoso'), 'Ada')
  const back = await microsoft.signIn(url, ada.id)
  expect(back.origin + back.pathname).toBe(redirectUri)
  expect(back.searchParams.get('state')).toBe('some-state')
  const { status, body } = await redeem(back.searchParams.get('code') ?? '', verifier)
  expect(status).toBe(200)
  expect(body.refresh_token).toBeTypeOf('string')
  expect(decodeJwt(String(body.access_token))).toMatchObject({
    oid: ada.id,
    scp: 'User.Read.All',
    upn: 'ada@contoso.com',
  })
  const keys = createRemoteJWKSet(new URL(`${microsoft.url}/common/discovery/v2.0/keys`))
  const { payload } = await jwtVerify(String(body.id_token), keys, {
    audience: app.appId,
    issuer: `${microsoft.url}/${tenantId('Contoso')}/v2.0`,
  })
  expect(payload).toMatchObject({ nonce: 'some-nonce', preferred_username: 'ada@contoso.com', oid: ada.id })
})

test('a code serves once, with its own verifier and redirect, for ten minutes', async () => {
  const { code, verifier } = await signedIn()
  expect((await redeem(code, 'x'.repeat(43))).body).toMatchObject({ error: 'invalid_grant', error_codes: [501481] })
  expect((await redeem(code, verifier, { redirect_uri: 'http://localhost:1/callback' })).body).toMatchObject({
    error_codes: [500112],
  })
  expect((await redeem(code, '')).body).toMatchObject({ error_codes: [50147] })
  expect((await redeem(code, verifier)).status).toBe(200)
  expect((await redeem(code, verifier)).body).toMatchObject({ error: 'invalid_grant', error_codes: [54005] })

  let at = Date.now()
  const later = await aMicrosoft(aWorldOfTenants(), { now: () => new Date(at) })
  const { url, verifier: lateVerifier } = authorizeUrl(tenantId('Contoso'))
  const back = await later.signIn(url.href.replace(microsoft.url, later.url), userOf(later.tenant('Contoso'), 'Ada').id)
  at += 10 * 60_000
  const answer = await fetch(`${later.url}/${tenantId('Contoso')}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: app.appId,
      client_secret: secret,
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: lateVerifier,
    }),
  })
  expect(await answer.json()).toMatchObject({ error_codes: [70008] })
  await later.close()
})

test('a disabled account is listed and refused with 50057', async () => {
  const { url } = authorizeUrl(tenantId('Contoso'))
  const doris = userOf(microsoft.tenant('Contoso'), 'Doris')
  await expect(microsoft.signIn(url, doris.id)).rejects.toThrow(/403.*AADSTS50057/s)
})

test('an unregistered redirect gets a page and no redirect', async () => {
  const { url } = authorizeUrl(tenantId('Contoso'), { redirect_uri: 'https://evil.example.com/callback' })
  const answer = await fetch(url, { redirect: 'manual' })
  expect(answer.status).toBe(400)
  expect(await answer.text()).toContain('AADSTS50011')
})

test.each([
  ['no PKCE', { code_challenge: '' }, 'invalid_request', 'AADSTS50147'],
  ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request', 'AADSTS50147'],
  ['another response type', { response_type: 'token' }, 'unsupported_response_type', 'AADSTS700054'],
  ['prompt=none', { prompt: 'none' }, 'login_required', 'AADSTS50058'],
])(
  'the authorization request is refused by redirect for %s',
  async (_, changes: Record<string, string>, error, code) => {
    const answer = await fetch(authorizeUrl(tenantId('Contoso'), changes).url, { redirect: 'manual' })
    const back = new URL(answer.headers.get('location') ?? '')
    expect(back.searchParams.get('error')).toBe(error)
    expect(back.searchParams.get('error_description')).toContain(code)
    expect(back.searchParams.get('state')).toBe('some-state')
  },
)

test('a permission that nobody consented to is refused with 65001', async () => {
  const scope = 'https://graph.microsoft.com/Directory.AccessAsUser.All'
  const back = await microsoft.signIn(
    authorizeUrl(tenantId('Contoso'), { scope }).url,
    userOf(microsoft.tenant('Contoso'), 'Ada').id,
  )
  expect(back.searchParams.get('error')).toBe('consent_required')
  expect(back.searchParams.get('error_description')).toContain('AADSTS65001')
})

test('a refresh token serves until sessions are revoked, then 50173', async () => {
  const { code, verifier } = await signedIn('Hana')
  const { body } = await redeem(code, verifier)
  const refresh = (): ReturnType<typeof tokenRequest> =>
    tokenRequest(tenantId('Contoso'), { grant_type: 'refresh_token', refresh_token: String(body.refresh_token) })
  const refreshed = await refresh()
  expect(refreshed.status).toBe(200)
  const wids = decodeJwt(String(refreshed.body.access_token)).wids
  expect(wids).toContain('29232cdf-9323-42fd-ade2-1d097af3e4de')
  userOf(microsoft.tenant('Contoso'), 'Hana').signInSessionsValidFromDateTime = new Date(
    Date.now() + 1000,
  ).toISOString()
  expect((await refresh()).body).toMatchObject({ error: 'invalid_grant', error_codes: [50173] })
})

test('a partner technician signs in to the customer with the roles of the relationship', async () => {
  const petra = userOf(microsoft.tenant('Litware'), 'Petra')
  const { url, verifier } = authorizeUrl(tenantId('Contoso'))
  const back = await microsoft.signIn(url, petra.id)
  const { body } = await redeem(back.searchParams.get('code') ?? '', verifier)
  expect(decodeJwt(String(body.access_token))).toMatchObject({
    tid: tenantId('Contoso'),
    oid: petra.id,
    wids: expect.arrayContaining(['7be44c8a-adaf-4e2a-84d6-ab2649e08a13']),
  })
})

test('tokens for the own API are version 2, with app roles', async () => {
  const ada = userOf(microsoft.tenant('Contoso'), 'Ada')
  const answer = await fetch(`${microsoft.url}/control/token`, {
    method: 'POST',
    body: JSON.stringify({ tenantId: tenantId('Contoso'), userId: ada.id, expiresInSeconds: 60 }),
  })
  const { access_token: token, expires_in: expiresIn } = (await answer.json()) as {
    access_token: string
    expires_in: number
  }
  expect(expiresIn).toBe(60)
  const keys = createRemoteJWKSet(new URL(`${microsoft.url}/common/discovery/v2.0/keys`))
  const { payload } = await jwtVerify(token, keys, {
    audience: app.appId,
    issuer: `${microsoft.url}/${tenantId('Contoso')}/v2.0`,
  })
  expect(payload).toMatchObject({
    tid: tenantId('Contoso'),
    oid: ada.id,
    azp: app.appId,
    roles: ['Events.Read'],
    name: 'Ada',
    preferred_username: 'ada@contoso.com',
    scp: 'access_as_user',
    ver: '2.0',
  })
  const ofApp = decodeJwt(microsoft.token({ tenantId: tenantId('Contoso'), appId: app.appId }))
  expect(ofApp).toMatchObject({ idtyp: 'app', aud: app.appId })
  expect(ofApp.scp).toBeUndefined()
})

test('only a Global Administrator can consent, and consent makes the app work in the tenant', async () => {
  const tenant = microsoft.tenant('Fabrikam')
  const url = new URL(`${microsoft.url}/${tenant.id}/v2.0/adminconsent`)
  url.search = new URLSearchParams({
    client_id: app.appId,
    scope: 'https://graph.microsoft.com/.default',
    redirect_uri: redirectUri,
    state: 'consent-state',
  }).toString()
  expect(await (await fetch(url)).text()).toContain('Directory.AccessAsUser.All')
  await expect(microsoft.signIn(url, userOf(tenant, 'Omar').id)).rejects.toThrow(/403.*AADSTS90094/s)
  expect((await clientCredentials(tenant.id)).body).toMatchObject({ error_codes: [7000229] })

  const declined = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ cancel: 'true' }),
    redirect: 'manual',
  })
  const refusal = new URL(declined.headers.get('location') ?? '').searchParams
  expect(refusal.get('error_description')).toContain('AADSTS65004')
  expect(refusal.get('state')).toBe('consent-state')

  const seen = microsoft.journal().length
  const back = await microsoft.signIn(url, userOf(tenant, 'Fiona').id)
  expect(Object.fromEntries(back.searchParams)).toMatchObject({
    admin_consent: 'True',
    tenant: tenant.id,
    state: 'consent-state',
  })
  expect(microsoft.journal().slice(seen)).toMatchObject([{ service: 'login', mutates: true, tenantId: tenant.id }])
  const { body } = await clientCredentials(tenant.id)
  expect(decodeJwt(String(body.access_token)).roles).toEqual(['User.Read.All'])
  expect(tenant.oauth2PermissionGrants).toMatchObject([
    { consentType: 'AllPrincipals', scope: 'User.Read.All Directory.AccessAsUser.All' },
  ])
})
