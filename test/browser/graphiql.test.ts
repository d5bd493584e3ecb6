import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { tabsFor } from '../../src/sandbox/tabs.ts'
import { type ApiScene, anApiScene, analyst, aRecord, contoso } from '../support/api-scene.ts'
import { aBrowser, complaintsOf, noBrowser } from '../support/chromium.ts'
import { aFreePort } from '../support/free-port.ts'
import { aGateway, type TestGateway } from '../support/gateway.ts'

describe.skipIf(noBrowser)('GraphiQL of the sandbox', () => {
  let scene: ApiScene
  let gateway: TestGateway
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    scene = await anApiScene()
    const { database, event, bruno } = scene
    const { microsoft } = scene.gateway
    const tabs = (await tabsFor(database.db, contoso.id)).map((tab) => ({
      ...tab,
      variables: { ...tab.variables, ...('eventId' in tab.variables && { eventId: event.id, subjectId: bruno }) },
    }))
    const port = await aFreePort()
    gateway = await aGateway({
      microsoft,
      database,
      port,
      publicUrl: `http://127.0.0.1:${port}`,
      graphiql: { tabs, authorization: async () => `Bearer ${microsoft.token(analyst)}` },
    })
    browser = await aBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await gateway?.close()
    await scene?.close()
  })
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1400, height: 900 } })
    page = await context.newPage()
    complaints = complaintsOf(page)
  })
  afterEach(() => context.close())

  const tab = (index: number) => page.locator(`#graphiql-session-tab-${index}`)
  const editor = () => page.locator('.graphiql-query-editor')
  const open = async (path = '/graphql') => {
    const read = page.waitForResponse((one) => Boolean(one.request().postData()?.includes('IntrospectionQuery')))
    await page.goto(`${gateway.url}${path}`)
    await editor().getByText('securityEvent').first().waitFor()
    await read
  }
  /** Presses the button, again when the page had not read the tab's operation yet; what the gateway answered, once it is shown. */
  async function run() {
    const answer = await vi.waitFor(
      async () => {
        const [answered] = await Promise.all([
          page.waitForResponse((one) => one.request().method() === 'POST', { timeout: 4_000 }),
          page.getByRole('button', { name: /execute/i }).click(),
        ])
        return answered.json()
      },
      { timeout: 20_000 },
    )
    await page.locator('.result-window').getByText('"data"').waitFor()
    return answer
  }

  test('every tab that asks runs and answers, signed in as the analyst, and the page complains of nothing', async () => {
    await open()
    const titles = await page.locator('.graphiql-tab-button').allInnerTexts()
    expect(titles).toEqual(['Events', 'Plan', 'BlockUser', 'Audit', 'ViewerAndHealth', 'Live'])
    for (const [index, title] of titles.slice(0, 5).entries()) {
      await tab(index).click()
      await expect.poll(() => page.locator('.graphiql-tab-active').innerText()).toBe(title)
      const { data, errors } = await run()
      expect(errors, title).toBeUndefined()
      expect(JSON.stringify(data)).not.toMatch(/InvalidInputError|NotFoundError|NotAllowedError/)
      if (title === 'BlockUser') expect(data.blockUser).toMatchObject({ status: 'SUCCEEDED' })
      if (title === 'ViewerAndHealth') expect(data.viewer.operator.displayName).toBe('Ada')
    }
    expect(complaints).toEqual([])
  })

  test('the tab Live shows an event that is imported while it runs, and ends when it is stopped', async () => {
    await open()
    await tab(5).click()
    await expect.poll(() => page.locator('.graphiql-tab-active').innerText()).toBe('Live')
    const result = page.locator('.result-window')
    const under = async () =>
      (await (await gateway.fetch('/metrics')).text()).match(/^tourniquet_subscriptions (\d+)$/m)?.[1]
    await page.getByRole('button', { name: /execute/i }).click()
    await expect.poll(under, { timeout: 20_000 }).toBe('1')
    for (const index of [31, 32]) {
      // The day of the event is in no other one of this scene.
      const record = { ...aRecord(contoso, 'Rea', index), CreationTime: `2026-05-${index - 10}T08:00:00` }
      await scene.gateway.importRecords([record])
      await result.getByText(`2026-05-${index - 10}T08:00:00`).waitFor({ timeout: 20_000 })
    }
    await page.getByRole('button', { name: /stop/i }).click()
    await expect.poll(under, { timeout: 20_000 }).toBe('0')
    expect(complaints).toEqual([])
  })

  test('the first tab shows its variables, also after a reload', async () => {
    await open()
    const variables = page.locator('.graphiql-editor-tool').getByText('"first"')
    await variables.waitFor()
    await page.waitForFunction(() => localStorage.getItem('graphiql:tabState') !== null)
    await page.reload()
    await variables.waitFor()
    await expect.poll(() => page.locator('.graphiql-tab').count()).toBe(6)
    expect(complaints).toEqual([])
  })

  test('tabs that another sandbox left at this address are forgotten', async () => {
    await page.goto(`${gateway.url}/health/live`)
    await page.evaluate(() => {
      const left = {
        id: 'x',
        hash: 'x',
        title: 'Old',
        query: '{ old }',
        variables: '{}',
        headers: null,
        response: null,
      }
      localStorage.setItem('graphiql:tabState', JSON.stringify({ tabs: [left], activeTabIndex: 0 }))
      localStorage.setItem('graphiql:query', '{ old }')
      localStorage.setItem('tourniquet:tabs', 'of another sandbox')
    })
    await open()
    await expect.poll(() => page.locator('.graphiql-tab').count()).toBe(6)
    await expect.poll(() => editor().getByText('old').count()).toBe(0)
  })

  test("an event's link opens a query for it, which runs", async () => {
    await open(`/events/${scene.event.id}`)
    expect((await run()).data.securityEvent.tenant).toEqual({ name: 'Contoso' })
    expect(complaints).toEqual([])
  })

  test('the documentation is there to read', async () => {
    await open()
    await page.getByRole('button', { name: /documentation explorer/i }).click()
    await page.getByText('Root Types').waitFor()
    await page.getByRole('link', { name: 'Query' }).click()
    await page.getByText('Reading. Nothing here changes a tenant').waitFor()
    expect(complaints).toEqual([])
  })

  test('no token is kept in the browser', async () => {
    await open()
    await run()
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }))
    expect(kept).not.toContain('eyJ')
  })
})
