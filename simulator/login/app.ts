/** Entra's login: metadata, keys, tokens, sign-in and consent pages, below `/{tenant}`. */
import type { Context } from 'hono'
import { Hono } from 'hono'
import type { SimulatorEngine } from '../engine.ts'
import { replied } from '../whole-batch.ts'
import { auditedConsent, auditedSignIn } from './audit.ts'
import { type Authorization, authorizationOf, checkRequest, redirectTo, signIn } from './authorize.ts'
import { assertMayConsent, grantConsent } from './consent.ts'
import { directoryOf, identitiesIn, identityOf } from './directory.ts'
import { errorBody, LoginError } from './errors.ts'
import { metadataOf } from './metadata.ts'
import { consentPage, errorPage, signInPage } from './pages.ts'
import { Sessions } from './sessions.ts'
import { answerTokenRequest } from './token-endpoint.ts'

interface Outcome {
  response: Response
  tenantId?: string | null
  userId?: string | null
  mutates?: boolean
}

export function loginApp(engine: SimulatorEngine): Hono {
  const app = new Hono()
  const sessions = new Sessions()

  /** Faults, the journal and errors of one call. */
  const handle = async (
    c: Context,
    clientId: string | null,
    onError: (error: LoginError) => Response | Promise<Response>,
    work: () => Outcome | Promise<Outcome>,
  ): Promise<Response> => {
    const url = new URL(c.req.url)
    const tenantId = tenantIdNamed(engine, c.req.param('tenant') ?? '')
    const target = { service: 'login' as const, method: c.req.method, path: `${url.pathname}${url.search}`, tenantId }
    const record = (status: number, outcome: Partial<Outcome> = {}): void =>
      engine.journal({
        ...target,
        tenantId: outcome.tenantId ?? tenantId,
        batchId: null,
        status,
        appId: clientId,
        userId: outcome.userId ?? null,
        mutates: outcome.mutates ?? false,
      })
    let fault: Awaited<ReturnType<SimulatorEngine['before']>>
    try {
      fault = await engine.before(target)
    } catch (error) {
      record(0)
      throw error
    }
    if (fault) {
      record(fault.status)
      return replied(fault)
    }
    let outcome: Outcome
    try {
      outcome = await work()
    } catch (error) {
      if (!(error instanceof LoginError)) throw error
      outcome = { response: await onError(error) }
    }
    record(outcome.response.status, outcome)
    await engine.after(target)
    return outcome.response
  }

  const asJson = (error: LoginError): Response =>
    Response.json(errorBody(error, engine.now()), { status: error.status })
  const asPage =
    (c: Context) =>
    (error: LoginError): Response | Promise<Response> =>
      c.html(errorPage(error), error.status)

  app.get('/:tenant/v2.0/.well-known/openid-configuration', (c) =>
    handle(c, null, asJson, () => ({
      response: c.json(metadataOf(engine, new URL(c.req.url).origin, c.req.param('tenant'))),
    })),
  )

  app.get('/:tenant/discovery/v2.0/keys', (c) =>
    handle(c, null, asJson, () => {
      const origin = new URL(c.req.url).origin
      directoryOf(engine.world, c.req.param('tenant'))
      return { response: c.json({ keys: [{ ...engine.keys.jwk, issuer: `${origin}/{tenantid}/v2.0` }] }) }
    }),
  )

  app.post('/:tenant/oauth2/v2.0/token', async (c) => {
    const form = await formOf(c)
    const basic = basicCredentials(c.req.header('authorization'))
    return handle(c, form?.get('client_id') ?? basic?.clientId ?? null, asJson, () => {
      if (!form) throw new LoginError(9002313, 'invalid_request', 'Invalid request. Request is malformed or invalid.')
      const origin = new URL(c.req.url).origin
      const body = answerTokenRequest({ engine, sessions, origin, directory: c.req.param('tenant'), form, basic })
      return { response: c.json(body, 200, { 'Cache-Control': 'no-store' }) }
    })
  })

  app.on(['GET', 'POST'], '/:tenant/oauth2/v2.0/authorize', async (c) => {
    const query = new URL(c.req.url).searchParams
    const form = c.req.method === 'POST' ? await formOf(c) : null
    return handle(c, query.get('client_id'), asPage(c), () => {
      const authorization = authorizationOf(engine, c.req.param('tenant'), query)
      const people = identitiesIn(engine.world, authorization.directory)
      const shown = async (error: LoginError | null): Promise<Outcome> => ({
        response: await c.html(signInPage(authorization.application, people, error), error ? 403 : 200),
      })
      try {
        checkRequest(authorization, query)
        if (form?.get('cancel'))
          throw new LoginError(65004, 'access_denied', 'User declined to consent to access the app.')
        const userId = form?.get('user')
        if (!userId) return shown(null)
        const identity = identityOf(engine.world, authorization.directory, userId)
        const code = auditedSignIn(engine, authorization.application, identity, () =>
          signIn(engine, sessions, authorization, query, identity),
        )
        return {
          response: c.redirect(redirectTo(authorization, { code, session_state: engine.newId() })),
          tenantId: identity.tenant.id,
          userId: identity.user.id,
        }
      } catch (error) {
        if (!(error instanceof LoginError)) throw error
        // Entra tells these to the person, everything else to the client.
        if (error.code === 50057 || error.code === 50034) return shown(error)
        return { response: redirectError(c, authorization, error) }
      }
    })
  })

  for (const path of ['/:tenant/v2.0/adminconsent', '/:tenant/adminconsent'] as const) {
    const isOldForm = path === '/:tenant/adminconsent'
    app.on(['GET', 'POST'], path, async (c) => {
      const query = new URL(c.req.url).searchParams
      const form = c.req.method === 'POST' ? await formOf(c) : null
      return handle(c, query.get('client_id'), asPage(c), () => {
        const authorization = authorizationOf(engine, c.req.param('tenant') ?? '', query)
        const { application, directory } = authorization
        const people = identitiesIn(engine.world, directory)
        const shown = async (error: LoginError | null): Promise<Outcome> => ({
          response: await c.html(consentPage(application, people, error), error ? 403 : 200),
        })
        if (form?.get('cancel')) {
          const refused = isOldForm ? 'permission_denied' : 'consent_required'
          const error = new LoginError(65004, refused, 'User declined to consent to access the app.')
          return { response: redirectError(c, authorization, error, { admin_consent: 'True' }) }
        }
        const userId = form?.get('user')
        if (!userId) return shown(null)
        try {
          const identity = identityOf(engine.world, directory, userId)
          assertMayConsent(identity)
          const scope = isOldForm ? null : query.get('scope')
          auditedConsent(engine, application, identity, () => grantConsent(engine, identity.tenant, application, scope))
          const values = { admin_consent: 'True', tenant: identity.tenant.id, scope }
          return {
            response: c.redirect(redirectTo(authorization, values)),
            tenantId: identity.tenant.id,
            userId: identity.user.id,
            mutates: true,
          }
        } catch (error) {
          if (error instanceof LoginError) return shown(error)
          throw error
        }
      })
    })
  }

  return app
}

function redirectError(
  c: Context,
  authorization: Authorization,
  error: LoginError,
  values: Record<string, string> = {},
): Response {
  return c.redirect(redirectTo(authorization, { ...values, error: error.error, error_description: error.description }))
}

/** Null: not a form. */
async function formOf(c: Context): Promise<URLSearchParams | null> {
  const type = c.req.header('content-type') ?? ''
  if (!type.toLowerCase().startsWith('application/x-www-form-urlencoded')) return null
  return new URLSearchParams(await c.req.text())
}

function basicCredentials(authorization: string | undefined): { clientId: string; secret: string } | null {
  const encoded = /^Basic +(\S+)$/i.exec(authorization ?? '')?.[1]
  if (!encoded) return null
  const [clientId = '', ...secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':').map(decodeURIComponent)
  return { clientId, secret: secret.join(':') }
}

function tenantIdNamed(engine: SimulatorEngine, name: string): string | null {
  try {
    const directory = directoryOf(engine.world, name)
    return directory === 'any' ? null : directory.id
  } catch {
    return null
  }
}
