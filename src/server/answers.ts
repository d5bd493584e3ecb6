/** Answers outside GraphQL, and the headers of all answers. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ErrorCode } from './errors.ts'

/** Nothing that this server sends may be framed, sniffed or run, unless a page says otherwise. */
export function setSecurityHeaders(response: ServerResponse, { https }: { https: boolean }): void {
  response.setHeader(
    'content-security-policy',
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  )
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('x-frame-options', 'DENY')
  response.setHeader('referrer-policy', 'no-referrer')
  response.setHeader('cross-origin-opener-policy', 'same-origin')
  response.setHeader('cross-origin-resource-policy', 'same-origin')
  response.setHeader('cache-control', 'no-store')
  if (https) response.setHeader('strict-transport-security', 'max-age=31536000; includeSubDomains')
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  type = 'application/json; charset=utf-8',
): void {
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

export interface GraphqlRefusal {
  code: ErrorCode
  message: string
  requestId?: string
}

/** A GraphQL error without a result, in the media type that the caller asked for. */
export function sendGraphqlError(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  { code, message, ...extensions }: GraphqlRefusal,
): void {
  const type = request.headers.accept?.includes('application/graphql-response+json')
    ? 'application/graphql-response+json'
    : 'application/json'
  sendJson(response, status, { errors: [{ message, extensions: { code, ...extensions } }] }, `${type}; charset=utf-8`)
}

/** What is still on its way is not read: the connection ends with the answer. */
export function refuseBody(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete || request.method === 'GET') return
  response.setHeader('connection', 'close')
  request.resume()
}
