import type { IncomingMessage } from 'node:http'

/** Why a body is not taken, as HTTP says it. */
export class BodyError extends Error {
  readonly status: 400 | 413 | 415
  constructor(status: 400 | 413 | 415, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * Reads a JSON object of at most `bytesMax`. Only JSON is taken: a form of another site can send other types without
 * asking first. Throws `BodyError`.
 */
export async function readJsonBody(request: IncomingMessage, bytesMax: number): Promise<Record<string, unknown>> {
  const type = request.headers['content-type'] ?? ''
  if (!/^application\/(?:graphql\+)?json *(?:;|$)/i.test(type)) {
    throw new BodyError(415, 'Send the request as application/json.')
  }
  const tooLarge = () => new BodyError(413, `The request is larger than ${bytesMax} bytes.`)
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge()
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bytesMax) throw tooLarge()
    chunks.push(chunk)
  }
  const body = parse(Buffer.concat(chunks).toString('utf8'))
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new BodyError(
      400,
      'The body must be one JSON object with "query" and, when needed, "variables": batches are not taken.',
    )
  }
  return body as Record<string, unknown>
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new BodyError(400, 'The body is no JSON.')
  }
}
