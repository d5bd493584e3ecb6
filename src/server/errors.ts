/** Errors as callers see them: codes of the contract, nothing of our inside. */
import { GraphQLError } from 'graphql'
import type { Log } from '../context.ts'
import { InvalidInputError, NotAllowedError, Refusal } from '../services/refusals.ts'

export type ErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'BAD_USER_INPUT'
  | 'QUERY_TOO_COMPLEX'
  | 'INTERNAL_SERVER_ERROR'

/** `http.spec`: the status counts for `application/graphql-response+json`; for `application/json` it stays 200. */
export const tooComplex = (message: string) =>
  new GraphQLError(message, { extensions: { code: 'QUERY_TOO_COMPLEX', http: { status: 400, spec: true } } })

/** What a caller may know of an error; anything unexpected is logged and masked. */
export function presentError(error: GraphQLError, { requestId, log }: { requestId: string; log: Log }): GraphQLError {
  const original = originalOf(error)
  if (original instanceof Refusal) return shown(error, original.message, refusalExtensions(original))
  // Errors of compiled documents have no extensions at all.
  const extensions: Record<string, unknown> = error.extensions ?? {}
  const expected = (original === null || original instanceof GraphQLError) && !extensions['unexpected']
  if (expected && extensions['code'] !== undefined) return error
  // The executor has no code for variables of a wrong type; what it says of a field of ours is our own fault.
  if (expected && error.path === undefined)
    return shown(error, error.message, { ...extensions, code: 'BAD_USER_INPUT' })
  log.error({ err: original ?? error, requestId, path: error.path?.join('.') }, 'A request failed unexpectedly')
  return shown(error, internalMessage(requestId), { code: 'INTERNAL_SERVER_ERROR', requestId })
}

export const internalMessage = (requestId: string) =>
  `Something went wrong on our side. Support finds it by this id: ${requestId}`

function originalOf(error: GraphQLError): Error | null {
  const { originalError } = error
  if (originalError === undefined || originalError === null) return null
  return originalError instanceof GraphQLError ? (originalOf(originalError) ?? originalError) : originalError
}

function refusalExtensions(refusal: Refusal): Record<string, unknown> {
  if (refusal instanceof NotAllowedError) return { code: 'FORBIDDEN' }
  if (refusal instanceof InvalidInputError) return { code: 'BAD_USER_INPUT', issues: refusal.issues }
  return { code: refusal.code }
}

const shown = (
  { nodes, source, positions, path }: GraphQLError,
  message: string,
  extensions: Record<string, unknown>,
) =>
  new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    extensions,
  })
