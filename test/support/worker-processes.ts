/** Workers as processes of their own, that can be killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { environmentOf, type ProcessSurroundings } from './gateway-processes.ts'

export interface WorkerProcesses {
  /** SIGKILL: nothing is finished. Another one takes its place. */
  replace(place: number): Promise<void>
  /** What those that ended by themselves said. */
  lastWords(): string
  close(): Promise<void>
}

const root = resolve(import.meta.dirname, '../..')
const running = new Set<ChildProcess>()
// A run of the tests that is cut off leaves no process behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** `args`: how one is started, e.g. `['src/cli.ts', 'worker']`. */
export function workerProcesses(
  count: number,
  args: readonly string[],
  surroundings: ProcessSurroundings,
): WorkerProcesses {
  const { environment, remove } = environmentOf(surroundings)
  let output = ''

  function start() {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { PATH: process.env['PATH'], ...environment, LOG_LEVEL: 'error' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-20_000)
      })
    }
    const ended = new Promise<void>((done) => {
      child.once('close', () => {
        running.delete(child)
        done()
      })
    })
    return {
      async kill() {
        child.kill('SIGKILL')
        await ended
      },
    }
  }

  const workers = Array.from({ length: count }, start)
  return {
    async replace(place) {
      await workers[place]?.kill()
      workers[place] = start()
    },
    lastWords: () => output,
    async close() {
      await Promise.all(workers.map((worker) => worker.kill()))
      remove()
    },
  }
}
