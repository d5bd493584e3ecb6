import type { Reply } from '../engine-types.ts'

/** Thrown by handlers, answered in Graph's form. */
export class GraphError extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Record<string, string>
  /** Said in `innerError` besides the ids. */
  readonly inner: Record<string, string>

  constructor(
    status: number,
    code: string,
    message: string,
    headers: Record<string, string> = {},
    inner: Record<string, string> = {},
  ) {
    super(message)
    this.name = 'GraphError'
    this.status = status
    this.code = code
    this.headers = headers
    this.inner = inner
  }
}

export const badRequest = (message: string): GraphError => new GraphError(400, 'Request_BadRequest', message)

/** A URL or a body that cannot be read at all: refused before the directory sees it. */
export const malformed = (message: string): GraphError => new GraphError(400, 'BadRequest', message)

export const unsupportedQuery = (message: string): GraphError =>
  new GraphError(400, 'Request_UnsupportedQuery', message)

export const notFound = (id: string): GraphError =>
  new GraphError(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  )

export const insufficientPrivileges = (): GraphError =>
  new GraphError(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.')

/** Teams and role management name what would do. */
export const forbidden = (needed: readonly string[], given: readonly string[]): GraphError =>
  new GraphError(
    403,
    'Forbidden',
    `Missing scope permissions on the request. API requires one of '${needed.join(', ')}'. Scopes on the request '${given.join(', ')}'.`,
  )

/** Authentication methods have a code of their own for it. */
export const methodsDenied = (): GraphError => new GraphError(403, 'accessDenied', 'Request Authorization failed')

export interface RequestIds {
  requestId: string
  clientRequestId: string
  at: Date
}

export function errorReply(error: GraphError, ids: RequestIds, mutates: boolean): Reply {
  return {
    status: error.status,
    headers: error.headers,
    body: {
      error: {
        code: error.code,
        message: error.message,
        innerError: {
          ...error.inner,
          date: ids.at.toISOString().slice(0, 19),
          'request-id': ids.requestId,
          'client-request-id': ids.clientRequestId,
        },
      },
    },
    mutates,
  }
}
