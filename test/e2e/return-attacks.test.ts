/** Attacks on the way through Entra's pages: links, returns and cookies that are not what they seem open nothing, and tell nothing. */
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { userOf } from '../../simulator/builders.ts'
import { roles } from '../../src/context.ts'
import { upsertOperator } from '../../src/db/operators.ts'
import { tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import { sealConsentTicket, sealTicket } from '../../src/services/authority/tickets.ts'
import { ownerSql } from '../support/owner-sql.ts'
import type { PageVisitor, Shown } from '../support/page-visitor.ts'
import {
  aSignInScene,
  as,
  codeOn,
  contoso,
  fabrikam,
  northwind,
  olga,
  otto,
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

test('names are shown as they are, never as markup', async () => {
  const name = '<img src=x onerror=alert(1)>"\'&'
  const { id: operatorId } = await scene.gateway.db.plain((tx) =>
    upsertOperator(tx, { kind: 'PERSON', tenantId: contoso.id, externalId: crypto.randomUUID(), displayName: name }),
  )
  const links = [
    `/sign-in/${sealTicket(scene.gateway.services, { operatorId, tenantId: contoso.id }).ticket}`,
    `/consent/${sealConsentTicket(scene.gateway.services, { operatorId, tenantId: wingtip.id, connect: { name, grantee: { operatorId }, roles: [] } }).ticket}`,
  ]
  for (const link of links) {
    const { status, text } = await scene.browser().get(link)
    expect({ status, hasMarkup: text.includes('<img') }).toEqual({ status: 200, hasMarkup: false })
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;')
  }
})

describe('a link', () => {
  const ticketOf = (link: string) => link.slice(link.lastIndexOf('/') + 1)
  const connecting = async () => {
    const { data } = await scene.gateway.graphql(
      'mutation ($input: ConnectTenantInput!) { connectTenant(input: $input) { ... on TenantConsentLink { consentUrl } } }',
      { input: { entraTenantId: wingtip.id, name: 'Wingtip Toys' } },
      { as: olga },
    )
    return String(data.connectTenant.consentUrl)
  }

  test('of one sort does not open the page of the other, nor does a state or a cookie', async () => {
    const signIn = ticketOf(await scene.linkFor(olga))
    const consent = ticketOf(await connecting())
    const { browser, entra } = await scene.atEntra(await scene.linkFor(olga))
    const sealed = [entra.searchParams.get('state') ?? '', ...browser.cookies.values()]
    const wrong = [
      `/sign-in/${consent}`,
      `/consent/${signIn}`,
      ...sealed.flatMap((text) => [`/sign-in/${text}`, `/consent/${text}`]),
    ]
    for (const path of wrong) {
      for (const shown of [await scene.browser().get(path), await scene.browser().press(path)]) {
        await expectNothing(shown, 404, 'This link does not work')
      }
    }
  })

  test('of another deployment does not work, nor one for an operator that is none', async () => {
    const { services } = scene.gateway
    const [operator] = await ownerSql(scene.database, `select id from operator where display_name = 'Olga'`)
    const known = { operatorId: String(operator?.['id']), tenantId: contoso.id }
    const elsewhere = { ...services, sealingKeys: [randomBytes(32)] }
    const links = [sealTicket(elsewhere, known), sealTicket(services, { ...known, operatorId: crypto.randomUUID() })]
    for (const { ticket } of links) {
      const browser = scene.browser()
      for (const shown of [await browser.get(`/sign-in/${ticket}`), await browser.press(`/sign-in/${ticket}`)]) {
        await expectNothing(shown, 404, 'This link does not work')
      }
      expect(browser.cookies.size).toBe(0)
    }
    expect((await scene.browser().get(`/sign-in/${sealTicket(services, known).ticket}`)).status).toBe(200)
  })

  test('that an application or an API key was given leads nowhere: nobody could take the sign-in up', async () => {
    const key = await scene.gateway.anApiKey([{ tenantId: contoso.id, roles }])
    const { data } = await scene.gateway.graphql(
      `{ securityEvents(filter: { userPrincipalName: "uma@contoso.com" }) { edges { node { availableRemediations {
        requirements { ... on PrivilegedSignInRequirement { signInUrl } } } } } } }`,
      {},
      { as: key },
    )
    const [link] = data.securityEvents.edges[0].node.availableRemediations.flatMap(
      ({ requirements }: { requirements: { signInUrl?: string }[] }) =>
        requirements.flatMap(({ signInUrl }) => signInUrl ?? []),
    )
    const browser = scene.browser()
    for (const shown of [await browser.get(link), await browser.press(link)]) {
      await expectNothing(shown, 403, 'A person must ask for this')
    }
    expect(browser.cookies.size).toBe(0)
  })

  test('has no side door: neither an API key nor an application takes up or opens a sign-in', async () => {
    const key = await scene.gateway.anApiKey([{ tenantId: contoso.id, roles }])
    codeOn(await scene.signedIn(await scene.linkFor(olga), gloria))
    const [waiting] = await scene.stored()
    const accessToken = scene.gateway.microsoft.token({ tenantId: contoso.id, userId: gloria })
    for (const [field, more] of [
      ['confirmPrivilegedSignIn', { code: 'AAAAAAAA' }],
      ['openPrivilegedSession', { accessToken }],
    ] as const) {
      const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
      const { data } = await scene.gateway.graphql(
        `mutation ($input: ${type}!) { ${field}(input: $input) { __typename ... on Refusal { message } } }`,
        { input: { tenantId: tenantGlobalId(contoso.id), ...more } },
        { as: key },
      )
      expect(data[field]).toMatchObject({
        __typename: 'NotAllowedError',
        message: expect.stringContaining('a person must act'),
      })
    }
    expect(await scene.stored()).toEqual([waiting])
  })

  test('is good for its operator alone, whoever opens it: the sign-in of one is not another’s', async () => {
    const code = codeOn(await scene.signedIn(await scene.linkFor(otto), gloria))
    expect(await scene.confirm(olga, code)).toMatchObject({ __typename: 'NotFoundError' })
    expect(await scene.confirm(otto, code, tenantGlobalId(fabrikam.id))).toMatchObject({ __typename: 'NotFoundError' })
    expect(await scene.confirm(otto, code)).toMatchObject({ __typename: 'PrivilegedSession' })
    expect(await scene.sessionsOf(olga)).toEqual({ viewer: [], tenant: null })
    expect(await scene.sessionsOf(as('Rea'))).toEqual({ viewer: [], tenant: null })
  })

  test('never leads a browser anywhere but to Entra, whatever is asked of it', async () => {
    const link = await scene.linkFor(olga)
    const ticket = ticketOf(link)
    const entra = scene.gateway.microsoft.url
    const evil = 'https://evil.example.com'
    const paths = [
      `/sign-in/${ticket}?redirect_uri=${evil}&return_to=${evil}&next=//evil.example.com&url=${evil}`,
      `//evil.example.com/sign-in/${ticket}`,
      `/sign-in//evil.example.com/${ticket}`,
      `/sign-in/${encodeURIComponent(`${evil}/`)}`,
      `/sign-in/%2f%2fevil.example.com`,
      `/consent/%0d%0alocation:%20${evil}`,
      `/sign-in/callback/../${ticket}`,
      `/sign-in/callback?redirect_uri=${evil}&state=${ticket}`,
      `/consent/callback?next=${evil}&state=x`,
      `/sign-in/`,
      `/sign-in`,
      `/\\evil.example.com`,
    ]
    const hostile = {
      'sec-fetch-site': 'same-origin',
      host: 'evil.example.com',
      'x-forwarded-host': 'evil.example.com',
    }
    for (const path of paths) {
      for (const shown of [await visit(path, 'GET', hostile), await visit(path, 'POST', hostile)]) {
        if (shown.location !== null) {
          expect(shown.location).toMatch(new RegExp(`^${entra}/${contoso.id}/oauth2/v2.0/authorize\\?`))
          expect(new URL(shown.location).searchParams.get('redirect_uri')).toBe(`${publicUrl}/sign-in/callback`)
        }
        expect(shown.text).not.toContain('evil.example.com')
        expect(shown.status).toBeLessThan(500)
      }
    }
  })
})

/** As it is written, without a client's tidying up. */
function visit(path: string, method: string, headers: Record<string, string>) {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number
    location: string | null
    text: string
  }>()
  const { port } = new URL(scene.gateway.url)
  const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (answer) => {
    const chunks: Buffer[] = []
    answer.on('data', (chunk: Buffer) => chunks.push(chunk))
    answer.on('end', () =>
      resolve({
        status: answer.statusCode ?? 0,
        location: answer.headers.location ?? null,
        text: Buffer.concat(chunks).toString(),
      }),
    )
  })
  sent.on('error', reject).end()
  return promise
}

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
