/** Gateways as processes of their own (`tourniquet serve`) that share a database, a simulated Microsoft 365 and their sealing key. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Application } from '../../simulator/world.ts'
import { readConfig } from '../../src/config.ts'
import { connectServices, createLog } from '../../src/connect.ts'
import type { Services } from '../../src/context.ts'
import { aFreePort } from './free-port.ts'
import type { GraphqlAnswer } from './gateway.ts'
import type { TestMicrosoft } from './microsoft.ts'
import type { TestDatabase } from './postgres.ts'

export interface GatewayProcess {
  url: string
  /** Rejects when the process dies before its answer. */
  graphql(document: string, variables: object, token: string): Promise<GraphqlAnswer>
  /** SIGKILL: nothing is finished. */
  kill(): Promise<void>
  /** SIGTERM: what is under way is finished. Resolves with its exit status. */
  stop(): Promise<number | null>
  /** What it said, the end of it. */
  lastWords(): string
}

export interface GatewayProcesses {
  processes: GatewayProcess[]
  /** With which more of them can be started. */
  environment: Record<string, string>
  /** What a worker with the same configuration works with, in this process. */
  services: Services
  /** One more, with the same configuration. */
  another(): Promise<GatewayProcess>
  close(): Promise<void>
}

const root = resolve(import.meta.dirname, '../..')

export interface ProcessSurroundings {
  microsoft: TestMicrosoft
  database: TestDatabase
  application: Application
  /** On top of the configuration that processes share. */
  environment?: Record<string, string>
}

/** How a gateway is started as it is in production. */
export const serveCommand = ['src/cli.ts', 'serve']

/** The configuration of processes that share all there is. */
export function environmentOf({ microsoft, database, application, environment: more }: ProcessSurroundings) {
  const folder = mkdtempSync(join(tmpdir(), 'tourniquet-processes-'))
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, microsoft.ca)
  const environment = {
    PUBLIC_URL: 'https://tourniquet.example.com',
    DATABASE_URL: database.url,
    DATABASE_JOBS_URL: database.jobsUrl,
    M365_CLIENT_ID: application.appId,
    M365_CLIENT_SECRET: application.secrets[0] ?? '',
    API_AUDIENCE: application.appId,
    SEALING_KEY: randomBytes(32).toString('base64'),
    SUPPORT_EMAIL: 'support@example.com',
    LOG_LEVEL: 'warn',
    // All ask at once, on a machine that does much else.
    RATE_LIMIT_OPERATOR_WRITES: '1000000',
    RATE_LIMIT_TENANT_WRITES: '1000000',
    SHED_EVENT_LOOP_DELAY_MS: '60000',
    // Recovery is the tests' own.
    WORKER: 'off',
    ENTRA_URL: microsoft.url,
    GRAPH_URL: microsoft.url,
    EXCHANGE_URL: microsoft.url,
    MANAGEMENT_URL: microsoft.url,
    NODE_EXTRA_CA_CERTS: caFile,
    ...more,
  }
  return { environment, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export async function gatewayProcesses(
  count: number,
  surroundings: ProcessSurroundings,
  args: readonly string[] = serveCommand,
): Promise<GatewayProcesses> {
  const { environment, remove } = environmentOf(surroundings)
  const { config, secrets } = readConfig('WORKER', environment)
  const { services, close: disconnect } = connectServices(config, secrets, createLog('silent'), 'test-worker')
  const processes = await Promise.all(Array.from({ length: count }, () => aGatewayProcess(environment, args)))
  return {
    processes,
    environment,
    services,
    async another() {
      const made = await aGatewayProcess(environment)
      processes.push(made)
      return made
    },
    async close() {
      await Promise.all(processes.map((one) => one.kill()))
      await disconnect()
      remove()
    },
  }
}

const running = new Set<ChildProcess>()
// A run of the tests that is cut off leaves no process behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** `args`: how it is started. */
export async function aGatewayProcess(
  environment: Record<string, string>,
  args: readonly string[] = serveCommand,
): Promise<GatewayProcess> {
  const port = await aFreePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env['PATH'], ...environment, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  const ended = new Promise<void>((done) => {
    child.once('close', () => {
      running.delete(child)
      done()
    })
  })
  const lastWords = wordsOf(child)
  await untilReady(url, child, lastWords)
  return {
    url,
    async graphql(query, variables, token) {
      const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables }),
      })
      const { data, errors = [] } = (await answer.json()) as GraphqlAnswer
      return { status: answer.status, headers: answer.headers, data, errors }
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
      return child.exitCode
    },
    lastWords,
  }
}

function wordsOf({ stdout, stderr }: ChildProcess): () => string {
  let output = ''
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-10_000)
    })
  }
  return () => output
}

async function untilReady(url: string, child: ChildProcess, lastWords: () => string): Promise<void> {
  const deadline = Date.now() + 240_000
  while (Date.now() < deadline && child.exitCode === null) {
    const isReady = await fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isReady) return
    await sleep(100)
  }
  child.kill('SIGKILL')
  throw new Error(`The gateway is not ready:\n${lastWords()}`)
}
