/** `npm run sandbox` as a newcomer uses it: real processes, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { handOverSandbox } from './support/canary/sandbox.ts'
import { aFreePort } from './support/free-port.ts'

const root = resolve(import.meta.dirname, '..')
const house = mkdtempSync(join(tmpdir(), 'tourniquet-newcomer-'))
const folder = join(house, 'sandbox')
const ports = { gateway: 0, simulator: 0 }
let running: Running | null = null

beforeAll(async () => {
  ports.gateway = await aFreePort()
  ports.simulator = await aFreePort()
})
afterAll(async () => {
  if (running) await end(running, 'SIGINT')
  rmSync(house, { recursive: true, force: true })
})

interface Running {
  child: ChildProcess
  output(): string
  ended: Promise<number | null>
}

/** In a process group of its own, as a terminal does it. */
function start(...args: string[]): Running {
  const child = spawn('npm', ['run', 'sandbox', '--', ...args], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      SANDBOX_DIR: folder,
      PORT: String(ports.gateway),
      SIMULATOR_PORT: String(ports.simulator),
      SANDBOX_LIVE: 'off',
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  return { child, output: () => output, ended: new Promise((done) => child.once('close', done)) }
}

/** Ctrl-C in a terminal reaches npm and everything else of the process group. */
async function end({ child, ended }: Running, signal: NodeJS.Signals): Promise<number | null> {
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, signal)
  return ended
}

async function untilReady({ child, output }: Running): Promise<void> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline && child.exitCode === null) {
    const status = await fetch(`http://127.0.0.1:${ports.gateway}/health/ready`).then(
      (answer) => answer.status,
      () => 0,
    )
    if (status === 200 && output().includes('Tourniquet is ready')) return
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Error(`The sandbox is not ready:\n${output()}`)
}

/** Every process whose command line or environment names the folder. */
function processesOfTheSandbox(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const read = (name: string) => {
        try {
          return readFileSync(`/proc/${pid}/${name}`, 'utf8').replaceAll('\0', ' ')
        } catch {
          return ''
        }
      }
      return `${read('cmdline')} ${read('environ')}`.includes(folder) ? [`${pid} ${read('cmdline')}`] : []
    })
}

const credentials = () => JSON.parse(readFileSync(join(folder, 'credentials.json'), 'utf8'))

async function ask(persona: string, query: string): Promise<{ data: Record<string, unknown>; errors?: unknown }> {
  const { graphqlUrl, personas } = credentials()
  const answer = await fetch(graphqlUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: personas[persona].authorization },
    body: JSON.stringify({ query }),
  })
  return answer.json()
}

const health = readFileSync(join(root, 'examples/5-viewer-and-health.graphql'), 'utf8')
const countOfEvents = '{ securityEvents(first: 100) { edges { node { id type } } } }'

test.runIf(process.platform === 'linux')(
  'a newcomer starts the sandbox, uses it, stops it, starts it again, kills it and starts it again',
  { timeout: 240_000 },
  async () => {
    running = start()
    await untilReady(running)

    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(statSync(join(folder, 'credentials.json')).mode & 0o777).toBe(0o600)
    expect(Object.keys(credentials().personas)).toEqual(['analyst', 'reader', 'partner', 'integration', 'stranger'])
    const first = await ask('partner', countOfEvents)
    expect(first.errors).toBeUndefined()
    for (const persona of ['analyst', 'reader', 'integration']) {
      expect(JSON.stringify((await ask(persona, countOfEvents)).data)).toContain('"node"')
    }
    const { viewer } = (await ask('partner', health)).data as {
      viewer: { grants: { tenant: { name: string; health: object } }[] }
    }
    const healthOf = (name: string) => viewer.grants.find(({ tenant }) => tenant.name === name)?.tenant.health
    const feed = expect.objectContaining({ name: 'ACTIVITY_FEED', status: 'HEALTHY' })
    expect(healthOf('Northwind Traders')).toMatchObject({ status: 'HEALTHY', mendUrl: null })
    expect(healthOf('Fabrikam')).toMatchObject({ status: 'UNHEALTHY', checks: expect.arrayContaining([feed]) })
    expect((await ask('stranger', countOfEvents)).data).toEqual({ securityEvents: { edges: [] } })

    // A second one in the same folder is refused, and disturbs nobody.
    const second = start()
    expect(await second.ended).not.toBe(0)
    expect(second.output()).toContain('A sandbox already runs in')

    // Ctrl-C leaves no process behind.
    await end(running, 'SIGINT')
    expect(processesOfTheSandbox()).toEqual([])
    expect(existsSync(join(folder, 'sandbox.lock'))).toBe(false)

    // What it stored stays, and nothing is there twice.
    running = start()
    await untilReady(running)
    expect((await ask('partner', countOfEvents)).data).toEqual(first.data)

    // Killed outright: the next start finds what was left and begins cleanly.
    await end(running, 'SIGKILL')
    running = start()
    await untilReady(running)
    expect((await ask('partner', countOfEvents)).data).toEqual(first.data)

    await handOverSandbox(folder)

    // SIGTERM to npm alone.
    running.child.kill('SIGTERM')
    await running.ended
    running = null
    await new Promise((done) => setTimeout(done, 200))
    expect(processesOfTheSandbox()).toEqual([])
  },
)
