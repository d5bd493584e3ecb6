/** The look of all pages: plain HTML that works without a script, one inline stylesheet whose hash the policy names, nothing from elsewhere. */
import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'

export type Html = ReturnType<typeof html>

const style = `
:root { color-scheme: light dark; --ink: #1d2329; --soft: #55606b; --paper: #fbfaf8; --card: #fff; --line: #d9d5ce; --act: #14539a; --act-ink: #fff; --bad: #a1260d; --bad-paper: #fdf1ee; --good: #1c6b3c }
@media (prefers-color-scheme: dark) { :root { --ink: #e9e7e3; --soft: #aeb4ba; --paper: #16181b; --card: #1e2226; --line: #3a4047; --act: #8ab8f0; --act-ink: #10161d; --bad: #f2a08e; --bad-paper: #2e1c18; --good: #8ad1a4 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.6 system-ui, -apple-system, 'Segoe UI', sans-serif }
header, main, footer { max-width: 40rem; margin: 0 auto; padding: 0 1.25rem }
header { padding-top: 2rem; font-weight: 600; color: var(--soft) }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .75rem 0 1rem; overflow-wrap: anywhere }
h2 { font-size: 1.1rem; margin: 1.75rem 0 .5rem }
p, ul, dl { margin: 0 0 1rem }
ul { padding-left: 1.25rem }
dl { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .25rem 1rem }
dl > div { padding: .6rem 0; border-top: 1px solid var(--line) }
dl > div:first-child { border-top: 0 }
dt { color: var(--soft); font-size: .9rem }
dd { margin: 0; overflow-wrap: anywhere }
dd small { display: block; color: var(--soft) }
@media (min-width: 36rem) { dl > div { display: grid; grid-template-columns: 8.5rem 1fr; gap: 1rem; align-items: baseline } }
.code { font: 600 2.25rem/1.2 ui-monospace, 'Cascadia Mono', Menlo, Consolas, monospace; letter-spacing: .12em; background: var(--card); border: 2px solid var(--good); border-radius: .5rem; padding: 1rem; text-align: center; user-select: all }
.problem { border-left: .3rem solid var(--bad); background: var(--bad-paper); padding: .75rem 1rem; margin-bottom: 1rem }
.problem :last-child { margin-bottom: 0 }
form { margin: 1.5rem 0 1rem }
button, a.button { display: inline-block; font: inherit; font-weight: 600; color: var(--act-ink); background: var(--act); border: 0; border-radius: .4rem; padding: .7rem 1.2rem; text-decoration: none; cursor: pointer }
a { color: var(--act) }
:focus-visible { outline: 3px solid var(--act); outline-offset: 3px }
footer { color: var(--soft); font-size: .9rem; padding-bottom: 2rem; margin-top: 2rem }
`
const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const styleHash = hashOf(style)
/** Takes what Entra sent out of the address bar and the history. It is spent by then: without a script it merely stays to be seen. */
const forget = "history.replaceState(null, '', location.pathname)"
const forgetHash = hashOf(forget)

/** `formTargets`: origins besides our own to which a form may lead; browsers hold redirects to it, too. */
export const pageHeaders = (
  formTargets: readonly string[] = [],
  { isReturn = false }: { isReturn?: boolean } = {},
): Record<string, string> => ({
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    `style-src ${styleHash}`,
    ...(isReturn ? [`script-src ${forgetHash}`] : []),
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // The link is in the address: it is told to nobody. Our own forms still say where they come from.
  'referrer-policy': isReturn ? 'no-referrer' : 'same-origin',
  'x-robots-tag': 'noindex, nofollow',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
})

export interface PageContent {
  title: string
  content: Html
  supportEmail: string | null
  /** For support; shown on pages of failures. */
  requestId?: string | undefined
  /** The page answers an address that Entra made. */
  isReturn?: boolean
}

export const page = ({
  title,
  content,
  supportEmail,
  requestId,
  isReturn = false,
}: PageContent): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Tourniquet</title>
<style>${raw(style)}</style>
${isReturn ? html`<script>${raw(forget)}</script>` : ''}
</head>
<body>
<header>Tourniquet</header>
<main>
<h1>${title}</h1>
${content}
</main>
<footer>
${supportEmail ? html`<p>Questions? <a href="mailto:${supportEmail}">${supportEmail}</a></p>` : ''}
${requestId ? html`<p>Support finds this page by <code>${requestId}</code>.</p>` : ''}
</footer>
</body>
</html>`

export const facts = (rows: readonly (readonly [name: string, value: string | Html])[]): Html =>
  html`<dl>${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`

/** A moment as everybody reads it alike; there is no script that could know the reader's clock. */
export const moment = (date: Date): Html =>
  html`<time datetime="${date.toISOString()}">${date.toISOString().slice(0, 16).replace('T', ' ')} UTC</time>`

/** Names of people say little: with where they belong. */
export const asker = ({ operatorName, organisation }: { operatorName: string; organisation: string | null }): string =>
  organisation === null ? operatorName : `${operatorName}, of ${organisation}`
