/** Errors as callers see them: codes of the contract, nothing of our inside. */
import { GraphQLError } from 'graphql'
import type { Log } from '../context.ts'
import { type SubscriptionEndCode, SubscriptionEndedError } from '../services/live/ending.ts'
import { UnauthenticatedError } from '../services/operators/authenticate.ts'
import { InvalidInputError, NotAllowedError, Refusal } from '../services/refusals.ts'

export type ErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'BAD_USER_INPUT'
  | 'QUERY_TOO_COMPLEX'
  | 'GRAPHQL_VALIDATION_FAILED'
  | TrustedDocumentCode
  | SubscriptionEndCode
  | 'OVERLOADED'
  | 'INTERNAL_SERVER_ERROR'

/** Named as other servers name them, so that clients know them. */
export type TrustedDocumentCode = 'PERSISTED_QUERY_NOT_FOUND' | 'PERSISTED_QUERY_ID_REQUIRED'

/** `spec`: the status counts for `application/graphql-response+json`; for `application/json` it stays 200. */
const http = { status: 400, spec: true }

export const tooComplex = (message: string) =>
  new GraphQLError(message, { extensions: { code: 'QUERY_TOO_COMPLEX', http } })

export const invalidDocument = (message: string) =>
  new GraphQLError(message, { extensions: { code: 'GRAPHQL_VALIDATION_FAILED', http } })

export const untrustedDocument = (code: TrustedDocumentCode, message: string) =>
  new GraphQLError(message, { extensions: { code, http } })

/** `path` leads from the name of the variable to the fault; empty for a fault in the document. */
export const badUserInput = (message: string, path: readonly string[]) =>
  new GraphQLError(shortened(message), {
    extensions: { code: 'BAD_USER_INPUT', ...(path.length > 0 ? { issues: [{ path, message }] } : {}), http },
  })

/** What a caller may know of an error; anything unexpected is logged and masked. */
export function presentError(error: GraphQLError, { requestId, log }: { requestId: string; log: Log }): GraphQLError {
  const original = originalOf(error)
  if (original instanceof Refusal) return shown(error, original.message, refusalExtensions(original))
  if (original instanceof SubscriptionEndedError) return shown(error, original.message, { code: original.code })
  // Of a subscription whose credential ended; a request without one never comes this far.
  if (original instanceof UnauthenticatedError) return shown(error, original.message, { code: 'UNAUTHENTICATED' })
  // Errors of compiled documents have no extensions at all.
  const extensions: Record<string, unknown> = error.extensions ?? {}
  const expected = (original === null || original instanceof GraphQLError) && !extensions['unexpected']
  if (expected && (error.path === undefined || extensions['code'] !== undefined)) {
    return error.path === undefined
      ? shown(error, shortened(error.message), { http, ...extensions, code: codeOf(extensions['code']) })
      : error
  }
  log.error({ err: original ?? error, requestId, path: error.path?.join('.') }, 'A request failed unexpectedly')
  return shown(error, internalMessage(requestId), { code: 'INTERNAL_SERVER_ERROR', requestId })
}

const messageLengthMax = 500

/** Faults of documents and variables quote them, whatever their length, in the middle of the message. */
const shortened = (message: string): string =>
  message.length <= messageLengthMax
    ? message
    : `${message.slice(0, messageLengthMax / 2)} … ${message.slice(-messageLengthMax / 2)}`

/** Yoga has a word of its own for faulty requests; the executor has none for variables of a wrong type. */
const codeOf = (code: unknown) => (code === undefined || code === 'BAD_REQUEST' ? 'BAD_USER_INPUT' : code)

export const internalMessage = (requestId: string) =>
  `Something went wrong on our side. Support finds it by this id: ${requestId}`

/** Whatever was thrown, in the executor's form. */
export const asGraphqlError = (error: unknown): GraphQLError => {
  if (error instanceof GraphQLError) return error
  return new GraphQLError('Unexpected error', {
    originalError: error instanceof Error ? error : new Error(String(error)),
  })
}

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
