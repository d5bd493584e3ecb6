import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import type { AuditContent } from './audit/content.ts'
import { type AuditRecords, controlApp } from './control.ts'
import { createEngine, type SimulatorEngine } from './engine.ts'
import type { Fault, JournalEntry } from './engine-types.ts'
import { exchangeApp } from './exchange/app.ts'
import type { FaultHandle } from './faults.ts'
import { graphApp } from './graph/app.ts'
import { loginApp } from './login/app.ts'
import { issueToken, type TokenRequest } from './login/issue.ts'
import { createMailSink, type MailSink } from './mail-sink.ts'
import { managementApp } from './management/app.ts'
import type { AuditRecord } from './sample/record-forms.ts'
import { openStore } from './store.ts'
import { withWholeBatchFaults } from './whole-batch.ts'
import type { Mail, Tenant, World } from './world.ts'

export interface SimulatorOptions {
  /** The world to start with, and to come back to at a reset. It is changed in place. */
  world: World
  now?: () => Date
  /** Where world and keys are stored; without it nothing is. */
  dir?: string
  /** For `GET /control/audit-records`; given the time when the stored world began. */
  auditRecords?: AuditRecords
  /** What `GET /control/sample` tells: ids and secrets of the made-up world. */
  sample?: object
  /** Told of every mail that the sink takes. */
  onMail?: (mail: Mail) => void
  /** Sentences about set-aside files. */
  warn?: (sentence: string) => void
  /** Everything passes through it: it may be held up before its effect, and before its answer. */
  around?: (arrival: Arrival, effect: () => Promise<void>) => Promise<void>
  /** Shown every HTTP call with its answer, both still to be read: for tests of what goes over the wire. */
  watch?: (request: Request, response: Response) => void
}

export type Arrival = { request: Request } | { mailTo: readonly string[] }

export interface ListenOptions {
  /** 0: any free one. */
  port?: number
  host?: string
  /** PEM. */
  tls: { cert: string | Buffer; key: string | Buffer }
}

export interface Listening {
  /** Without a trailing slash: `https://127.0.0.1:4443`. */
  url: string
  port: number
  close(): Promise<void>
}

export interface Simulator {
  readonly fetch: (request: Request) => Response | Promise<Response>
  readonly world: World
  readonly engine: SimulatorEngine
  /** Calls received with `seq` greater than the number (default 0). */
  journal(since?: number): JournalEntry[]
  /** Throws `InvalidFaultError`. */
  fault(fault: Fault): FaultHandle
  /** Audit records of something that happened in the tenant, now or at a moment; they land in the activity feed later. */
  raise(tenantId: string, records: readonly AuditRecord[], at?: Date): AuditContent[]
  /** An access token as the login would issue it after a sign-in. `origin` is the simulator's URL. */
  token(origin: string, request: TokenRequest): { access_token: string; expires_in: number }
  reset(): void
  listen(options: ListenOptions): Promise<Listening>
  /** For mail that the gateway sends; it listens when it is told to. */
  readonly mailSink: MailSink
  /** Stores what is not stored yet. */
  save(): void
}

export function createSimulator(options: SimulatorOptions): Simulator {
  const initial = structuredClone(options.world)
  const store = openStore(options.dir, options.world, options.now?.() ?? new Date(), options.warn)
  const engine = createEngine({
    world: store.world,
    initial,
    keys: store.keys,
    startedAt: store.startedAt,
    onChange: store.changed,
    ...(options.now ? { now: options.now } : {}),
  })

  const { around, watch } = options
  const mailSink = createMailSink(engine, {
    ...(options.onMail && { onMail: options.onMail }),
    ...(around && { around: (mailTo, effect) => around({ mailTo }, effect) }),
  })
  const app = new Hono<{ Bindings: { incoming?: IncomingMessage } }>()
  app.use(async (c, next) => {
    const outcome = await engine.watchConnection(next)
    if (outcome === 'cut') {
      c.env?.incoming?.socket.destroy()
      c.res = new Response(null, { status: 500 })
    }
  })
  if (around) app.use((c, next) => around({ request: c.req.raw.clone() }, next))
  if (watch) {
    app.use(async (c, next) => {
      const request = c.req.raw.clone()
      await next()
      watch(request, c.res.clone())
    })
  }
  app.onError((error, c) => c.json({ error: { code: 'InternalServerError', message: error.message } }, 500))
  app.use('/v1.0/*', withWholeBatchFaults(engine, 'graph', '/v1.0'))
  app.use('/adminapi/*', withWholeBatchFaults(engine, 'exchange', '/adminapi'))
  app.route('/control', controlApp(engine, { ...options, smtpUrl: () => mailSink.url }))
  app.route('/v1.0', graphApp(engine))
  app.route('/beta', graphApp(engine, 'beta'))
  app.route('/adminapi', exchangeApp(engine))
  app.route(
    '/api/v1.0',
    managementApp(engine, () => options.auditRecords?.(engine.startedAt) ?? []),
  )
  app.route('/', loginApp(engine))

  return {
    fetch: (request) => app.fetch(request),
    world: store.world,
    engine,
    journal: (since = 0) => engine.journalSince(since),
    fault: engine.addFault,
    raise: (tenantId, records, at) => engine.raise(tenantOf(engine, tenantId), records, at),
    token: (origin, request) => issueToken(engine, origin, request),
    reset: engine.reset,
    listen: (listenOptions) => listen(app, listenOptions, () => engine.stop()),
    mailSink,
    save: store.save,
  }
}

function tenantOf(engine: SimulatorEngine, id: string): Tenant {
  const tenant = engine.tenant(id)
  if (!tenant) throw new Error(`The simulated world has no tenant ${id}.`)
  return tenant
}

type App = Hono<{ Bindings: { incoming?: IncomingMessage } }>

function listen(app: App, options: ListenOptions, stop: () => void): Promise<Listening> {
  const host = options.host ?? '127.0.0.1'
  const server = createAdaptorServer({
    fetch: app.fetch,
    overrideGlobalObjects: false,
    createServer,
    serverOptions: { cert: options.tls.cert, key: options.tls.key, keepAlive: true },
  })
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      stop()
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, () => {
      const { port } = server.address() as AddressInfo
      resolve({ url: `https://${host}:${port}`, port, close })
    })
  })
}
