/** The gateway as a request listener: it opens no port and reads no environment. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Services } from './context.ts'
import { createGraphiql, type GraphiqlOptions } from './graphiql/graphiql.ts'
import { sendGraphqlError, sendJson, setSecurityHeaders } from './server/answers.ts'
import { type Parameters, RequestError, readJsonBody, readQueryParameters } from './server/body.ts'
import { internalMessage } from './server/errors.ts'
import { createGraphql, type RequestContext } from './server/graphql.ts'
import { readinessOf } from './server/health.ts'
import { type Limits, limitsDefault } from './server/limits.ts'
import { createMetrics } from './server/metrics.ts'
import { eventStreamType } from './server/subscriptions.ts'
import { auditNumbers } from './services/audit/numbers.ts'
import { feedNumbers } from './services/feed/numbers.ts'
import { createLiveEvents, type LiveOptions, liveDefaults } from './services/live/live-events.ts'
import {
  type AuthenticationDependencies,
  authenticate,
  type Caller,
  UnauthenticatedError,
} from './services/operators/authenticate.ts'
import { inSpan, inTrace, traceFrom } from './trace.ts'
import { answerPage } from './web/node.ts'
import { createWeb } from './web/web.ts'

export interface GatewayDependencies {
  services: Services
  accessTokens: AuthenticationDependencies['accessTokens']
  migrationsPending(): Promise<boolean>
  /** Null: no GraphiQL. Default: GraphiQL without a token. */
  graphiql?: GraphiqlOptions | null
  limits?: Partial<Limits>
  live?: Partial<LiveOptions>
}

export interface Gateway {
  /** For `http.createServer`. Never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): void
  /** From now on `GET /health/ready` answers 503, so that no new requests are sent here, and subscriptions end. */
  drain(): void
}

/** Audit records are the only large thing that is ever sent. */
const bodyBytesMax = 256 * 1024
const importBodyBytesMax = 16 * 1024 * 1024

