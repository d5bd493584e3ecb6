import { request } from 'node:https'
import type { TestMicrosoft } from './microsoft.ts'

/** An answer as it came over the wire. */
export interface WireAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  /** Parsed JSON; null without a body or when it is no JSON. */
  body: unknown
  bytes: Buffer
}

export interface WireCall {
  method?: string
  headers?: Record<string, string>
  body?: unknown
}

/** One https call as it is written: nothing is decompressed, followed or repeated. */
export function callMicrosoft(microsoft: TestMicrosoft, path: string, call: WireCall = {}): Promise<WireAnswer> {
  const { method = 'GET', headers = {}, body } = call
  const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body)
  const contentType = body === undefined ? {} : { 'Content-Type': 'application/json' }
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(microsoft.url)
    const sent = request({
      hostname,
      port,
      path,
      method,
      ca: microsoft.ca,
      headers: { ...contentType, 'Content-Length': Buffer.byteLength(text), ...headers },
    })
    sent.on('error', reject)
    sent.on('response', (received) => {
      const chunks: Buffer[] = []
      received.on('data', (chunk: Buffer) => chunks.push(chunk))
      received.on('error', reject)
      received.on('end', () => {
        const bytes = Buffer.concat(chunks)
        resolve({ status: received.statusCode ?? 0, headers: received.headers, body: parsed(bytes), bytes })
      })
    })
    sent.end(text)
  })
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return null
  }
}

/** `path` as clients write it: what a URL may not hold is encoded, `#` only where the caller did. */
const encoded = (path: string): string => path.replaceAll(' ', '%20')

export interface GraphCaller {
  get(path: string, headers?: Record<string, string>): Promise<WireAnswer>
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<WireAnswer>
  batch(requests: readonly object[]): Promise<WireAnswer>
}

/** Calls Graph with one token. */
export function graphCaller(microsoft: TestMicrosoft, token: string, version = 'v1.0'): GraphCaller {
  const authorization = { authorization: `Bearer ${token}` }
  const send: GraphCaller['send'] = (method, path, body, headers = {}) =>
    callMicrosoft(microsoft, `/${version}${encoded(path)}`, { method, body, headers: { ...authorization, ...headers } })
  return {
    get: (path, headers) => send('GET', path, undefined, headers),
    send,
    batch: (requests) => send('POST', '/$batch', { requests }),
  }
}
