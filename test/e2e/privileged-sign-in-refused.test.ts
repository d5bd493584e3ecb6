/** Sign-ins that do not count: each says why, is on record, and leaves nothing behind. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { userOf } from '../../simulator/builders.ts'
import { ownerSql } from '../support/owner-sql.ts'
import type { Shown } from '../support/page-visitor.ts'
import {
  aSignInScene,
  as,
  codeOn,
  contoso,
  fabrikam,
  litware,
  northwind,
  olga,
  proseware,
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

const refused = async (shown: Shown, status: number, title: string, reason: string, tenant = contoso) => {
  expect(shown).toMatchObject({ status, text: expect.stringContaining(title) })
  expect(shown.text).not.toContain('class="code"')
  expect(await scene.stored()).toEqual([])
  expect(await scene.lastAudit(tenant.id)).toMatchObject({ name: 'privileged_sign_in.refused', details: { reason } })
}

test('a callback in a browser without the page’s cookie; the right browser can still go on', async () => {
  const { browser, entra } = await scene.atEntra(await scene.linkFor(olga))
  const callback = await scene.gateway.microsoft.signIn(entra, userOf(contoso, 'Gloria').id)
  const other = await scene.browser().get(callback)
  await refused(other, 400, 'not begun in this browser', 'OTHER_BROWSER')
  expect((await browser.get(callback)).status).toBe(200)
})

test('a replayed state, even with its cookie and a new code', async () => {
  const { browser, entra } = await scene.atEntra(await scene.linkFor(olga))
  const cookies = new Map(browser.cookies)
  const callback = await scene.gateway.microsoft.signIn(entra, userOf(contoso, 'Gloria').id)
  await browser.get(callback)
  await ownerSql(scene.database, 'delete from privileged_session')
  for (const [name, value] of cookies) browser.cookies.set(name, value)
  const again = await browser.get(await scene.gateway.microsoft.signIn(entra, userOf(contoso, 'Gloria').id))
  await refused(again, 400, 'was used already', 'STATE_REPLAYED')
})

test('a page that is loaded again: its cookie went with its use', async () => {
  const { browser, entra } = await scene.atEntra(await scene.linkFor(olga))
  const callback = await scene.gateway.microsoft.signIn(entra, userOf(contoso, 'Gloria').id)
  const code = codeOn(await browser.get(callback))
  expect(await browser.get(callback)).toMatchObject({ status: 400, text: expect.stringContaining('was used already') })
  expect(await scene.lastAudit()).toMatchObject({ details: { reason: 'STATE_REPLAYED' } })
  expect(await scene.confirm(olga, code)).toMatchObject({ __typename: 'PrivilegedSession' })
})

test('a code that belongs to another PKCE verifier', async () => {
  const browser = scene.browser()
  const mine = await scene.atEntra(await scene.linkFor(olga), browser)
  const theirs = await scene.atEntra(await scene.linkFor(olga))
  const callback = await scene.gateway.microsoft.signIn(theirs.entra, userOf(contoso, 'Gloria').id)
  callback.searchParams.set('state', mine.entra.searchParams.get('state') ?? '')
  await refused(await browser.get(callback), 400, 'could not be verified', 'PROOF_FAILED')
})

test('a changed cookie and a made-up state', async () => {
  const { browser, entra } = await scene.atEntra(await scene.linkFor(olga))
  const callback = await scene.gateway.microsoft.signIn(entra, userOf(contoso, 'Gloria').id)
  for (const [name, value] of browser.cookies) browser.cookies.set(name, `${value.slice(0, -2)}AA`)
  await refused(await browser.get(callback), 400, 'not begun in this browser', 'OTHER_BROWSER')
  callback.searchParams.set('state', 'made-up')
  expect((await browser.get(callback)).status).toBe(400)
})

test.each([
  ['with its cookie', false],
  ['whose cookie the browser has thrown away', true],
])('a sign-in that took more than fifteen minutes, %s', async (_what, isCookieGone) => {
  const { browser, entra } = await scene.atEntra(await scene.linkFor(olga))
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 16 * 60_000 })
  if (isCookieGone) browser.cookies.clear()
  const callback = await scene.gateway.microsoft.signIn(entra, userOf(contoso, 'Gloria').id)
  await refused(await browser.get(callback), 410, 'took too long', 'STATE_EXPIRED')
})

test('a sign-in of another tenant', async () => {
  const { browser, entra } = await scene.atEntra(await scene.linkFor(olga))
  const elsewhere = new URL(entra.href.replace(contoso.id, fabrikam.id))
  const callback = await scene.gateway.microsoft.signIn(elsewhere, userOf(fabrikam, 'Frida').id)
  await refused(await browser.get(callback), 403, 'another organisation', 'WRONG_TENANT')
})

test.each([
  ['a lower admin role', userOf(contoso, 'Uma').id],
  ['no role', userOf(contoso, 'Olga').id],
  ["a partner's group with a lower role", userOf(litware, 'Timo').id],
])('%s', async (_what, userId) => {
  await refused(await scene.signedIn(await scene.linkFor(olga), userId), 403, 'does not hold the role', 'WRONG_ROLE')
})

test('a partner whose own tenant does not let us read', async () => {
  const shown = await scene.signedIn(await scene.linkFor(olga), userOf(proseware, 'Paul').id)
  await refused(shown, 403, 'could not be checked', 'PARTNER_UNREADABLE')
})

test('declined', async () => {
  const { browser, entra } = await scene.atEntra(await scene.linkFor(olga))
  const { headers } = await fetch(entra, {
    method: 'POST',
    body: new URLSearchParams({ cancel: 'true' }),
    redirect: 'manual',
  })
  await refused(await browser.get(headers.get('location') ?? ''), 403, 'You declined', 'DECLINED')
})

test.each(['blockSignIn', 'blockToken'] as const)('blocked by Conditional Access (%s)', async (conditionalAccess) => {
  scene.gateway.microsoft.world.switches = { conditionalAccess }
  const shown = await scene.signedIn(await scene.linkFor(olga), userOf(contoso, 'Gloria').id)
  await refused(shown, 403, 'rules blocked the sign-in', 'CONDITIONAL_ACCESS')
  expect(shown.text).toContain('AADSTS53003')
})

test('B18 delegated consent missing: the page leads to the consent page', async () => {
  const link = await scene.linkFor(as('Olaf', northwind))
  const shown = await scene.signedIn(link, userOf(northwind, 'Nora').id)
  await refused(shown, 403, 'has not consented yet', 'CONSENT_MISSING', northwind)
  expect(shown.text).toMatch(/href="https:\/\/tourniquet\.example\.com\/consent\/[\w-]+"/)
})

test('Entra down', async () => {
  const { browser, entra } = await scene.atEntra(await scene.linkFor(olga))
  const callback = await scene.gateway.microsoft.signIn(entra, userOf(contoso, 'Gloria').id)
  scene.gateway.microsoft.fault({ fault: 'status', service: 'login', times: 4, args: { status: 503, code: 'x' } })
  const shown = await browser.get(callback)
  expect(shown.status).toBeGreaterThanOrEqual(400)
  expect(await scene.stored()).toEqual([])
})
