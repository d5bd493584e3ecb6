/** Sign-in, consent and tokens as the privileged sign-in meets them. */
import { createHash, randomBytes } from 'node:crypto'
import { decodeJwt } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { aMicrosoft, type TestMicrosoft } from '../test/support/microsoft.ts'
import { graphCaller } from '../test/support/microsoft-calls.ts'
import { directoryRoles } from './directory-roles.ts'
import { describeSample, sampleWorld } from './sample/world.ts'
import type { Tenant } from './world.ts'

const { clientId, clientSecret } = describeSample()
const redirectUri = 'http://127.0.0.1:4000/sign-in/callback'
const graphRoot = 'https://graph.microsoft.com'
const delegated = `openid profile offline_access ${graphRoot}/Directory.AccessAsUser.All ${graphRoot}/UserAuthenticationMethod.ReadWrite.All`

let microsoft: TestMicrosoft
let northwind: Tenant
beforeEach(async () => {
  microsoft = await aMicrosoft(sampleWorld())
  northwind = microsoft.tenant('Northwind Traders')
})
afterEach(() => microsoft.close())

const person = (tenantName: string, name: string): string => {
  const found = microsoft.tenant(tenantName).users.find(({ displayName }) => displayName === name)
  if (!found) throw new Error(name)
  return found.id
}

function authorizeUrl(tenant: Tenant, changes: Record<string, string> = {}): { url: URL; verifier: string } {
  const verifier = randomBytes(32).toString('base64url')
  const url = new URL(`${microsoft.url}/${tenant.id}/oauth2/v2.0/authorize`)
  url.search = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: delegated,
    state: 'state',
    nonce: 'nonce',
    prompt: 'select_account',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  }).toString()
  return { url, verifier }
}

const tokenRequest = async (tenant: Tenant, fields: Record<string, string>) => {
  const answer = await fetch(`${microsoft.url}/${tenant.id}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...fields }),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

async function signIn(tenant: Tenant, userId: string, changes: Record<string, string> = {}) {
  const { url, verifier } = authorizeUrl(tenant, changes)
  const back = await microsoft.signIn(url, userId)
  const code = back.searchParams.get('code')
  if (code === null) return { back, tokens: null }
  const tokens = await tokenRequest(tenant, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  })
  return { back, tokens }
}

const errorOf = ({ searchParams }: URL) => [searchParams.get('error'), searchParams.get('error_description')]

describe('signing in', () => {
  test("a partner's technician is listed, and acts in the customer's tenant with the relationship's roles", async () => {
    const page = await (await fetch(authorizeUrl(northwind).url)).text()
    expect(page).toContain('Partner technician of Litware Partner')
    expect(page).not.toContain('Lars')
    const { tokens } = await signIn(northwind, person('Litware Partner', 'Petra'))
    const claims = decodeJwt(String(tokens?.body.access_token))
    expect(claims).toMatchObject({
      tid: northwind.id,
      oid: person('Litware Partner', 'Petra'),
      idp: `https://sts.windows.net/${microsoft.tenant('Litware Partner').id}/`,
      wids: expect.arrayContaining([directoryRoles['Privileged Authentication Administrator']]),
      scp: expect.stringContaining('Directory.AccessAsUser.All'),
    })
    const petra = graphCaller(microsoft, String(tokens?.body.access_token))
    expect(await petra.get('/me')).toMatchObject({ status: 404 })
    const gustav = northwind.users.find(({ displayName }) => displayName === 'Gustav')
    expect(await petra.send('PATCH', `/users/${gustav?.id}`, { accountEnabled: false })).toMatchObject({ status: 204 })
  })

  test('a technician who left the group is no longer listed', async () => {
    for (const group of microsoft.tenant('Litware Partner').groups) group.members = []
    await expect(signIn(northwind, person('Litware Partner', 'Petra'))).rejects.toThrow('AADSTS50034')
  })

  test('without tenant-wide consent a person gets 65001, a technician without the application 90099', async () => {
    const fabrikam = microsoft.tenant('Fabrikam')
    const { back } = await signIn(fabrikam, person('Fabrikam', 'Fiona'))
    expect(errorOf(back)).toEqual(['consent_required', expect.stringContaining('AADSTS65001')])
    fabrikam.servicePrincipals = fabrikam.servicePrincipals.filter(({ appId }) => appId !== clientId)
    const partner = await signIn(fabrikam, person('Litware Partner', 'Petra'))
    expect(errorOf(partner.back)).toEqual(['access_denied', expect.stringContaining('AADSTS90099')])
  })

  test('declining goes back with 65004', async () => {
    const { url } = authorizeUrl(northwind)
    const answer = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ cancel: 'true' }),
      redirect: 'manual',
    })
    expect(errorOf(new URL(answer.headers.get('location') ?? ''))).toEqual([
      'access_denied',
      expect.stringContaining('AADSTS65004'),
    ])
  })

  test.each(['login', 'select_account', 'consent'])('prompt=%s asks for an account', async (prompt) => {
    const answer = await fetch(authorizeUrl(northwind, { prompt }).url)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('Choose an account')
  })

  test.each([
    [{ prompt: 'nothing' }, 'AADSTS90023'],
    [{ claims: 'no json' }, 'AADSTS90023'],
  ])('%j is refused', async (changes: Record<string, string>, code) => {
    const answer = await fetch(authorizeUrl(northwind, changes).url, { redirect: 'manual' })
    expect(errorOf(new URL(answer.headers.get('location') ?? ''))).toEqual([
      'invalid_request',
      expect.stringContaining(code),
    ])
  })

  test('Conditional Access blocks at the page or at the token, as switched', async () => {
    microsoft.world.switches = { conditionalAccess: 'blockSignIn' }
    const { back } = await signIn(northwind, person('Northwind Traders', 'Pia'))
    expect(errorOf(back)).toEqual(['access_denied', expect.stringContaining('AADSTS53003')])
    microsoft.world.switches = { conditionalAccess: 'blockToken' }
    const { tokens } = await signIn(northwind, person('Northwind Traders', 'Pia'))
    expect(tokens).toMatchObject({ status: 400, body: { error: 'invalid_grant', error_codes: [53003] } })
  })

  test('only a Global Administrator of the tenant itself can consent, not its partner', async () => {
    const fabrikam = microsoft.tenant('Fabrikam')
    const url = new URL(`${microsoft.url}/${fabrikam.id}/v2.0/adminconsent`)
    url.search = new URLSearchParams({
      client_id: clientId,
      scope: `${graphRoot}/.default`,
      redirect_uri: 'http://127.0.0.1:4000/consent/callback',
      state: 'state',
    }).toString()
    await expect(microsoft.signIn(url, person('Litware Partner', 'Petra'))).rejects.toThrow(/403.*AADSTS90094/s)
    await microsoft.signIn(url, person('Fabrikam', 'Fiona'))
    const { tokens } = await signIn(fabrikam, person('Fabrikam', 'Viktor'))
    expect(tokens).toMatchObject({ status: 200 })
    const forPartner = await signIn(fabrikam, person('Litware Partner', 'Petra'))
    expect(forPartner.tokens).toMatchObject({ status: 200 })
  })
})

