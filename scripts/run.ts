import { spawn } from 'node:child_process'
import { delimiter, join, resolve } from 'node:path'

/** The project's folder. */
export const root = resolve(import.meta.dirname, '..')

export interface Ran {
  code: number
  output: string
}

/**
 * Runs a command of the project (found in node_modules/.bin first) and collects what it says; with `show` it speaks for
 * itself. Standard input is closed: a tool that would ask a question must fail instead.
 */
export function run(command: string, args: string[], options: { cwd?: string; show?: boolean } = {}): Promise<Ran> {
  const bin = join(root, 'node_modules', '.bin')
  const child = spawn(command, args, {
    cwd: options.cwd ?? root,
    stdio: options.show ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` },
  })
  return new Promise((done) => {
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.on('error', (error) => done({ code: 1, output: `${command}: ${error.message}` }))
    child.on('close', (code) => done({ code: code ?? 1, output }))
  })
}
