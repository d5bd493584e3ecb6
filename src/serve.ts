/** The gateway as a process: listens, and on SIGTERM or SIGINT finishes what it began. */
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Config, ConfigFault, type Secrets } from './config.ts'
import { connectServices, createLog, type ProcessTiming } from './connect.ts'
import { migrationsPending } from './db/migrate.ts'
import type { GraphiqlOptions } from './graphiql/graphiql.ts'
import { type Limits, limitsDefault } from './server/limits.ts'
import { createListener } from './server/listener.ts'
import { noTrustedDocuments, readTrustedDocuments, type TrustedDocuments } from './server/trusted-documents.ts'
import { createGateway } from './server.ts'
import { workBeside } from './work-beside.ts'

export interface ServeOptions {
  config: Config
  secrets: Secrets
  graphiql?: GraphiqlOptions
  timing?: ProcessTiming
}

export interface Serving {
  /** Where it listens, e.g. `http://127.0.0.1:4000`. */
  url: string
  /** Stops accepting, finishes what is under way, closes the connections. Calling it again waits for the same. */
  close(): Promise<void>
  /** Resolves when it has closed. */
  closed: Promise<void>
}

/** A mutation answers within 25 seconds; what takes longer is cut and finished by recovery. */
const drainMs = 30_000

/** Resolves when the port is open; rejects when it is taken (`EADDRINUSE`). Installs handlers for SIGTERM and SIGINT. */
export async function serve({ config, secrets, graphiql, timing }: ServeOptions): Promise<Serving> {
  const log = createLog(config.logLevel)
  const limits = { ...limitsDefault, mutationsMax: config.mutationsPerDocumentMax }
  const trusted = trustedDocuments(config, limits)
  const { services, accessTokens, close: disconnect } = connectServices(config, secrets, log, 'tourniquet', timing)
  const gateway = createGateway({
    limits,
    introspection: config.introspection,
    trusted,
    services,
    accessTokens,
    migrationsPending: () => migrationsPending(services.db),
    edge: config.edge,
    ...(graphiql ? { graphiql } : {}),
  })
  const server = createListener(gateway.handle)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(config.port, config.host, resolve)
    })
  } catch (error) {
    await disconnect()
    throw error
  }

  const worker = workBeside({ config, secrets }, services)
  const { promise: closed, resolve: hasClosed } = Promise.withResolvers<void>()
  let closing = false
  const hurry = new AbortController()
  async function close(delayMs = 0): Promise<void> {
    if (closing) {
      hurry.abort()
      return closed
    }
    closing = true
    log.info({ delayMs }, 'Stopping: what is under way is finished first')
    gateway.drain()
    await sleep(delayMs, undefined, { signal: hurry.signal }).catch(() => {})
    const finished = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeIdleConnections()
    // Connections that are kept alive become idle one by one.
    const sweep = setInterval(() => server.closeIdleConnections(), 100)
    await Promise.race([finished, sleep(drainMs, undefined, { ref: false })])
    clearInterval(sweep)
    server.closeAllConnections()
    await worker.close()
    await disconnect()
    for (const signal of signals) process.off(signal, onSignal)
    log.info({}, 'Stopped')
    hasClosed()
  }
  // A person at the terminal is not kept waiting.
  const onSignal = (signal: NodeJS.Signals) => void close(signal === 'SIGTERM' ? config.shutdownDelaySeconds * 1000 : 0)
  for (const signal of signals) process.on(signal, onSignal)

  const { address, port, family } = server.address() as AddressInfo
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
  log.info({ url, config }, 'Listening')
  return { url, close: () => close(), closed }
}

/** Throws `ConfigFault` with every fault of every document. */
function trustedDocuments({ trustedDocuments: given }: Config, limits: Limits): TrustedDocuments {
  if (given === null) return noTrustedDocuments
  const { documents, faults } = readTrustedDocuments(given.path, limits)
  if (faults.length > 0) throw new ConfigFault(faults)
  return { documents, onlyFor: new Set(given.onlyFor) }
}

const signals = ['SIGTERM', 'SIGINT'] as const
