/** What a request asks for, read and judged by its form before GraphQL sees it. */
import type { IncomingMessage } from 'node:http'
import { z } from 'zod'

/** Why a request is not taken, as HTTP says it. */
export class RequestError extends Error {
  readonly status: 400 | 408 | 413 | 415
  constructor(status: RequestError['status'], message: string) {
    super(message)
    this.status = status
  }
}

export const askedForNothing =
  'Say what you want in "query", a text, or name a trusted document by its hash in "documentId".'

/** GraphQL over HTTP; other members are refused by name later. */
const parameters = z.looseObject({
  query: z.string('"query" must be a text.').nullish(),
  documentId: z.string('"documentId" must be a text.').nullish(),
  operationName: z.string('"operationName" must be a text.').nullish(),
  variables: z.record(z.string(), z.unknown(), '"variables" must be a JSON object.').nullish(),
  extensions: z.record(z.string(), z.unknown(), '"extensions" must be a JSON object.').nullish(),
})

export type Parameters = z.infer<typeof parameters>

/** Those of `GET /graphql?query=…`. Throws `RequestError`. */
export function readQueryParameters(request: IncomingMessage): Parameters {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const json = (name: string) => {
    const text = searchParams.get(name)
    return text ? parseJson(text, `"${name}" is no JSON.`) : null
  }
  return checked({
    query: searchParams.get('query'),
    documentId: searchParams.get('documentId'),
    operationName: searchParams.get('operationName'),
    variables: json('variables'),
    extensions: json('extensions'),
  })
}

/**
 * Reads a JSON object of at most `bytesMax`. Only JSON is taken: a form of another site can send other types without
 * asking first. Throws `RequestError`.
 */
export async function readJsonBody(request: IncomingMessage, bytesMax: number): Promise<Parameters> {
  const type = request.headers['content-type'] ?? ''
  if (!/^application\/(?:graphql\+)?json *(?:;|$)/i.test(type)) {
    throw new RequestError(415, 'Send the request as application/json.')
  }
  const tooLarge = () => new RequestError(413, `The request is larger than ${bytesMax} bytes.`)
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge()
  const body = parseJson((await readBytes(request, bytesMax, tooLarge)).toString('utf8'), 'The body is no JSON.')
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new RequestError(
      400,
      'The body must be one JSON object with "query" and, when needed, "variables": batches are not taken.',
    )
  }
  return checked(body)
}

async function readBytes(request: IncomingMessage, bytesMax: number, tooLarge: () => RequestError): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > bytesMax) throw tooLarge()
      chunks.push(chunk)
    }
  } catch (error) {
    // The server cuts off who sends too slowly, and a client may go away.
    if (request.destroyed && !(error instanceof RequestError)) throw new RequestError(408, 'The body did not arrive.')
    throw error
  }
  return Buffer.concat(chunks)
}

function checked(given: object): Parameters {
  const result = parameters.safeParse(given)
  if (result.success) {
    const { query, documentId, extensions } = result.data
    if (query == null && documentId == null && extensions?.['persistedQuery'] == null) {
      throw new RequestError(400, askedForNothing)
    }
    return result.data
  }
  throw new RequestError(400, result.error.issues.map(({ message }) => message).join(' '))
}

function parseJson(text: string, problem: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new RequestError(400, problem)
  }
}
