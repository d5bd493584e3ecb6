/** Attacks with the links of our pages: changed, misplaced or passed on, they open nothing and lead nowhere. */
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { userOf } from '../../simulator/builders.ts'
import { roles } from '../../src/context.ts'
import { upsertOperator } from '../../src/db/operators.ts'
import { tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import { sealConsentTicket, sealTicket } from '../../src/services/authority/tickets.ts'
import { ownerSql } from '../support/owner-sql.ts'
import type { Shown } from '../support/page-visitor.ts'
import {
  aSignInScene,
  as,
  codeOn,
  contoso,
  fabrikam,
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
const _wanda = userOf(wingtip, 'Wanda').id

async function expectNothing(shown: Shown, status: number, title: string): Promise<void> {
  expect(shown).toMatchObject({ status, text: expect.stringContaining(title), location: null })
  expect(shown.text).not.toContain('class="code"')
  expect(await scene.stored()).toEqual([])
}

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
