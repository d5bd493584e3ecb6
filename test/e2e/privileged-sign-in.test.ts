/** The privileged sign-in over real HTTP: the page, Entra's page, the callback, the code, the session (invariants 5 and 7). */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { userOf } from '../../simulator/builders.ts'
import { tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import {
  aSignInScene,
  as,
  codeOn,
  contoso,
  fabrikam,
  litware,
  olga,
  otto,
  publicUrl,
  type SignInScene,
} from '../support/sign-in-scene.ts'

let scene: SignInScene
beforeAll(async () => {
  scene = await aSignInScene()
})
afterEach(async () => {
  vi.useRealTimers()
  await scene.reset()
})
afterAll(() => scene.close())

describe('the page', () => {
  test('says who asks, for which organisation, to do what and for how long, and changes nothing', async () => {
    const before = await scene.audit()
    const { status, text, headers } = await scene.browser().get(await scene.linkFor(olga))
    expect(status).toBe(200)
    for (const words of ['Olga, of Contoso', 'reset passwords', '60 minutes', 'Global Administrator']) {
      expect(text).toContain(words)
    }
    expect(headers.getSetCookie()).toEqual([])
    expect(await scene.audit()).toEqual(before)
  })

  test('works without a script, loads nothing from elsewhere, is not stored and not framed', async () => {
    const { text, headers } = await scene.browser().get(await scene.linkFor(olga))
    expect(text).not.toMatch(/<script|<link|<img|<iframe|\son\w+=|style="/i)
    expect(text).toMatch(/<html lang="en">[\s\S]*<main>[\s\S]*<h1>/)
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe-inline')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('referrer-policy')).toBe('same-origin')
  })

  test.each([
    ['cut', (link: string) => link.slice(0, -3)],
    ['changed', (link: string) => `${link.slice(0, -1)}${link.endsWith('A') ? 'B' : 'A'}`],
    ['made up', () => `${publicUrl}/sign-in/anything`],
  ])('a link that was %s does not work', async (_how, change) => {
    const { status, text } = await scene.browser().get(change(await scene.linkFor(olga)))
    expect({ status, says: /This link does not work/.test(text) }).toEqual({ status: 404, says: true })
  })

  test('an expired link says so, on opening and on going on', async () => {
    const link = await scene.linkFor(olga)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 16 * 60_000 })
    const browser = scene.browser()
    for (const shown of [await browser.get(link), await browser.press(link)]) {
      expect(shown).toMatchObject({ status: 410, text: expect.stringContaining('This link has expired') })
    }
    expect(browser.cookies.size).toBe(0)
    expect(await scene.stored()).toEqual([])
  })

  test('another site cannot begin a sign-in in somebody’s browser', async () => {
    const browser = scene.browser()
    const headers = [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://attacker.example.com' }, { origin: 'null' }]
    for (const header of headers) {
      expect(await browser.press(await scene.linkFor(olga), header)).toMatchObject({ status: 400, location: null })
    }
    expect(browser.cookies.size).toBe(0)
  })

  test('the cookie is bound to the host, hidden from scripts, and gone after its one use', async () => {
    const browser = scene.browser()
    const { headers, location } = await browser.press(await scene.linkFor(olga))
    const [cookie = ''] = headers.getSetCookie()
    expect(cookie).toMatch(/^__Host-tourniquet-sign-in-/)
    for (const attribute of ['HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/']) expect(cookie).toContain(attribute)
    expect(location?.searchParams.get('code_challenge_method')).toBe('S256')
    await browser.get(await scene.gateway.microsoft.signIn(location ?? '', userOf(contoso, 'Gloria').id))
    expect(browser.cookies.size).toBe(0)
  })
})

describe('a sign-in that counts (B11, B21)', () => {
  test.each([
    ['directly', userOf(contoso, 'Gloria').id, 'gloria@contoso.com', 'Global Administrator'],
    [
      'by a role-assignable group',
      userOf(contoso, 'Pia').id,
      'pia@contoso.com',
      'Privileged Authentication Administrator',
    ],
    ['as a guest', userOf(contoso, 'Gustav').id, undefined, 'Privileged Authentication Administrator'],
    [
      "through a partner's group (GDAP)",
      userOf(litware, 'Tess').id,
      'tess@litware.com',
      'Privileged Authentication Administrator',
    ],
  ])('with the role held %s', async (_how, userId, address, role) => {
    const shown = await scene.signedIn(await scene.linkFor(olga), userId)
    expect(shown.status).toBe(200)
    expect(await scene.sessionsOf(olga)).toEqual({ viewer: [], tenant: null })
    const session = await scene.confirm(olga, codeOn(shown))
    expect(session).toMatchObject({ __typename: 'PrivilegedSession', roles: [role], tenant: { name: 'Contoso' } })
    if (address) expect(session.signedInAs).toBe(address)
    expect(Date.parse(session.expiresAt)).toBeLessThanOrEqual(Date.now() + 60 * 60_000)
    const { viewer, tenant } = await scene.sessionsOf(olga)
    expect([viewer.length, tenant?.roles]).toEqual([1, [role]])
    expect(await scene.sessionsOf(otto)).toEqual({ viewer: [], tenant: null })
    const names = (await scene.audit()).map(({ name }) => name)
    expect(names.slice(-3)).toEqual([
      'privileged_sign_in.opened',
      'privileged_sign_in.completed',
      'privileged_sign_in.confirmed',
    ])
  })

  test('the code is taken in small letters and without its space, once', async () => {
    const code = codeOn(await scene.signedIn(await scene.linkFor(olga), userOf(contoso, 'Gloria').id))
    expect(await scene.confirm(olga, ` ${code.toLowerCase().replace(' ', '-')} `)).toMatchObject({
      __typename: 'PrivilegedSession',
    })
    expect(await scene.confirm(olga, code)).toMatchObject({ __typename: 'NotFoundError' })
    expect((await scene.sessionsOf(olga)).viewer).toHaveLength(1)
  })

  test('what rests is sealed: neither token nor code nor refresh token is in the database or the log', async () => {
    const shown = await scene.signedIn(await scene.linkFor(olga), userOf(contoso, 'Gloria').id)
    const [row] = await scene.stored()
    const text = JSON.stringify(row) + scene.gateway.log() + JSON.stringify(await scene.audit())
    expect(text).not.toMatch(/eyJ[\w-]+\.eyJ/)
    expect(text).not.toContain(codeOn(shown).replace(' ', ''))
    expect(Object.keys(row ?? {}).filter((name) => /token/.test(name))).toEqual(['sealed_token'])
    expect(shown.text).not.toMatch(/eyJ/)
  })

  test('ended by mutation it is gone at once, with its token', async () => {
    await scene.confirm(olga, codeOn(await scene.signedIn(await scene.linkFor(olga), userOf(contoso, 'Gloria').id)))
    const end = () =>
      scene.gateway.graphql(
        `mutation ($input: EndPrivilegedSessionInput!) { endPrivilegedSession(input: $input) { __typename
          ... on PrivilegedSession { endedAt } ... on Refusal { code } } }`,
        { input: { tenantId: tenantGlobalId(contoso.id) } },
        { as: olga },
      )
    expect((await end()).data.endPrivilegedSession).toMatchObject({
      __typename: 'PrivilegedSession',
      endedAt: expect.any(String),
    })
    expect(await scene.sessionsOf(olga)).toEqual({ viewer: [], tenant: null })
    expect(await scene.stored()).toMatchObject([{ sealed_token: null, ending: 'MUTATION' }])
    expect(await scene.lastAudit()).toMatchObject({
      name: 'privileged_sign_in.ended',
      operator: { displayName: 'Olga' },
      details: { reason: 'MUTATION' },
    })
    expect((await end()).data.endPrivilegedSession).toMatchObject({ code: 'NOT_FOUND' })
  })

  test('it ends by time, never after its token', async () => {
    await scene.confirm(olga, codeOn(await scene.signedIn(await scene.linkFor(olga), userOf(contoso, 'Gloria').id)))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60 * 60_000 })
    expect(await scene.sessionsOf(olga)).toEqual({ viewer: [], tenant: null })
  })

  test('a newer sign-in takes the place of the one before', async () => {
    const links = [await scene.linkFor(olga), await scene.linkFor(olga), await scene.linkFor(olga)] as const
    const first = codeOn(await scene.signedIn(links[0], userOf(contoso, 'Gloria').id))
    const second = codeOn(await scene.signedIn(links[1], userOf(contoso, 'Pia').id))
    expect(await scene.confirm(olga, first)).toMatchObject({ __typename: 'InvalidInputError' })
    expect(await scene.confirm(olga, second)).toMatchObject({ signedInAs: 'pia@contoso.com' })
    const third = codeOn(await scene.signedIn(links[2], userOf(contoso, 'Gloria').id))
    expect(await scene.confirm(olga, third)).toMatchObject({ signedInAs: 'gloria@contoso.com' })
    expect((await scene.sessionsOf(olga)).viewer).toEqual([{ signedInAs: 'gloria@contoso.com' }])
  })
})

