/** A server that is measured, in a process of its own. */
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { aFreePort } from '../../test/support/free-port.ts'
import { type Child, startChild } from '../child.ts'

/** As V8 gives it. */
export interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[]
  samples: number[]
  timeDeltas: number[]
}

export interface Server {
  name: string
  url: string
  headers: Record<string, string>
  /** Milliseconds of CPU so far, of all threads. */
  cpu(): Promise<number>
  /** Bytes that are still needed after collecting garbage. */
  held(): Promise<number>
  profileOf(work: () => Promise<unknown>): Promise<Profile>
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
    ['--expose-gc', ...nodeOptions, '--import', join(import.meta.dirname, 'probe.ts'), resolve(root, file), ...args],
    { NODE_ENV: 'production', ...env, PORT: String(port) },
  )
  const url = `http://127.0.0.1:${port}`
  await untilItAnswers(url, child)
  return {
    name,
    url,
    headers,
    cpu: () => child.ask<number>({ what: 'cpu' }),
    held: () => child.ask<number>({ what: 'held' }),
    async profileOf(work) {
      await child.ask({ what: 'beginProfile' })
      await work()
      return child.ask<Profile>({ what: 'endProfile' })
    },
    stop: () => child.stop(),
  }
}

async function untilItAnswers(url: string, child: Child): Promise<void> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    if (child.process.exitCode !== null) await child.ask({ what: 'cpu' })
    const answers = await fetch(`${url}/health/live`).then(
      () => true,
      () => false,
    )
    if (answers) return
    await sleep(50)
  }
  throw new Error(`${url} does not answer.`)
}
