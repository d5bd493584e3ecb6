/** A server that is measured, in a process of its own. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { aFreePort } from '../../test/support/free-port.ts'
import { type Child, startChild } from '../child.ts'

export interface Usage {
  /** Of all threads, so far. */
  cpuMs: number
  /** What is still needed after collecting garbage. */
  heldBytes: number
  rssBytes: number
}

export interface Server {
  name: string
  url: string
  headers: Record<string, string>
  usage(): Promise<Usage>
  stop(): Promise<void>
}

export interface ServerOptions {
  name: string
  /** What Node.js runs, from the project's root. */
  run: readonly string[]
  env?: Record<string, string>
  headers?: Record<string, string>
  /** For profiles. */
  nodeOptions?: readonly string[]
}

export const root = join(import.meta.dirname, '../..')

/** Resolves when it answers. */
export async function startServer({
  name,
  run,
  env = {},
  headers = {},
  nodeOptions = [],
}: ServerOptions): Promise<Server> {
  const port = await aFreePort()
  const [file = '', ...args] = run
  const child = startChild(
    ['--expose-gc', ...nodeOptions, '--import', join(import.meta.dirname, 'probe.ts'), join(root, file), ...args],
    { NODE_ENV: 'production', ...env, PORT: String(port) },
  )
  const url = `http://127.0.0.1:${port}`
  await untilItAnswers(url, child)
  return { name, url, headers, usage: () => child.ask<Usage>({}), stop: () => child.stop() }
}

async function untilItAnswers(url: string, child: Child): Promise<void> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    if (child.process.exitCode !== null) await child.ask({})
    const answers = await fetch(`${url}/health/live`).then(
      () => true,
      () => false,
    )
    if (answers) return
    await sleep(50)
  }
  throw new Error(`${url} does not answer.`)
}
