/** Which pages of other origins may call the API from a browser: those that the configuration names, letter by letter. */
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface Cors {
  /** True when it was a preflight of an origin that may, and is answered. */
  answers(request: IncomingMessage, response: ServerResponse): boolean
}

/** Chromium believes no longer time than this. */
const maxAgeSeconds = 7_200
const allowedHeaders = 'authorization, content-type, x-request-id, traceparent'
const exposedHeaders = 'ratelimit, ratelimit-policy, retry-after, x-request-id, www-authenticate'

/** Cookies are no credential here, so none are asked for: an origin that is allowed gets no more than its caller's token opens. */
export function createCors(origins: readonly string[]): Cors {
  const allowed = new Set(origins)
  return {
    answers(request, response) {
      if (allowed.size === 0) return false
      response.appendHeader('vary', 'origin')
      const { origin } = request.headers
      if (origin === undefined || !allowed.has(origin)) return false
      response.setHeader('access-control-allow-origin', origin)
      if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
        response.setHeader('access-control-expose-headers', exposedHeaders)
        return false
      }
      response.setHeader('access-control-allow-methods', 'GET, POST')
      response.setHeader('access-control-allow-headers', allowedHeaders)
      response.setHeader('access-control-max-age', String(maxAgeSeconds))
      response.writeHead(204).end()
      return true
    },
  }
}
