/** A request for GraphQL, from its head to its answer: whether it is taken now, from whom it is, what it may cost. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Services } from '../context.ts'
import type { LiveEvents } from '../services/live/live-events.ts'
import {
  type AuthenticationDependencies,
  authenticate,
  type Caller,
  UnauthenticatedError,
} from '../services/operators/authenticate.ts'
import { inSpan, type Span } from '../trace.ts'
import { type GraphqlRefusal, refuseBody, sendGraphqlError } from './answers.ts'
import { type Parameters, RequestError, readJsonBody, readQueryParameters } from './body.ts'
import type { Edge } from './edge.ts'
import { internalMessage } from './errors.ts'
import type { createGraphql, RequestContext } from './graphql.ts'
import { type Place, retryAfterShed } from './load.ts'
import type { Metrics } from './metrics.ts'
import { mayWrite, rateLimitedMessage } from './rates.ts'

interface Dependencies {
  services: Services
  authentication: AuthenticationDependencies
  graphql: ReturnType<typeof createGraphql>
  edge: Edge
  live: LiveEvents
  metrics: Metrics
}

/** Audit records are the only large thing that is ever sent. */
const bodyBytesMax = 256 * 1024
const importBodyBytesMax = 16 * 1024 * 1024

export function createGraphqlRequests({ services, authentication, graphql, edge, live, metrics }: Dependencies) {
  const { log } = services
  const { load, rates, failedSignIns, addresses, cors } = edge

  return async (request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> => {
    if (cors.answers(request, response)) return
    const refuse = (status: number, error: GraphqlRefusal): void => {
      refuseBody(request, response)
      sendGraphqlError(request, response, status, error)
    }
    const shed = (what: 'reads' | 'writes') => {
      metrics.shed(what)
      response.setHeader('retry-after', retryAfterShed())
      refuse(503, { code: 'OVERLOADED', message: 'This gateway has more to do than it can: send it again later.' })
    }
    const shedding = load.shedding()
    if (shedding === 'ALL') return shed(request.method === 'GET' ? 'reads' : 'writes')
    const early = shedding === 'READS' ? await readEarly(request) : null
    if (early === 'READ') return shed('reads')

    const place = load.enter()
    response.once('close', place.leave)
    const authorization = authorizationOf(request)
    const address = addresses.of(request)
    const limitedBefore = failedSignIns.waitFor(address, authorization)
    if (limitedBefore !== null) return refuseGuess(limitedBefore)
    let caller: Caller
    try {
      // Before the body is read: who may not ask may not make us work.
      caller = await authenticate(authentication, authorization)
      failedSignIns.succeeded(authorization)
    } catch (error) {
      if (!(error instanceof UnauthenticatedError)) {
        log.error({ err: error, requestId }, 'A caller could not be authenticated')
        response.setHeader('retry-after', '5')
        return refuse(503, { code: 'INTERNAL_SERVER_ERROR', message: internalMessage(requestId), requestId })
      }
      const wait = failedSignIns.failed(address, authorization)
      if (wait !== null) return refuseGuess(wait)
      log.info({ requestId, reason: error.message }, 'A caller was not let in')
      response.setHeader('www-authenticate', 'Bearer')
      return refuse(401, { code: 'UNAUTHENTICATED', message: error.message })
    }

    function refuseGuess(seconds: number): void {
      metrics.rateLimited('failed-sign-ins')
      response.setHeader('retry-after', String(seconds))
      refuse(429, {
        code: 'RATE_LIMITED',
        message: `Too many requests of this address were not let in: send it again after ${seconds} s.`,
      })
    }

    const ownRates = rates.of(caller, response, metrics.rateLimited)
    /** Whether it was refused. Null: what it asks for is not known yet. */
    const isBeyondLimits = (query: string | null): boolean => {
      const refusal = ownRates.refusalOf(query)
      if (refusal === null) return false
      response.setHeader('retry-after', String(refusal.retryAfterSeconds))
      refuse(429, { code: 'RATE_LIMITED', message: rateLimitedMessage(refusal) })
      return true
    }
    if (isBeyondLimits(null)) return
    let parameters: Partial<Parameters>
    try {
      parameters = early ?? (await readParameters(request, caller, place))
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      void ownRates.chargeFault(null)
      return refuse(error.status, { code: 'BAD_USER_INPUT', message: error.message })
    }
    const query = request.method === 'GET' ? '' : (parameters.query ?? null)
    if (isBeyondLimits(query)) return
    await inSpan('operation', {}, async (span) => graphql(request, response, contextOf(parameters, span)))

    function contextOf({ operationName: named }: Partial<Parameters>, span: Pick<Span, 'set'> | null): RequestContext {
      const operationName = named?.slice(0, 100) ?? null
      const startedAt = performance.now()
      let isCharged = false
      return {
        caller,
        requestId,
        live: {
          events: live,
          currentAccess: async () => (await authenticate(authentication, authorization)).access,
        },
        onOperation(kind, cost, fields) {
          isCharged = true
          span?.set({ 'graphql.operation.type': kind, 'tourniquet.fields': fields.join(' ') })
          if (kind === 'mutation') place.isWrite()
          // It lasts as long as the client likes.
          if (kind === 'subscription') place.leave()
          return ownRates.charge(cost)
        },
        onAnswer(codes) {
          if (!isCharged) void ownRates.chargeFault(query)
          span?.set({ 'tourniquet.outcome': codes[0] ?? 'OK' })
          metrics.graphqlAnswered(codes)
          const ms = Math.round(performance.now() - startedAt)
          log.info({ requestId, operatorId: caller.operator.id, operationName, codes, ms }, 'operation')
        },
      }
    }
  }
}

/** Puts a body where Yoga looks for it; the query of an address is read again there, and other methods are refused. */
async function readParameters(
  request: IncomingMessage,
  { access }: Caller,
  place: Place,
): Promise<Partial<Parameters>> {
  if (request.method === 'GET') return readQueryParameters(request)
  if (request.method !== 'POST') return {}
  const mayImport = access.tenantIds.some((id) => access.can(id, 'Events.Ingest'))
  // Who sends slowly holds up nobody.
  const body = await place.aside(readJsonBody(request, mayImport ? importBodyBytesMax : bodyBytesMax))
  Object.assign(request, { body })
  return body
}

/**
 * While reads are given up, a request is read before its caller is known, because only a change goes on, and authenticating
 * costs more than reading. Null: it is to be read later; only an import is so large.
 */
async function readEarly(request: IncomingMessage): Promise<Partial<Parameters> | 'READ' | null> {
  if (request.method !== 'POST') return 'READ'
  if (Number(request.headers['content-length'] ?? 0) > bodyBytesMax) return null
  try {
    const body = await readJsonBody(request, bodyBytesMax)
    if (!mayWrite(body.query ?? null)) return 'READ'
    Object.assign(request, { body })
    return body
  } catch (error) {
    if (error instanceof RequestError) return 'READ'
    throw error
  }
}

/** Of several none counts: what stands in front of us may have judged another one than we would. */
function authorizationOf(request: IncomingMessage): string | undefined {
  const [only, ...others] = request.headersDistinct['authorization'] ?? []
  return others.length === 0 ? only : undefined
}