export function createGateway(dependencies: GatewayDependencies): Gateway {
  const { services, accessTokens, migrationsPending } = dependencies
  const { db, log, now, publicUrl, sealingKeys } = services
  const graphql = createGraphql(services, { ...limitsDefault, ...dependencies.limits })
  const graphiql = dependencies.graphiql === null ? null : createGraphiql(dependencies.graphiql ?? {}, publicUrl)
  const web = createWeb(services)
  const live = createLiveEvents(services, { ...liveDefaults, ...dependencies.live })
  const metrics = createMetrics({
    subscriptions: () => live.count(),
    feeds: () => feedNumbers(services),
    audit: () => auditNumbers(services),
  })
  const https = publicUrl.startsWith('https:')
  let draining = false

  async function route(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<string> {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    const isGet = request.method === 'GET' || request.method === 'HEAD'
    if (path === '/graphql') {
      if (graphiql && isGet && request.headers.accept?.includes('text/html')) {
        graphiql.page(request, response)
        return 'graphiql'
      }
      await answerGraphql(request, response, requestId)
      // It lasts as long as the client likes.
      return String(response.getHeader('content-type')).startsWith(eventStreamType) ? 'subscription' : 'graphql'
    }
    if (path === '/health/live' && isGet) {
      sendJson(response, 200, { status: 'live' })
      return 'health'
    }
    if (path === '/health/ready' && isGet) {
      await answerReady(response)
      return 'health'
    }
    if (path === '/metrics' && isGet) {
      const text = await metrics.read()
      response.writeHead(200, { 'content-type': metrics.contentType }).end(text)
      return 'metrics'
    }
    if (graphiql && isGet && (await graphiql.answers(path, request, response))) return 'graphiql'
    if (await answerPage(web, publicUrl, request, response, requestId)) return 'pages'
    sendJson(response, 404, { error: 'There is nothing here. The API is at /graphql.' })
    return 'none'
  }

  async function answerReady(response: ServerResponse): Promise<void> {
    const checks = await readinessOf({ ping: () => db.ping(), migrationsPending, sealingKeys })
    const ready = !draining && checks.every(({ ok }) => ok)
    sendJson(response, ready ? 200 : 503, { status: draining ? 'draining' : ready ? 'ready' : 'not ready', checks })
  }

  async function answerGraphql(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
    const authorization = authorizationOf(request)
    let caller: Caller
    try {
      // Before the body is read: who may not ask may not make us work.
      caller = await authenticate({ db, accessTokens, now }, authorization)
    } catch (error) {
      refuseBody(request, response)
      if (error instanceof UnauthenticatedError) {
        log.info({ requestId, reason: error.message }, 'A caller was not let in')
        response.setHeader('www-authenticate', 'Bearer')
        return sendGraphqlError(request, response, 401, { code: 'UNAUTHENTICATED', message: error.message })
      }
      log.error({ err: error, requestId }, 'A caller could not be authenticated')
      return sendGraphqlError(request, response, 503, {
        code: 'INTERNAL_SERVER_ERROR',
        message: internalMessage(requestId),
        requestId,
      })
    }
    let operationName: string | null
    try {
      operationName = (await readParameters(request, caller)).operationName?.slice(0, 100) ?? null
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      refuseBody(request, response)
      return sendGraphqlError(request, response, error.status, { code: 'BAD_USER_INPUT', message: error.message })
    }
    const startedAt = performance.now()
    await inSpan('operation', {}, (span) => {
      const context: RequestContext = {
        caller,
        requestId,
        live: {
          events: live,
          currentAccess: async () => (await authenticate({ db, accessTokens, now }, authorization)).access,
        },
        onOperation: (type, fields) =>
          span?.set({ 'graphql.operation.type': type, 'tourniquet.fields': fields.join(' ') }),
        onAnswer(codes) {
          span?.set({ 'tourniquet.outcome': codes[0] ?? 'OK' })
          metrics.graphqlAnswered(codes)
          const ms = Math.round(performance.now() - startedAt)
          log.info({ requestId, operatorId: caller.operator.id, operationName, codes, ms }, 'operation')
        },
      }
      return graphql(request, response, context)
    })
  }

  /** Puts a body where Yoga looks for it; the query of an address is read again there, and other methods are refused. */
  async function readParameters(request: IncomingMessage, { access }: Caller): Promise<Partial<Parameters>> {
    if (request.method === 'GET') return readQueryParameters(request)
    if (request.method !== 'POST') return {}
    const mayImport = access.tenantIds.some((id) => access.can(id, 'Events.Ingest'))
    const body = await readJsonBody(request, mayImport ? importBodyBytesMax : bodyBytesMax)
    Object.assign(request, { body })
    return body
  }

  return {
    handle(request, response) {
      const startedAt = performance.now()
      const requestId = requestIdOf(request)
      setSecurityHeaders(response, { https })
      response.setHeader('x-request-id', requestId)
      // Whoever sends requests here must go elsewhere with the next one.
      if (draining) response.setHeader('connection', 'close')
      const trace = traceFrom(traceparentOf(request))
      response.setHeader('x-trace-id', trace.traceId)
      void inTrace(trace, () =>
        inSpan('request', { kind: 'SERVER' }, (span) =>
          route(request, response, requestId)
            .catch((error: unknown) => {
              log.error({ err: error, requestId }, 'A request failed')
              if (response.headersSent) response.destroy()
              else
                sendGraphqlError(request, response, 500, {
                  code: 'INTERNAL_SERVER_ERROR',
                  message: internalMessage(requestId),
                  requestId,
                })
              return 'failed'
            })
            .then((name) => {
              span?.set({ 'http.route': name, 'http.response.status_code': response.statusCode })
              metrics.answered(name, response.statusCode, (performance.now() - startedAt) / 1000)
            }),
        ),
      )
    },
    drain() {
      draining = true
      live.close()
    },
  }
}

/** A caller's own id is kept when it is harmless, so that logs on both sides meet. */
function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[\w.-]{1,128}$/.test(given) ? given : randomUUID()
}

/** Several are none: a header that says two things says nothing. */
function traceparentOf(request: IncomingMessage): string | undefined {
  const [only, ...others] = request.headersDistinct['traceparent'] ?? []
  return others.length === 0 ? only : undefined
}

/** Of several none counts: what stands in front of us may have judged another one than we would. */
function authorizationOf(request: IncomingMessage): string | undefined {
  const [only, ...others] = request.headersDistinct['authorization'] ?? []
  return others.length === 0 ? only : undefined
}

/** What is still on its way is not read: the connection ends with the answer. */
function refuseBody(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete || request.method === 'GET') return
  response.setHeader('connection', 'close')
  request.resume()
}
