/** Processes that a benchmark starts: asked by messages, ended with the benchmark. */
import { type ChildProcess, spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { devNull } from 'node:os'

export interface Child {
  process: ChildProcess
  /** Sends a message and waits for what the child answers to it. */
  ask<T>(message: object): Promise<T>
  stop(): Promise<void>
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Its output is thrown away, as a log collector would take it: only what it says of its death is kept. */
export function startChild(args: readonly string[], env: Record<string, string> = {}): Child {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', openSync(devNull, 'w'), 'pipe', 'ipc'],
    serialization: 'advanced',
  })
  running.add(child)
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-5_000)
  })
  const waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>()
  let asked = 0
  child.on('message', ({ id, answer, error }: { id: number; answer?: unknown; error?: string }) => {
    const asker = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) asker?.resolve(answer)
    else asker?.reject(new Error(error))
  })
  const ended = new Promise<void>((done) => {
    child.once('close', () => {
      running.delete(child)
      for (const { reject } of waiting.values()) reject(new Error(`${args.at(-1)} ended: ${said}`))
      waiting.clear()
      done()
    })
  })
  return {
    process: child,
    ask<T>(message: object) {
      asked += 1
      const id = asked
      return new Promise<T>((resolve, reject) => {
        if (child.exitCode !== null) {
          reject(new Error(`${args.at(-1)} ended: ${said}`))
          return
        }
        waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject })
        child.send({ id, ...message })
      })
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await ended
    },
  }
}
