/**
 * A fake Microsoft 365 for benchmarks, in a process of its own: the simulator's answers, replayed after a latency. As Graph does it
 * runs at most four mailbox requests of a batch at a time. Told what to do by messages of its parent.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import type { TokenRequest } from '../../simulator/login/issue.ts'
import { createSimulator, type Simulator } from '../../simulator/server.ts'
import type { World } from '../../simulator/world.ts'
import { createReplay, type HttpRequest, type Item, type Recorded, type Replay } from './replay.ts'

export interface Settings {
  latencyMs: number
  /** Whether requests are written down. */
  journal: boolean
  /** One in so many items is refused once, when it is first asked for; 0: none. */
  throttleEvery: number
  retryAfterSeconds: number
}

/** A request as it came in: when, when it was answered, and what it asked for. */
export interface Entry {
  at: number
  answeredAt: number
  service: 'graph' | 'exchange'
  /** Tenant and caller. */
  token: string
  items: { key: string; mailbox: boolean; throttled: boolean }[]
}

export type Order =
  | { order: 'start'; world: World; tls: { cert: string; key: string } }
  | { order: 'settings'; settings: Partial<Settings> }
  | { order: 'journal' }
  | { order: 'token'; request: TokenRequest }

let settings: Settings = { latencyMs: 0, journal: false, throttleEvery: 0, retryAfterSeconds: 1 }
let journal: Entry[] = []
let refusedOnce = new Set<string>()
let asked = 0
/** Whole answers by what was asked. */
const answers = new Map<string, Buffer>()

let origin = ''
let simulator: Simulator | null = null
let replay: Replay | null = null

const isMailbox = ({ url }: Item): boolean => /\/(?:mailboxSettings|mailFolders|messages)\b/.test(url)

const throttledItem = () =>
  `"status":429,"headers":{"Retry-After":"${settings.retryAfterSeconds}","Content-Type":"application/json"},"body":{"error":{"code":"TooManyRequests","message":"Too many requests."}}}`

/** Every item once at most. */
function isThrottled(key: string): boolean {
  if (settings.throttleEvery === 0 || refusedOnce.has(key)) return false
  refusedOnce.add(key)
  asked += 1
  return asked % settings.throttleEvery === 0
}

/** As it would stand in a batch, so that it is known again. */
const alone = ({ method, path, body }: HttpRequest): Item => ({
  id: '1',
  method,
  url: path.startsWith('/v1.0') ? path.slice('/v1.0'.length) : origin + path,
  ...(body !== '' && { body: JSON.parse(body) }),
})

async function answer(replay: Replay, request: HttpRequest): Promise<Recorded | Buffer> {
  const { path, body, headers } = request
  const token = headers['authorization'] ?? ''
  const isPlain = !settings.journal && settings.throttleEvery === 0
  const key = `${token} ${request.method} ${path} ${body}`
  const known = isPlain ? answers.get(key) : undefined
  const at = performance.now()
  if (known) {
    if (settings.latencyMs > 0) await sleep(settings.latencyMs)
    return known
  }
  const isBatch = path.endsWith('/$batch')
  const items: Item[] = isBatch ? (JSON.parse(body) as { requests: Item[] }).requests : [alone(request)]
  const entry: Entry = {
    at,
    answeredAt: 0,
    service: path.startsWith('/v1.0') ? 'graph' : 'exchange',
    token,
    items: items.map((item) => {
      const asks = `${item.method} ${item.url} ${JSON.stringify(item.body)}`
      return { key: asks, mailbox: isMailbox(item), throttled: isThrottled(`${token} ${asks}`) }
    }),
  }
  const rounds = Math.max(1, Math.ceil(entry.items.filter(({ mailbox }) => mailbox).length / 4))
  const [parts] = await Promise.all([
    isBatch ? replay.items(request, items) : replay.whole(request),
    settings.latencyMs > 0 && sleep(settings.latencyMs * rounds),
  ])
  entry.answeredAt = performance.now()
  if (settings.journal) journal.push(entry)
  if (!Array.isArray(parts)) {
    if (!entry.items[0]?.throttled) return parts
    const refused = { 'retry-after': String(settings.retryAfterSeconds), 'content-type': 'application/json' }
    return {
      status: 429,
      headers: refused,
      body: '{"error":{"code":"TooManyRequests","message":"Too many requests."}}',
    }
  }
  const responses = items.map(({ id }, index) => {
    const part = entry.items[index]?.throttled ? throttledItem() : parts[index]
    return `{"id":${JSON.stringify(id)},${part}`
  })
  const bytes = Buffer.from(`{"responses":[${responses.join(',')}]}`)
  if (isPlain && rounds === 1) answers.set(key, bytes)
  return bytes
}

async function start(world: World, tls: { cert: string; key: string }): Promise<string> {
  const made = createSimulator({ world })
  const others = getRequestListener(made.fetch, { overrideGlobalObjects: false })
  const server = createServer({ ...tls, keepAlive: true }, (incoming, response) => void handle(incoming, response))
  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = incoming.url ?? '/'
    if (!replay || !(path.startsWith('/v1.0/') || path.startsWith('/adminapi/'))) {
      await others(incoming, response)
      return
    }
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    )
    const given = { path, method: incoming.method ?? 'GET', headers, body: await text(incoming) }
    const answered = await answer(replay, given)
    if (Buffer.isBuffer(answered)) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': answered.length }).end(answered)
    } else {
      response.writeHead(answered.status, { ...answered.headers }).end(answered.body)
    }
  }
  server.keepAliveTimeout = 120_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  simulator = made
  replay = createReplay(made, origin)
  return origin
}

async function obey(order: Order): Promise<unknown> {
  switch (order.order) {
    case 'start':
      return start(order.world, order.tls)
    case 'settings':
      settings = { ...settings, ...order.settings }
      refusedOnce = new Set()
      asked = 0
      return null
    case 'journal': {
      const written = journal
      journal = []
      return written
    }
    case 'token':
      return simulator?.token(origin, order.request).access_token
  }
}

process.on('message', async ({ id, order }: { id: number; order: Order }) => {
  const reply = await obey(order).then(
    (answer) => ({ id, answer }),
    (error: unknown) => ({ id, error: String(error) }),
  )
  process.send?.(reply)
})
process.on('disconnect', () => process.exit(0))
