import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { SandboxFault } from './fault.ts'
import { processIdentity } from './identity.ts'

export interface ChildOptions {
  folder: string
  /** Names its log and its pid file. */
  name: string
  args: string[]
  env: NodeJS.ProcessEnv
  /** Called with each line of standard output; without it the output goes to the log. */
  onLine?: (line: string) => void
}

export interface Child {
  name: string
  /** Settles when the process has ended, whatever ended it: a sentence about how. */
  ended: Promise<string>
  hasEnded(): boolean
  /** Asks it to end and ends it when it has not after `graceMs`. */
  stop(graceMs: number): Promise<void>
  /** Ends it, and what it started, at once. */
  kill(): void
  lastLines(): string
}

/**
 * Starts a process of the sandbox in a process group of its own, so that Ctrl-C in the terminal reaches only the sandbox
 * and the order of stopping is kept. The channel to it (IPC) closes when the sandbox dies: gateway and worker then end.
 */
export function startChild(options: ChildOptions): Child {
  const logPath = join(options.folder, 'logs', `${options.name}.log`)
  const log = openSync(logPath, 'w', 0o600)
  const child = spawn(process.execPath, options.args, {
    detached: true,
    env: options.env,
    stdio: ['ignore', options.onLine ? 'pipe' : log, log, 'ipc'],
  })
  closeSync(log)
  const pidPath = join(options.folder, 'run', `${options.name}.json`)
  if (child.pid !== undefined) {
    writeFileSync(pidPath, JSON.stringify({ pid: child.pid, identity: processIdentity(child.pid) }))
  }
  if (options.onLine) readLines(child, options.onLine)
  let over = false
  const ended = new Promise<string>((done) => {
    const end = (how: string) => {
      over = true
      rmSync(pidPath, { force: true })
      done(how)
    }
    child.on('error', (error) => end(`could not be started: ${error.message}`))
    child.on('exit', (code, signal) =>
      end(signal === null ? `ended with exit status ${code}` : `was ended by ${signal}`),
    )
  })
  return {
    name: options.name,
    ended,
    hasEnded: () => over,
    async stop(graceMs) {
      if (over) return
      child.kill('SIGTERM')
      const timer = setTimeout(() => killGroup(child.pid), graceMs)
      await ended
      clearTimeout(timer)
    },
    kill() {
      if (!over) killGroup(child.pid)
    },
    lastLines: () => lastLines(logPath),
  }
}

/** Ends what a sandbox that was killed left running. Only processes that its own files name, and only the very same ones. */
export async function endOrphans(folder: string): Promise<string[]> {
  const run = join(folder, 'run')
  const found = readdirSync(run)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const orphan = readOrphan(join(run, name))
      rmSync(join(run, name), { force: true })
      return orphan ? [{ ...orphan, name: basename(name, '.json') }] : []
    })
  for (const { pid } of found) signal(-pid, 'SIGTERM')
  const deadline = Date.now() + 3000
  const alive = () => found.filter(({ pid, identity }) => processIdentity(pid) === identity)
  while (alive().length > 0 && Date.now() < deadline) await after(50)
  for (const { pid } of alive()) signal(-pid, 'SIGKILL')
  while (alive().length > 0 && Date.now() < deadline + 2000) await after(20)
  const left = alive()[0]
  if (left) {
    throw new SandboxFault(
      `An earlier sandbox left its ${left.name} running (process ${left.pid}): end it, then start again.`,
    )
  }
  return found.map(({ name }) => name)
}

/** Waits. */
export const after = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

function readOrphan(path: string): { pid: number; identity: string } | null {
  try {
    const { pid, identity } = JSON.parse(readFileSync(path, 'utf8'))
    const same = Number.isInteger(pid) && typeof identity === 'string' && processIdentity(pid) === identity
    return same ? { pid, identity } : null
  } catch {
    return null
  }
}

function readLines(child: ChildProcess, onLine: (line: string) => void): void {
  let rest = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
}

function killGroup(pid: number | undefined): void {
  if (pid !== undefined) signal(-pid, 'SIGKILL')
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended by itself.
  }
}

function lastLines(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-20).join('\n')
  } catch {
    return ''
  }
}
