/** An https server on 127.0.0.1 that answers as a test says: for answers that the simulated Microsoft 365 never gives. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { createCertificates } from '../../simulator/certificates.ts'

export interface Received {
  method: string
  /** Path and query. */
  path: string
  headers: IncomingMessage['headers']
  /** Parsed when it is JSON, otherwise text. */
  body: unknown
  atMs: number
}

export interface Reply {
  status?: number
  headers?: Record<string, string>
  /** An object is sent as JSON. */
  body?: unknown
  delayMs?: number
  /** Cuts the connection instead of answering. */
  cut?: boolean
}

export type Answering = (request: Received) => Reply | undefined | Promise<Reply | undefined>

export interface AnsweringServer {
  url: string
  host: string
  /** Everything but sign-in. */
  received: Received[]
  /** Requests for tokens. */
  tokenRequests: Received[]
  close(): Promise<void>
}

export interface BatchItem {
  id: string
  method: string
  url: string
  headers?: Record<string, string>
  body?: unknown
}

let trusted: Promise<{ cert: string; key: string }> | null = null

function certificates(): Promise<{ cert: string; key: string }> {
  trusted ??= createCertificates().then(({ ca, cert, key }) => {
    setDefaultCACertificates([...getCACertificates('default'), ca])
    return { cert, key }
  })
  return trusted
}

/** What `answer` leaves `undefined`: tokens are given (`token-1`, `token-2`, …), anything else is 404. */
export async function anAnsweringServer(answer: Answering): Promise<AnsweringServer> {
  const received: Received[] = []
  const tokenRequests: Received[] = []
  const sockets = new Set<Duplex>()
  const server = createServer(await certificates(), (request, response) => void handle(request, response))

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString('utf8')
    const { method = '', url: path = '', headers } = request
    const entry = { method, path, headers, body: parsed(text), atMs: performance.now() }
    const isSignIn = path.includes('/oauth2/') || path.includes('/.well-known/') || path.includes('/discovery/')
    if (path.includes('/oauth2/')) tokenRequests.push(entry)
    if (!isSignIn) received.push(entry)
    const reply = (await answer(entry)) ?? (isSignIn ? signIn(entry) : { status: 404, body: { error: {} } })
    if (reply.delayMs) await new Promise((resolve) => setTimeout(resolve, reply.delayMs))
    if (reply.cut) request.socket.destroy()
    else send(response, reply)
  }

  function signIn({ path }: Received): Reply {
    const tenant = path.split('/')[1]
    if (path.includes('/oauth2/')) {
      return { body: { token_type: 'Bearer', expires_in: 3599, access_token: `token-${tokenRequests.length}` } }
    }
    return {
      body: {
        issuer: `${url}/${tenant}/v2.0`,
        token_endpoint: `${url}/${tenant}/oauth2/v2.0/token`,
        authorization_endpoint: `${url}/${tenant}/oauth2/v2.0/authorize`,
        jwks_uri: `${url}/${tenant}/discovery/v2.0/keys`,
      },
    }
  }

  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const url = `https://${host}`
  return {
    url,
    host,
    received,
    tokenRequests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: Reply): void {
  const isRaw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body)
  response.writeHead(status, { ...(!isRaw && { 'content-type': 'application/json' }), ...headers })
  response.end(isRaw ? body : JSON.stringify(body))
}

/** The items of a `$batch` request, null for another one. */
export function batchItemsOf({ path, body }: Received): BatchItem[] | null {
  return path.endsWith('/$batch') ? (body as { requests: BatchItem[] }).requests : null
}

/** Answers a batch item by item, in reverse order; an item without a reply gets no answer. */
export function batchReply(items: BatchItem[], answer: (item: BatchItem) => Reply | undefined): Reply {
  const responses = items.flatMap((item) => {
    const reply = answer(item)
    return reply ? [{ id: item.id, status: reply.status ?? 200, headers: reply.headers ?? {}, body: reply.body }] : []
  })
  return { body: { responses: responses.reverse() } }
}
