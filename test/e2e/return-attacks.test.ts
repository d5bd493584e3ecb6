import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { userOf } from '../../simulator/builders.ts'
import { tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import type { PageVisitor, Shown } from '../support/page-visitor.ts'
import {
  aSignInScene,
  as,
  codeOn,
  contoso,
  fabrikam,
  northwind,
  olga,
  publicUrl,
  type SignInScene,
  wingtip,
} from '../support/sign-in-scene.ts'

let scene: SignInScene
beforeAll(async () => {
  scene = await aSignInScene()
})
afterEach(() => scene.reset())
afterAll(() => scene.close())

const gloria = userOf(contoso, 'Gloria').id
const wanda = userOf(wingtip, 'Wanda').id

/** Back from Entra as Gloria, with what an attacker made of the address. */
async function returning(change: (callback: URL) => void, onTheWay: (entra: URL) => void = () => {}): Promise<Shown> {
  const { browser, entra } = await scene.atEntra(await scene.linkFor(olga))
  onTheWay(entra)
  const callback = await scene.gateway.microsoft.signIn(entra, gloria)
  change(callback)
  return browser.get(callback)
}

async function expectNothing(shown: Shown, status: number, title: string): Promise<void> {
  expect(shown).toMatchObject({ status, text: expect.stringContaining(title), location: null })
  expect(shown.text).not.toContain('class="code"')
  expect(await scene.stored()).toEqual([])
}

const set = (name: string, value: string) => (url: URL) => url.searchParams.set(name, value)
const without = (name: string) => (url: URL) => url.searchParams.delete(name)

describe('a return of a sign-in', () => {
  test.each<[string, (callback: URL) => void, number, string]>([
    ['without state', without('state'), 400, 'This address is not part of a sign-in'],
    ['with an empty state', set('state', ''), 400, 'This address is not part of a sign-in'],
    ['with a state of 5 kB', set('state', 'A'.repeat(5_000)), 400, 'This address is not part of a sign-in'],
    ['without code', without('code'), 400, 'could not be verified'],
    ['with a code that Entra did not give', set('code', 'evil'), 400, 'could not be verified'],
    ['from another issuer', set('iss', 'https://evil.example.com/v2.0'), 400, 'could not be verified'],
    ['from a sender that is empty', set('iss', ''), 400, 'could not be verified'],
    [
      'from the issuer of another tenant',
      (url) => url.searchParams.set('iss', `${scene.gateway.microsoft.url}/${fabrikam.id}/v2.0`),
      400,
      'could not be verified',
    ],
    [
      'from two issuers',
      (url) => {
        url.searchParams.append('iss', `${scene.gateway.microsoft.url}/${contoso.id}/v2.0`)
        url.searchParams.append('iss', 'https://evil.example.com/v2.0')
      },
      400,
      'could not be verified',
    ],
    [
      'at the address of the consent',
      (url) => {
        url.pathname = '/consent/callback'
      },
      400,
      'This address is not part of a sign-in',
    ],
  ])('%s', async (_, change, status, title) => {
    await expectNothing(await returning(change), status, title)
  })

  test('that says who it is from, and it is the tenant that was asked', async () => {
    const iss = `${scene.gateway.microsoft.url}/${contoso.id}/v2.0`
    expect(codeOn(await returning(set('iss', iss)))).toMatch(/^\w{4} \w{4}$/)
  })

  test.each<[string, (entra: URL) => void]>([
    ['another nonce', set('nonce', 'evil')],
    ['no nonce', without('nonce')],
    ['another PKCE challenge', set('code_challenge', 'A'.repeat(43))],
  ])('of a request that was sent to Entra with %s', async (_, onTheWay) => {
    await expectNothing(await returning(() => {}, onTheWay), 400, 'could not be verified')
  })

  test('with a code that was used before, in another attempt of the same browser', async () => {
    const browser = scene.browser()
    const first = await scene.atEntra(await scene.linkFor(olga), browser)
    const used = await scene.gateway.microsoft.signIn(first.entra, gloria)
    await browser.get(used)
    await scene.reset()
    const second = await scene.atEntra(await scene.linkFor(olga), browser)
    const state = second.entra.searchParams.get('state') ?? ''
    const callback = new URL(used)
    callback.searchParams.set('state', state)
    await expectNothing(await browser.get(callback), 400, 'could not be verified')
  })

  test.each<[string, (browser: PageVisitor, other: PageVisitor) => void]>([
    [
      'under a name that other hosts of the domain may set',
      (browser) => {
        for (const [name, value] of [...browser.cookies]) {
          browser.cookies.delete(name)
          browser.cookies.set(name.replace('__Host-', ''), value)
        }
      },
    ],
    [
      'that belongs to another attempt',
      (browser, other) => {
        const [theirs = ''] = other.cookies.values()
        for (const name of browser.cookies.keys()) browser.cookies.set(name, theirs)
      },
    ],
  ])('with a cookie %s', async (_, plant) => {
    const attacker = await scene.atEntra(await scene.linkFor(olga))
    const { browser, entra } = await scene.atEntra(await scene.linkFor(olga))
    plant(browser, attacker.browser)
    const shown = await browser.get(await scene.gateway.microsoft.signIn(entra, gloria))
    await expectNothing(shown, 400, 'not begun in this browser')
  })

  test('that comes several times at once counts once, and so does its code', async () => {
    const { browser, entra } = await scene.atEntra(await scene.linkFor(olga))
    const callback = await scene.gateway.microsoft.signIn(entra, gloria)
    const copies = Array.from({ length: 6 }, () => {
      const copy = scene.browser()
      for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
      return copy.get(callback)
    })
    const shown = await Promise.all(copies)
    const [done, ...others] = shown.filter(({ status }) => status === 200)
    if (!done) throw new Error('No return counted')
    expect(others).toEqual([])
    expect(shown.filter(({ text }) => text.includes('was used already'))).toHaveLength(5)
    expect(await scene.stored()).toHaveLength(1)
    const answers = await Promise.all(Array.from({ length: 6 }, () => scene.confirm(olga, codeOn(done))))
    const types = answers.map(({ __typename }) => __typename).toSorted()
    expect(types).toEqual([...Array.from({ length: 5 }, () => 'NotFoundError'), 'PrivilegedSession'])
  })

  test('loaded a second time without its query says so, and puts nothing on record', async () => {
    const before = await scene.audit()
    for (const path of ['/sign-in/callback', '/consent/callback']) {
      await expectNothing(await scene.browser().get(path), 400, 'was used already')
    }
    expect(await scene.audit()).toEqual(before)
  })
})

test('an error in hostile words is shown, logged and kept as its kind alone', async () => {
  const hostile = '<script>alert(1)</script>"\r\nset-cookie: evil=1\r\n{"level":50,"msg":"evil"}\u2028'
  const logged = scene.gateway.log().length
  const shown = await returning((url) => {
    url.searchParams.delete('code')
    for (const name of ['error', 'error_description', 'error_uri', 'error_subcode', 'session_state', 'evil<b>'])
      url.searchParams.set(name, hostile)
  })
  await expectNothing(shown, 400, 'could not be verified')
  const written = [shown.text, JSON.stringify([...shown.headers]), scene.gateway.log().slice(logged)].join('\n')
  expect(written + JSON.stringify(await scene.lastAudit())).not.toMatch(/evil|alert\(/)
  expect(await scene.lastAudit()).toMatchObject({ details: { reason: 'PROOF_FAILED' } })
})

describe('a return of a consent', () => {
  const tenantsOf = async (who: typeof olga) =>
    (await scene.gateway.graphql('{ tenants { edges { node { name } } } }', {}, { as: who })).data.tenants.edges.map(
      ({ node }: { node: { name: string } }) => node.name,
    )

  /** Wanda may consent, and has come as far as the page that asks her to. */
  async function atConsent(): Promise<{ browser: PageVisitor; grant: URL; state: string }> {
    const { data } = await scene.gateway.graphql(
      'mutation ($input: ConnectTenantInput!) { connectTenant(input: $input) { ... on TenantConsentLink { consentUrl } } }',
      { input: { entraTenantId: wingtip.id, name: 'Wingtip Toys' } },
      { as: olga },
    )
    const browser = scene.browser()
    let shown = await browser.press(data.connectTenant.consentUrl)
    while (shown.location && !shown.location.pathname.endsWith('/adminconsent')) {
      shown = await browser.get(await scene.gateway.microsoft.signIn(shown.location, wanda))
    }
    const grant = shown.location ?? new URL(publicUrl)
    return { browser, grant, state: grant.searchParams.get('state') ?? '' }
  }

  const back = (values: Record<string, string>) => `/consent/callback?${new URLSearchParams(values)}`

  test.each<[string, Record<string, string>, number, string]>([
    ['that says no', { admin_consent: 'False', tenant: wingtip.id }, 403, 'You declined'],
    ['that says nothing', { tenant: wingtip.id }, 403, 'You declined'],
    ['with a code instead', { code: 'evil' }, 403, 'You declined'],
    ['for another tenant', { admin_consent: 'True', tenant: contoso.id }, 403, 'another organisation'],
    ['for a tenant that is no id', { admin_consent: 'True', tenant: 'common' }, 403, 'another organisation'],
    [
      'from another issuer',
      { admin_consent: 'True', tenant: wingtip.id, iss: 'https://evil.example.com' },
      400,
      'could not be verified',
    ],
    [
      'that is an error, too',
      { admin_consent: 'True', tenant: wingtip.id, error: 'access_denied' },
      403,
      'You declined',
    ],
    ['that nobody gave', { admin_consent: 'True', tenant: wingtip.id }, 403, 'Microsoft does not show the consent'],
  ])('%s connects nothing', async (_, values, status, title) => {
    const { browser, state } = await atConsent()
    const shown = await browser.get(back({ ...values, state }))
    expect(shown).toMatchObject({ status, text: expect.stringContaining(title) })
    expect(await tenantsOf(olga)).toEqual(['Contoso'])
    // The state is used up: the truth comes too late.
    const again = await browser.get(back({ admin_consent: 'True', tenant: wingtip.id, state }))
    expect(again).toMatchObject({ status: 400, text: expect.stringContaining('was used already') })
  })

  test('in another browser, or with the state of another attempt, connects nothing', async () => {
    const [mine, theirs] = [await atConsent(), await atConsent()]
    const truth = { admin_consent: 'True', tenant: wingtip.id }
    for (const shown of [
      await scene.browser().get(back({ ...truth, state: mine.state })),
      await mine.browser.get(back({ ...truth, state: theirs.state })),
    ]) {
      expect(shown).toMatchObject({ status: 400, text: expect.stringContaining('not begun in this browser') })
    }
    expect(await tenantsOf(olga)).toEqual(['Contoso'])
  })
})

test('neither code, state, ticket, cookie nor token is in the log, a Referer or a redirect of ours', async () => {
  const logged = scene.gateway.log().length
  const link = await scene.linkFor(olga)
  const { browser, entra } = await scene.atEntra(link)
  const cookies = [...browser.cookies.values()]
  const callback = await scene.gateway.microsoft.signIn(entra, gloria)
  const done = await browser.get(callback)
  const refused = await browser.get(callback)
  const secrets = [
    link.slice(link.lastIndexOf('/') + 1),
    callback.searchParams.get('code') ?? '',
    callback.searchParams.get('state') ?? '',
    entra.searchParams.get('nonce') ?? '',
    entra.searchParams.get('code_challenge') ?? '',
    codeOn(done).replace(' ', ''),
    ...cookies,
  ]
  expect(secrets.filter((secret) => secret.length < 8)).toEqual([])
  const log = scene.gateway.log().slice(logged)
  expect(log).toContain('operation')
  expect(secrets.filter((secret) => log.includes(secret))).toEqual([])
  // The redirect names what Entra needs: no ticket, no cookie, no verifier.
  expect([secrets[0], ...cookies].filter((secret) => entra.href.includes(secret ?? ''))).toEqual([])
  for (const { headers, text } of [done, refused]) {
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('content-security-policy')).toMatch(
      /default-src 'none'.*script-src 'sha256-[\w+/]+=*';.*frame-ancestors 'none'/,
    )
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect([secrets[0], secrets[1], secrets[2]].filter((secret) => text.includes(secret ?? ''))).toEqual([])
  }
  expect(await scene.confirm(as('Olaf', northwind), codeOn(done), tenantGlobalId(contoso.id))).toMatchObject({
    __typename: 'NotFoundError',
  })
})
