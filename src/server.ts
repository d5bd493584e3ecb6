/** The gateway as a request listener: it opens no port and reads no environment. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Services } from './context.ts'
import { createGraphiql, type GraphiqlOptions } from './graphiql/graphiql.ts'
import { sendGraphqlError, sendJson, setSecurityHeaders } from './server/answers.ts'
import { createEdge } from './server/edge.ts'
import { type EdgeOptions, openEdge } from './server/edge-options.ts'
import { internalMessage } from './server/errors.ts'
import { createGraphql, type DocumentRules } from './server/graphql.ts'
import { createGraphqlRequests } from './server/graphql-requests.ts'
import { readinessOf } from './server/health.ts'
import { type Limits, limitsDefault } from './server/limits.ts'
import { retryAfterShed } from './server/load.ts'
import { createMetrics } from './server/metrics.ts'
import { eventStreamType } from './server/subscriptions.ts'
import { noTrustedDocuments } from './server/trusted-documents.ts'
import { auditNumbers } from './services/audit/numbers.ts'
import { feedNumbers } from './services/feed/numbers.ts'
import { createLiveEvents, type LiveOptions, liveDefaults } from './services/live/live-events.ts'
import type { AuthenticationDependencies } from './services/operators/authenticate.ts'
import { createKeyUses } from './services/operators/key-uses.ts'
import { createSharedLookups } from './services/operators/shared-lookups.ts'
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
  /** Default: people. */
  introspection?: DocumentRules['introspection']
  /** Default: none. */
  trusted?: DocumentRules['trusted']
  live?: Partial<LiveOptions>
  /** Default: no limits, and no other origins. */
  edge?: Partial<EdgeOptions>
}

export interface Gateway {
  /** For `http.createServer`. Never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): void
  /** From now on `GET /health/ready` answers 503, so that no new requests are sent here, and subscriptions end. */
  drain(): void
}

export function createGateway(dependencies: GatewayDependencies): Gateway {
  const { services, accessTokens, migrationsPending } = dependencies
  const { db, log, publicUrl, sealingKeys } = services
  const authentication = { ...services, accessTokens, keyUses: createKeyUses(services), lookups: createSharedLookups() }
  const graphql = createGraphql(services, {
    limits: { ...limitsDefault, ...dependencies.limits },
    introspection: dependencies.introspection ?? 'people',
    trusted: dependencies.trusted ?? noTrustedDocuments,
  })
  const graphiql = dependencies.graphiql === null ? null : createGraphiql(dependencies.graphiql ?? {}, publicUrl)
  const web = createWeb(services)
  const live = createLiveEvents(services, { ...liveDefaults, ...dependencies.live })
  const edge = createEdge({ ...openEdge, ...dependencies.edge }, services)
  const metrics = createMetrics({
    subscriptions: () => live.count(),
    load: edge.load,
    feeds: () => feedNumbers(services),
    audit: () => auditNumbers(services),
  })
  const answerGraphql = createGraphqlRequests({ services, authentication, graphql, edge, live, metrics })
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
    if (edge.load.shedding() === 'ALL') {
      metrics.shed('writes')
      response.setHeader('retry-after', retryAfterShed())
      sendJson(response, 503, { error: 'This gateway has more to do than it can: try again in some seconds.' })
      return 'shed'
    }
    const wait = /^\/(?:sign-in|consent)\//.test(path) ? edge.pages.take(edge.addresses.of(request)) : null
    if (wait !== null) {
      metrics.rateLimited('pages')
      response.setHeader('retry-after', String(wait))
      sendJson(response, 429, { error: `Too many requests of this address: try again after ${wait} s.` })
      return 'pages'
    }
    if (await answerPage(web, publicUrl, request, response, requestId)) return 'pages'
    sendJson(response, 404, { error: 'There is nothing here. The API is at /graphql.' })
    return 'none'
  }

  async function answerReady(response: ServerResponse): Promise<void> {
    const checks = await readinessOf({ ping: () => db.ping(), migrationsPending, sealingKeys })
    const ready = !draining && checks.every(({ ok }) => ok)
    sendJson(response, ready ? 200 : 503, { status: draining ? 'draining' : ready ? 'ready' : 'not ready', checks })
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
      edge.load.close()
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
