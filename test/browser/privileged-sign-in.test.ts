/** An administrator is blocked, from the refused mutation to the confirmed run, on the pages as a person uses them (B11, B18, B21). */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { userOf } from '../../simulator/builders.ts'
import { tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import { aBrowser, complaintsOf, noBrowser } from '../support/chromium.ts'
import { aFreePort } from '../support/free-port.ts'
import { expectAccessible, tabTo } from '../support/page-checks.ts'
import {
  aSignInScene,
  as,
  contoso,
  fabrikam,
  litware,
  northwind,
  olga,
  type SignInScene,
} from '../support/sign-in-scene.ts'

const olaf = as('Olaf', northwind)
const tess = as('Tess', litware)
const nils = userOf(northwind, 'Nils')

describe.skipIf(noBrowser)('the pages of consent and privileged sign-in', { timeout: 120_000 }, () => {
  let browser: Browser
  let scene: SignInScene
  let context: BrowserContext
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    browser = await aBrowser()
  })
  afterAll(() => browser?.close())
  beforeEach(async () => {
    scene = await aSignInScene({ port: await aFreePort() })
    await open()
  })
  afterEach(async () => {
    vi.useRealTimers()
    await context?.close()
    await scene?.close()
  })

  /** Somebody's browser. It need not know the authority of the simulator's certificate. */
  async function open(options: BrowserContextOptions = {}): Promise<void> {
    await context?.close()
    context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 900, height: 700 }, ...options })
    page = await context.newPage()
    page.setDefaultTimeout(60_000)
    complaints = complaintsOf(page)
  }

  const heading = () => page.getByRole('heading', { level: 1 }).innerText()
  const onPage = (text: string | RegExp) => page.getByText(text).first().waitFor()
  const press = (name: string | RegExp) => page.getByRole('button', { name }).click()
  /** From our page through its button to Entra's, where somebody is chosen. */
  async function continueAs(person: string | RegExp): Promise<void> {
    await press('Continue to Microsoft')
    await onPage('Choose an account:')
    await press(person)
  }
  async function consentAs(person: string): Promise<void> {
    await continueAs(new RegExp(`^${person} `))
    await onPage('Accepting grants these permissions for the whole organisation.')
    await press(new RegExp(`^Accept as ${person} `))
  }

  /** The same mutation, with the same key, each time. */
  async function blocking(who: typeof olaf) {
    const found = await scene.gateway.graphql(aboutNils, { upn: nils.userPrincipalName }, { as: who })
    const { id, subjects } = found.data.securityEvents.edges[0].node
    const input = { eventId: id, subjectId: subjects[0].id, actions: ['DISABLE_USER'], idempotencyKey: 'one-click' }
    return async () => {
      const { data, errors } = await scene.gateway.graphql(blockUser, { input }, { as: who })
      expect(errors).toEqual([])
      return data.blockUser
    }
  }
  const isEnabled = () => scene.gateway.microsoft.user(nils.id).accountEnabled
  const shownCode = () => page.locator('.code').innerText()
  const confirm = (who: typeof olaf, code: string) => scene.confirm(who, code, tenantGlobalId(northwind.id))
  const auditNames = async () =>
    (await scene.audit(northwind.id)).map(({ name }) => name).filter((name) => name !== 'events.imported')

  const wholeWay = [
    'remediation.refused',
    'consent.asked',
    'consent.verified',
    'remediation.refused',
    'privileged_sign_in.opened',
    'privileged_sign_in.completed',
    'privileged_sign_in.confirmed',
    'remediation.requested',
    'remediation.started',
    'remediation.confirmed',
  ]

  test.each([{ javaScriptEnabled: true }, { javaScriptEnabled: false }])(
    'B11 B18 the organisation’s own administrators: one consents, one signs in, and the same mutation goes through (%o)',
    async (options) => {
      await open(options)
      const block = await blocking(olaf)

      const consentRequired = await block()
      expect(consentRequired).toMatchObject({
        __typename: 'AdminConsentRequiredError',
        grantableBy: ['Global Administrator'],
      })
      await page.goto(consentRequired.consentUrl)
      expect(await heading()).toBe('Consent for Northwind')
      await onPage('Olaf, of Northwind')
      await onPage('A Global Administrator of the organisation itself. A partner cannot, whatever its roles.')
      await consentAs('Nora')
      expect(await heading()).toBe('The consent is there')
      await onPage('Microsoft confirms that Northwind has consented.')

      const signInRequired = await block()
      expect(signInRequired.__typename).toBe('PrivilegedSignInRequiredError')
      expect(isEnabled()).toBe(true)
      await page.goto(signInRequired.signInUrl)
      expect(await heading()).toBe('Sign in as an administrator of Northwind')
      for (const words of [
        'Olaf, of Northwind',
        northwind.id,
        /Block accounts that hold admin roles/,
        /At most 60 minutes/,
      ])
        await onPage(words)
      await continueAs(/^Piet /)
      expect(await heading()).toBe('Tell this code to the person who asked')
      await onPage('Privileged Authentication Administrator')
      expect(await confirm(olaf, await shownCode())).toMatchObject({ signedInAs: 'piet@northwind.com' })

      expect(await block()).toMatchObject({
        status: 'SUCCEEDED',
        steps: [{ kind: 'DISABLE_USER', state: 'CONFIRMED' }],
      })
      expect(isEnabled()).toBe(false)
      expect(await auditNames()).toEqual(wholeWay)
      expect(await scene.lastAudit(northwind.id)).toMatchObject({ operator: { displayName: 'Olaf' } })
      expect(complaints).toEqual([])
    },
  )

  test('B18 B21 a partner’s technician cannot consent; once the organisation’s own administrator has, the technician signs in', async () => {
    await scene.gateway.grantPartner({ name: 'Litware', entraTenantId: litware.id, members: [tess.userId] }, [
      { tenantId: northwind.id, roles: ['Events.Read', 'Remediations.User', 'Remediations.Privileged'] },
    ])
    const block = await blocking(tess)
    const { consentUrl } = await block()

    await page.goto(consentUrl)
    await onPage('Tess, of Litware')
    await continueAs(/^Tess /)
    expect(await heading()).toBe('This account cannot give the consent')
    await onPage(/Pass the link on to a Global Administrator of the organisation/)
    expect(scene.gateway.microsoft.tenant('Northwind').oauth2PermissionGrants).toEqual([])
    expect(complaints).toEqual([expect.stringContaining('403'), expect.stringContaining('403')])

    await open()
    await page.goto(consentUrl)
    await consentAs('Nora')
    expect(await heading()).toBe('The consent is there')

    const { signInUrl } = await block()
    await page.goto(signInUrl)
    await onPage('Tess, of Litware')
    await continueAs(/^Tess /)
    expect(await heading()).toBe('Type this code in where you asked')
    await onPage('Privileged Authentication Administrator')
    expect(await confirm(tess, await shownCode())).toMatchObject({ signedInAs: 'tess@litware.com' })

    expect(await block()).toMatchObject({ status: 'SUCCEEDED', steps: [{ kind: 'DISABLE_USER', state: 'CONFIRMED' }] })
    expect(isEnabled()).toBe(false)
    expect(await auditNames()).toEqual(wholeWay.toSpliced(1, 0, 'consent.asked', 'consent.refused'))
    expect(complaints).toEqual([])
  })

  test('what Entra sent is gone from the address bar and the history, also when the sign-in failed', async () => {
    const { consentUrl } = await (await blocking(olaf))()
    const link = await scene.linkFor(olga)
    const ways: [string, () => Promise<void>][] = [
      [link, () => continueAs(/^Gloria /)],
      [link, () => continueAs(/^Uma /)],
      [consentUrl, () => consentAs('Nora')],
    ]
    for (const [url, way] of ways) {
      await open()
      const asked: string[] = []
      page.on('request', (request) => asked.push(request.url()))
      await page.goto(url)
      await way()
      await page.getByRole('main').waitFor()
      const callback = `${new URL(url).origin}${new URL(url).pathname.replace(/[^/]*$/, 'callback')}`
      expect(page.url()).toBe(callback)
      const cdp = await context.newCDPSession(page)
      const { entries } = await cdp.send('Page.getNavigationHistory')
      const ours = entries.map((entry) => entry.url).filter((entry) => entry.startsWith(scene.gateway.url))
      expect(ours).toEqual([url, callback])
      const spent = asked.filter((one) => one.startsWith(callback)).flatMap((one) => [...new URL(one).searchParams])
      const codes = spent.filter(([name]) => name === 'code').map(([, value]) => value)
      expect(spent.length).toBeGreaterThan(1)
      expect(entries.filter((entry) => codes.some((code) => entry.url.includes(code)))).toEqual([])
      expect(await page.evaluate('document.referrer')).not.toContain(new URL(url).pathname)
    }
    expect(complaints).toEqual([])
  })

  test('the keyboard alone suffices', async () => {
    const { consentUrl } = await (await blocking(olaf))()
    for (const url of [consentUrl, await scene.linkFor(olga)]) {
      await page.goto(url)
      await tabTo(page, 'Continue to Microsoft')
      await page.keyboard.press('Enter')
      await onPage('Choose an account:')
    }
    expect(complaints).toEqual([])
  })

  test.each(['light', 'dark'] as const)('every sort of page is readable (%s)', async (colorScheme) => {
    await open({ colorScheme })
    await page.goto((await (await blocking(olaf))()).consentUrl)
    await expectAccessible(page)
    await consentAs('Nora')
    await expectAccessible(page)
    await page.goto(await scene.linkFor(olga))
    await expectAccessible(page)
    await continueAs(/^Gloria /)
    await expectAccessible(page)
    await page.goto(`${scene.gateway.url}/sign-in/cut`)
    await expectAccessible(page)
  })

  describe('what went wrong is said, and what to do', () => {
    /** The page names the fault and the way on, shows no code, and the browser complains of its status alone. */
    async function expectFailure(status: number, title: string, remedy: string | RegExp): Promise<void> {
      expect(await heading()).toBe(title)
      await page.getByRole('alert').waitFor()
      await page.getByRole('heading', { name: 'What to do' }).waitFor()
      await onPage(remedy)
      expect(await page.locator('.code').count()).toBe(0)
      for (const complaint of complaints) expect(complaint).toContain(String(status))
      expect(await scene.stored()).toEqual([])
      await expectAccessible(page)
    }

    test('declined at Entra, at sign-in and at consent', async () => {
      await page.goto(await scene.linkFor(olga))
      await press('Continue to Microsoft')
      await press('Cancel')
      await expectFailure(403, 'You declined', /open the link again/)

      await page.goto((await (await blocking(olaf))()).consentUrl)
      await continueAs(/^Nora /)
      await press('Cancel')
      await expectFailure(403, 'You declined', /open the link again/)
    })

    test('the role does not suffice, at sign-in and at consent', async () => {
      await page.goto(await scene.linkFor(olga))
      await continueAs(/^Uma /)
      await onPage('You signed in as Uma (uma@contoso.com).')
      await onPage(/Needed is Privileged Authentication Administrator or Global Administrator/)
      await expectFailure(403, 'Your account does not hold the role that is needed', /use an account that holds it/)

      await page.goto((await (await blocking(olaf))()).consentUrl)
      await continueAs(/^Piet /)
      await onPage('Needed is Global Administrator of the organisation itself.')
      await expectFailure(403, 'Your account does not hold the role that is needed', /use an account that holds it/)
    })

    test('an account of another organisation', async () => {
      await page.goto(await scene.linkFor(olga))
      await press('Continue to Microsoft')
      // The browser was signed in elsewhere: Entra's page of the other organisation answers.
      await page.goto(page.url().replace(contoso.id, fabrikam.id))
      await press(/^Frida /)
      await expectFailure(403, 'You signed in to another organisation', /choose an account of that organisation/)
    })

    test('an expired link, opened and pressed', async () => {
      const link = await scene.linkFor(olga)
      await page.goto(link)
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 16 * 60_000 })
      await press('Continue to Microsoft')
      await expectFailure(410, 'This link has expired', /Ask the person who sent you the link for a new one/)
      await page.goto(link)
      await expectFailure(410, 'This link has expired', /Ask the person who sent you the link for a new one/)
    })

    test('blocked by Conditional Access', async () => {
      scene.gateway.microsoft.world.switches = { conditionalAccess: 'blockSignIn' }
      await page.goto(await scene.linkFor(olga))
      await continueAs(/^Gloria /)
      await onPage(/AADSTS53003/)
      await expectFailure(
        403,
        'Your organisation’s rules blocked the sign-in',
        /a device and a place that your policies/,
      )
    })

    test('B18 consent is missing: the page leads on to it, and afterwards the sign-in counts', async () => {
      const link = await scene.linkFor(olaf)
      await page.goto(link)
      await continueAs(/^Nora /)
      await expectFailure(403, 'The organisation has not consented yet', /Sign in again afterwards/)
      await page.getByRole('link', { name: 'Open the consent page' }).click()
      expect(await heading()).toBe('Consent for Northwind')
      await consentAs('Nora')
      expect(await heading()).toBe('The consent is there')
      await page.goto(link)
      await continueAs(/^Nora /)
      expect(await confirm(olaf, await shownCode())).toMatchObject({ signedInAs: 'nora@northwind.com' })
    })

    test('a page that is loaded a second time does not show the code again', async () => {
      await page.goto(await scene.linkFor(olga))
      await continueAs(/^Gloria /)
      await page.locator('.code').waitFor()
      await page.reload()
      expect(await heading()).toBe('This sign-in was used already')
      await onPage(/What the first page said counts/)
      await page.getByRole('heading', { name: 'What to do' }).waitFor()
      await expectAccessible(page)
    })
  })
})

const aboutNils = `query ($upn: String!) { securityEvents(first: 1, filter: { userPrincipalName: $upn }) { edges { node { id
  subjects { ... on UserSubject { id } } } } } }`
const blockUser = `mutation ($input: BlockUserInput!) { blockUser(input: $input) { __typename
  ... on RemediationRun { status steps { kind state code } } ... on Refusal { code message }
  ... on AdminConsentRequiredError { consentUrl grantableBy } ... on PrivilegedSignInRequiredError { signInUrl } } }`