describe('a code that does not count', () => {
  test('typed by another operator: the link was not theirs', async () => {
    const code = codeOn(await scene.signedIn(await scene.linkFor(olga), userOf(contoso, 'Gloria').id))
    expect(await scene.confirm(otto, code)).toMatchObject({
      __typename: 'NotFoundError',
      message: expect.stringContaining('belongs to the operator whose link'),
    })
    expect(await scene.sessionsOf(otto)).toEqual({ viewer: [], tenant: null })
    expect(await scene.lastAudit()).toMatchObject({
      name: 'privileged_sign_in.refused',
      operator: { displayName: 'Otto' },
      details: { reason: 'NOTHING_WAITS' },
    })
    expect(await scene.confirm(olga, code)).toMatchObject({ __typename: 'PrivilegedSession' })
  })

  test('five wrong ones make the sign-in void, also for the right one', async () => {
    const code = codeOn(await scene.signedIn(await scene.linkFor(olga), userOf(contoso, 'Gloria').id))
    for (const left of ['4 tries are left', '3 tries are left', '2 tries are left', 'One try is left', 'last try']) {
      expect(await scene.confirm(olga, 'AAAA AAAA')).toMatchObject({
        __typename: 'InvalidInputError',
        issues: [{ path: ['input', 'code'], message: expect.stringContaining(left) }],
      })
    }
    expect(await scene.confirm(olga, code)).toMatchObject({ __typename: 'NotFoundError' })
    expect(await scene.stored()).toMatchObject([{ sealed_token: null, code_hash: null, ending: 'WRONG_CODES' }])
    expect((await scene.sessionsOf(olga)).viewer).toEqual([])
  })

  test('five tries are five also side by side', async () => {
    await scene.signedIn(await scene.linkFor(olga), userOf(contoso, 'Gloria').id)
    const answers = await Promise.all(Array.from({ length: 12 }, () => scene.confirm(olga, 'AAAA AAAA')))
    expect(answers.filter(({ __typename }) => __typename === 'InvalidInputError')).toHaveLength(5)
  })

  test('after ten minutes', async () => {
    const code = codeOn(await scene.signedIn(await scene.linkFor(olga), userOf(contoso, 'Gloria').id))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * 60_000 })
    expect(await scene.confirm(olga, code)).toMatchObject({ __typename: 'NotFoundError' })
    expect(await scene.stored()).toMatchObject([{ sealed_token: null, ending: 'EXPIRED' }])
  })

  test('without the role Remediations.Privileged, by an API key, and in a tenant that is not theirs', async () => {
    expect(await scene.confirm(as('Rea'), 'AAAAAAAA')).toMatchObject({ __typename: 'NotAllowedError' })
    const key = await scene.gateway.anApiKey([
      { tenantId: contoso.id, roles: ['Events.Read', 'Remediations.Privileged'] },
    ])
    const { data } = await scene.gateway.graphql(
      'mutation ($input: ConfirmPrivilegedSignInInput!) { confirmPrivilegedSignIn(input: $input) { __typename } }',
      { input: { tenantId: tenantGlobalId(contoso.id), code: 'AAAAAAAA' } },
      { as: key },
    )
    expect(data.confirmPrivilegedSignIn).toEqual({ __typename: 'NotAllowedError' })
    expect(await scene.confirm(olga, 'AAAAAAAA', tenantGlobalId(fabrikam.id))).toMatchObject({
      __typename: 'NotFoundError',
    })
  })
})
