/**
 * Vitest's setup of every test file: listens to what the servers in its process receive and answer, and to what the process
 * and its children print, and changes nothing of it. Servers of ours speak http here, those of Microsoft https.
 */
import type { ChildProcess } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { canary } from './canary.ts'
import type { SecretKind } from './collect.ts'
import { shownOnce } from './shown-once.ts'

/** As Node publishes them. */
interface Exchange {
  request: IncomingMessage
  response: ServerResponse
}

subscribe('http.server.request.start', (message) => {
  const { request, response } = message as Exchange
  if (request.socket instanceof TLSSocket) listenToMicrosoft(request, response)
  else listenToUs(request, response)
})

subscribe('child_process', (message) => {
  const { process: child } = message as { process: ChildProcess }
  // Its streams exist once `spawn` has returned.
  queueMicrotask(() => {
    const command = (child.spawnargs ?? []).join(' ')
    // The simulated Microsoft 365 tells its secrets on purpose.
    if (command.includes('simulator/main.ts')) return
    const name = basename(child.spawnfile ?? '')
    // Everybody on the machine can read how it was called.
    canary.written('output of a process', name, command)
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) onArrival(stream, (text) => canary.written('output of a process', name, text))
    }
  })
})

for (const stream of [process.stdout, process.stderr]) {
  const { write } = stream
  stream.write = (...args: unknown[]) => {
    canary.written('output of a process', 'of the tests', String(args[0]))
    return Reflect.apply(write, stream, args)
  }
}
for (const level of ['debug', 'info', 'log', 'warn', 'error'] as const) {
  const say = console[level]
  console[level] = (...args: unknown[]) => {
    canary.written('output of a process', 'console', args.map(String).join(' '))
    say(...args)
  }
}

function listenToUs(request: IncomingMessage, response: ServerResponse): void {
  const [, credential = ''] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
  canary.secret(credential.startsWith('tq_') ? 'API key' : 'access token of a caller', credential)
  const { pathname, searchParams } = addressOf(request)
  tell('authorization code', searchParams.get('code'))
  onAnswer(response, (body) => {
    const ok = response.statusCode < 300
    // The GraphiQL of the sandbox is given the analyst's token on purpose; its other files are read from the disk.
    if (ok && pathname.startsWith('/graphiql/')) return
    const text = ok && pathname === '/graphql' ? shownOnce(body) : body
    const place = pathname === '/metrics' ? 'metrics' : 'answer'
    canary.written(place, `/${pathname.split('/')[1]}`, `${headOf(response)}\n${text}`)
  })
}

/** Parameters of a form that are secrets. */
const formSecrets: Record<string, SecretKind> = {
  client_secret: 'client secret',
  client_assertion: 'client assertion',
  code: 'authorization code',
  code_verifier: 'PKCE verifier',
  refresh_token: 'refresh token',
  assertion: 'access token of a caller',
}

/** Members of JSON that are secrets. */
const jsonSecrets: Record<string, SecretKind> = {
  access_token: 'access token of ours for Microsoft',
  id_token: 'id token',
  refresh_token: 'refresh token',
  password: 'temporary password',
  newPassword: 'temporary password',
}

function listenToMicrosoft(request: IncomingMessage, response: ServerResponse): void {
  const { authorization = '', 'content-type': type = '' } = request.headers
  const [, scheme, credential = ''] = /^(Bearer|Basic) +(\S+)$/i.exec(authorization) ?? []
  if (scheme === 'Bearer') canary.secret('access token of ours for Microsoft', credential)
  if (scheme === 'Basic') {
    const [, secret = ''] = Buffer.from(credential, 'base64').toString().split(':')
    canary.secret('client secret', decodeURIComponent(secret))
  }
  // An address stands in the logs of every proxy on the way.
  canary.written('request to Microsoft', request.method ?? '', request.url ?? '')
  onArrival(request, (text) => (type.includes('form') ? tellForm(text) : tellJson(text)))
  onAnswer(response, (body) => {
    tellJson(body)
    const location = response.getHeader('location')
    if (typeof location === 'string' && URL.canParse(location)) {
      tell('authorization code', new URL(location).searchParams.get('code'))
    }
  })
}

function tellForm(text: string): void {
  const form = new URLSearchParams(text)
  for (const [name, kind] of Object.entries(formSecrets)) tell(kind, form.get(name))
}

/** Also in a batch, at whatever depth. */
function tellJson(text: string): void {
  for (const [, name = '', literal = '""'] of text.matchAll(/"(\w+)" *: *("(?:[^"\\]|\\.)*")/g)) {
    const kind = Object.hasOwn(jsonSecrets, name) ? jsonSecrets[name] : undefined
    if (kind) canary.secret(kind, JSON.parse(literal))
  }
}

function tell(kind: SecretKind, value: string | null): void {
  if (value !== null) canary.secret(kind, value)
}

const addressOf = ({ url = '/' }: IncomingMessage): URL =>
  URL.canParse(url, 'http://localhost') ? new URL(url, 'http://localhost') : new URL('http://localhost')

const headOf = (response: ServerResponse): string =>
  Object.entries(response.getHeaders())
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')

/** What a stream is fed, whole once it has ended or was cut; its readers notice nothing. */
function onArrival(stream: Readable, take: (text: string) => void): void {
  const chunks: Buffer[] = []
  const push = stream.push.bind(stream)
  stream.push = (chunk: Buffer | string | null, encoding?: BufferEncoding) => {
    if (chunk !== null) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk))
    return push(chunk, encoding)
  }
  stream.once('close', () => take(Buffer.concat(chunks).toString()))
}

/** What a server answered, whole once the answer has ended or was cut. */
function onAnswer(response: ServerResponse, take: (body: string) => void): void {
  const chunks: Buffer[] = []
  const keep = ([chunk]: unknown[]) => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk))
  }
  const { write, end } = response
  response.write = (...args: unknown[]) => {
    keep(args)
    return Reflect.apply(write, response, args)
  }
  response.end = (...args: unknown[]) => {
    keep(args)
    return Reflect.apply(end, response, args)
  }
  response.once('close', () => take(Buffer.concat(chunks).toString()))
}