describe('on behalf of', () => {
  const onBehalfOf = (assertion: string, fields: Record<string, string> = {}) =>
    tokenRequest(northwind, {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      requested_token_use: 'on_behalf_of',
      scope: `${graphRoot}/.default`,
      assertion,
      ...fields,
    })
  const ownToken = (name: string, options: { audience?: string; expiresInSeconds?: number } = {}): string =>
    microsoft.token({ tenantId: northwind.id, userId: person('Northwind Traders', name), ...options })

  test("a person's token for the own API becomes one for Graph with that person's roles", async () => {
    const { status, body } = await onBehalfOf(ownToken('Pia'))
    expect(status).toBe(200)
    expect(decodeJwt(String(body.access_token))).toMatchObject({
      aud: graphRoot,
      oid: person('Northwind Traders', 'Pia'),
      appid: clientId,
      scp: expect.stringContaining('UserAuthenticationMethod.ReadWrite.All'),
      wids: expect.arrayContaining([directoryRoles['Privileged Authentication Administrator']]),
    })
  })

  test("tokens for another API, expired ones, an application's own and nonsense are refused", async () => {
    const refused = (code: number) => ({ status: 400, body: { error: 'invalid_grant', error_codes: [code] } })
    expect(await onBehalfOf(ownToken('Pia', { audience: graphRoot }))).toMatchObject(refused(50013))
    expect(await onBehalfOf(ownToken('Pia', { expiresInSeconds: -10 }))).toMatchObject(refused(50013))
    expect(await onBehalfOf('nonsense')).toMatchObject(refused(50013))
    const ofApp = microsoft.token({ tenantId: northwind.id, appId: clientId })
    expect(await onBehalfOf(ofApp)).toMatchObject(refused(7000114))
    expect(await onBehalfOf(ownToken('Pia'), { requested_token_use: '' })).toMatchObject({
      body: { error_codes: [900144] },
    })
    expect(await onBehalfOf(ownToken('Doris'))).toMatchObject(refused(50057))
    expect(await onBehalfOf(ownToken('Pia'), { scope: `${graphRoot}/Mail.Send` })).toMatchObject({
      body: { error: 'consent_required', error_codes: [65001] },
    })
    const revoked = ownToken('Pia')
    const pia = northwind.users.find(({ displayName }) => displayName === 'Pia')
    if (pia) pia.signInSessionsValidFromDateTime = new Date(Date.now() + 60_000).toISOString()
    expect(await onBehalfOf(revoked)).toMatchObject(refused(50173))
  })

  test('Conditional Access wants more: the claims come back, and a sign-in with them suffices', async () => {
    microsoft.world.switches = { conditionalAccess: 'requireMfa' }
    const { status, body } = await onBehalfOf(ownToken('Pia'))
    expect(status).toBe(400)
    expect(body).toMatchObject({ error: 'interaction_required', error_codes: [50076], suberror: 'basic_action' })
    const { tokens } = await signIn(northwind, person('Northwind Traders', 'Pia'), {
      claims: String(body.claims),
      scope: `openid api://${clientId}/access_as_user`,
    })
    const answer = await onBehalfOf(String(tokens?.body.access_token))
    expect(answer.status).toBe(200)
    expect(decodeJwt(String(answer.body.access_token))).toMatchObject({ amr: ['pwd', 'mfa'] })
  })
})
