/**
 * Takes the pictures of our pages for the docs, in a running sandbox whose tenants it resets; needs Debian's chromium. To make them small:
 * `node scripts/pictures.ts && pngquant --ext .png --force docs/images/*.png`
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setDefaultCACertificates } from 'node:tls'
import { type Browser, chromium, type Page } from 'playwright-core'
import { root } from './run.ts'

const folder = resolve(root, process.env['SANDBOX_DIR'] ?? '.sandbox')
const { graphqlUrl, simulatorUrl, caFile, personas } = JSON.parse(
  readFileSync(join(folder, 'credentials.json'), 'utf8'),
)

/** As the partner's technician Petra. */
async function ask(query: string, variables: object) {
  const answer = await fetch(graphqlUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: personas.partner.authorization },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = await answer.json()
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}

const aboutUlf = `{ securityEvents(first: 1, filter: { userPrincipalName: "ulf@tailspintoys.com" }) {
  edges { node { id tenant { id } subjects { ... on UserSubject { id userPrincipalName } } } } } }`
const blockUser = `mutation ($input: BlockUserInput!) { blockUser(input: $input) { __typename
  ... on AdminConsentRequiredError { consentUrl } ... on PrivilegedSignInRequiredError { signInUrl }
  ... on RemediationRun { status steps { kind state } } } }`
const confirm = `mutation ($input: ConfirmPrivilegedSignInInput!) { confirmPrivilegedSignIn(input: $input) { __typename } }`
const endSession = `mutation ($input: EndPrivilegedSessionInput!) { endPrivilegedSession(input: $input) { __typename } }`

type Pictured = (page: Page, name: string) => Promise<unknown>

async function takePictures(browser: Browser, picture: Pictured): Promise<void> {
  const { node } = (await ask(aboutUlf, {})).securityEvents.edges[0]
  const subject = node.subjects.find((one: { userPrincipalName?: string }) => one.userPrincipalName?.startsWith('ulf@'))
  const input = { eventId: node.id, subjectId: subject.id, actions: ['DISABLE_USER'], idempotencyKey: `${Date.now()}` }
  const block = async () => (await ask(blockUser, { input })).blockUser

  // One of an earlier time would go on.
  await ask(endSession, { input: { tenantId: node.tenant.id } })

  const page = await browser.newPage({ ignoreHTTPSErrors: true, viewport: { width: 760, height: 400 } })
  const press = (name: string | RegExp) => page.getByRole('button', { name }).click()
  const { consentUrl } = await block()
  await page.goto(consentUrl)
  await picture(page, 'consent')
  await press('Continue to Microsoft')
  await picture(page, 'sandbox-entra')
  await press(/^Petra /)
  await picture(page, 'consent-not-by-partner')
  await page.goto(consentUrl)
  await press('Continue to Microsoft')
  await press(/^Tamara /)
  await press(/^Accept as Tamara /)
  await page.getByText('Microsoft confirms').waitFor()

  await page.goto((await block()).signInUrl)
  await picture(page, 'sign-in')
  await press('Continue to Microsoft')
  await press(/^Petra /)
  await picture(page, 'sign-in-code')
  const code = await page.locator('.code').innerText()
  await ask(confirm, { input: { tenantId: node.tenant.id, code } })
  console.log(JSON.stringify(await block()))
}

setDefaultCACertificates([readFileSync(caFile, 'utf8')])
await fetch(`${simulatorUrl}/control/reset`, { method: 'POST' })
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
try {
  await takePictures(browser, (page, name) =>
    page.screenshot({ path: join(root, 'docs/images', `${name}.png`), fullPage: true }),
  )
} finally {
  await browser.close()
}
