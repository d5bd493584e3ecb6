import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'

/** Debian's package. */
const executablePath = '/usr/bin/chromium'

/** Why tests in a browser cannot run here; null when they can. With `TOURNIQUET_REQUIRE_BROWSER=1` they must, and fail instead. */
export const noBrowser: string | null =
  existsSync(executablePath) || process.env['TOURNIQUET_REQUIRE_BROWSER'] === '1'
    ? null
    : `There is no ${executablePath}: tests in a browser are SKIPPED. Install the package "chromium".`

if (noBrowser) console.warn(noBrowser)

export const aBrowser = (): Promise<Browser> => chromium.launch({ executablePath, args: ['--no-sandbox'] })

/** Everything that the page complains of: errors, failed requests, violations of its Content-Security-Policy. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      complaints.push(`${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`page: ${error.message}`))
  page.on('requestfailed', (request) => {
    const problem = request.failure()?.errorText
    // A page that is left ends what it was loading.
    if (problem !== 'net::ERR_ABORTED') complaints.push(`request: ${request.url()} ${problem}`)
  })
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`)
  })
  return complaints
}
