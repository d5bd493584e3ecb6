/** The pages for people outside the product: privileged sign-in and admin consent. They work without a script. */
import { type Context, Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { html } from 'hono/html'
import type { Services } from '../context.ts'
import { beginConsent, continueConsent, offerConsent } from '../services/authority/consent-flow.ts'
import type { Arrival, Departure, FlowFailure } from '../services/authority/flow.ts'
import { beginSignIn, completeSignIn, offerSignIn, type SignInFailure } from '../services/authority/sign-in-flow.ts'
import { consentPage, verifiedPage } from './consent-pages.ts'
import { type FlowKind, failurePage } from './failure-page.ts'
import { type Html, page, pageHeaders } from './page.ts'
import { codePage, signInPage } from './sign-in-pages.ts'

/** Answers below `/sign-in/` and `/consent/`; null for any other path. */
export type Web = (request: Request, requestId: string) => Promise<Response> | null

const folders: Record<FlowKind, string> = { SIGN_IN: '/sign-in', CONSENT: '/consent' }

export function createWeb(services: Services): Web {
  const { publicUrl, supportEmail, entraUrl, log } = services
  const isSecure = publicUrl.startsWith('https:')
  const entraOrigin = new URL(entraUrl).origin

  const answer = (
    c: Context<Env>,
    { title, content }: { title: string; content: Html },
    status: 200 | 500 | ReturnType<typeof failurePage>['status'] = 200,
  ) => {
    const isReturn = c.req.path.endsWith('/callback')
    return c.html(
      page({ title, content, supportEmail, isReturn, requestId: status === 200 ? undefined : c.env.requestId }),
      status,
      pageHeaders([entraOrigin], { isReturn }),
    )
  }

  const failed = (c: Context<Env>, kind: FlowKind, failure: FlowFailure | SignInFailure) => {
    const { status, ...shown } = failurePage(kind, failure, 'consentUrl' in failure ? failure.consentUrl : null)
    return answer(c, shown, status)
  }

  /** A cookie for each attempt, so that two tabs do not disturb each other. `__Host-` needs https, which loopback has not. */
  const cookieName = (kind: FlowKind, id: string) =>
    `${isSecure ? '__Host-' : ''}tourniquet${folders[kind].replaceAll('/', '-')}-${id}`
  const cookieOptions = (kind: FlowKind) => ({
    path: isSecure ? '/' : `${folders[kind]}/`,
    httpOnly: true,
    // Strict would not come back with the redirect from Entra.
    sameSite: 'Lax' as const,
    secure: isSecure,
  })

  const depart = (c: Context<Env>, kind: FlowKind, { url, keep }: Departure) => {
    setCookie(c, cookieName(kind, keep.id), keep.sealed, { ...cookieOptions(kind), expires: keep.expiresAt })
    for (const [name, value] of Object.entries(pageHeaders([entraOrigin])))
      if (name !== 'content-type') c.header(name, value)
    return c.redirect(url, 303)
  }

  /** Looking a cookie up takes it away: it is good for one return. */
  const arrivalOf = (c: Context<Env>, kind: FlowKind): Arrival => ({
    query: new URL(c.req.url).searchParams,
    kept(id) {
      const name = cookieName(kind, id)
      const value = getCookie(c, name)
      if (value !== undefined) deleteCookie(c, name, cookieOptions(kind))
      return value ?? null
    },
  })

  const app = new Hono<Env>()

  app.get('/sign-in/callback', async (c) => {
    if (isLoadedAgain(c.req.url)) return failed(c, 'SIGN_IN', again)
    const outcome = await completeSignIn(services, arrivalOf(c, 'SIGN_IN'))
    return 'failure' in outcome ? failed(c, 'SIGN_IN', outcome.failure) : answer(c, codePage(outcome.done))
  })
  app.get('/sign-in/:ticket', async (c) => {
    const outcome = await offerSignIn(services, c.req.param('ticket'))
    return 'failure' in outcome ? failed(c, 'SIGN_IN', outcome.failure) : answer(c, signInPage(outcome.done))
  })
  app.post('/sign-in/:ticket', async (c) => {
    if (!isOwnForm(c.req.raw, publicUrl)) return failed(c, 'SIGN_IN', elsewhere)
    const outcome = await beginSignIn(services, c.req.param('ticket'))
    return 'failure' in outcome ? failed(c, 'SIGN_IN', outcome.failure) : depart(c, 'SIGN_IN', outcome.done)
  })

  app.get('/consent/callback', async (c) => {
    if (isLoadedAgain(c.req.url)) return failed(c, 'CONSENT', again)
    const outcome = await continueConsent(services, arrivalOf(c, 'CONSENT'))
    if ('failure' in outcome) return failed(c, 'CONSENT', outcome.failure)
    return 'next' in outcome.done
      ? depart(c, 'CONSENT', outcome.done.next)
      : answer(c, verifiedPage(outcome.done.verified))
  })
  app.get('/consent/:ticket', async (c) => {
    const outcome = await offerConsent(services, c.req.param('ticket'))
    return 'failure' in outcome ? failed(c, 'CONSENT', outcome.failure) : answer(c, consentPage(outcome.done))
  })
  app.post('/consent/:ticket', async (c) => {
    if (!isOwnForm(c.req.raw, publicUrl)) return failed(c, 'CONSENT', elsewhere)
    const outcome = await beginConsent(services, c.req.param('ticket'))
    return 'failure' in outcome ? failed(c, 'CONSENT', outcome.failure) : depart(c, 'CONSENT', outcome.done)
  })

  app.notFound((c) => failed(c, 'SIGN_IN', noLink))
  app.onError((error, c) => {
    log.error({ err: error, requestId: c.env.requestId }, 'A page failed')
    const content = html`<div class="problem" role="alert"><p>Something went wrong on our side. Nothing of a sign-in was kept.</p></div>
<p>Open the link again. If it happens again, tell support.</p>`
    return answer(c, { title: 'Something went wrong', content }, 500)
  })

  return (request, requestId) => {
    const { pathname } = new URL(request.url)
    const isOurs = Object.values(folders).some((folder) => pathname.startsWith(`${folder}/`))
    return isOurs ? Promise.resolve(app.fetch(request, { requestId })) : null
  }
}

interface Env {
  Bindings: { requestId: string }
}

const nowhere = { aadsts: null, account: null, tenantId: null, parties: null }
const elsewhere: FlowFailure = { fault: 'OTHER_BROWSER', ...nowhere }
const again: FlowFailure = { fault: 'STATE_REPLAYED', ...nowhere }
const noLink: FlowFailure = { fault: 'LINK_INVALID', ...nowhere }

/** The page after a return took what Entra sent out of its address. */
const isLoadedAgain = (url: string) => new URL(url).search === ''

/** Another site cannot begin a sign-in in somebody's browser: who signs in has seen our page. Browsers always say where a form comes from. */
function isOwnForm({ headers }: Request, publicUrl: string): boolean {
  const site = headers.get('sec-fetch-site')
  if (site !== null) return site === 'same-origin'
  const origin = headers.get('origin')
  if (origin === null || origin === new URL(publicUrl).origin) return true
  return URL.canParse(origin) && new URL(origin).host === headers.get('host')
}
