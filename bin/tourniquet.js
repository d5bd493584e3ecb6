#!/usr/bin/env node
// Plain JavaScript for any Node.js: starts the command on the Node.js that the package pins, because the sources need its
// type stripping. In a built package there is dist/cli.js and no src.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const program = process.platform === 'win32' ? 'node.exe' : 'node'
const pinned = join(root, 'node_modules', 'node', 'bin', program)
const source = join(root, 'src', 'cli.ts')
const command = existsSync(source) ? source : join(root, 'dist', 'cli.js')

if (!existsSync(pinned)) {
  console.error(`tourniquet: ${pinned} is missing; run "npm ci" in ${root} (without --ignore-scripts).`)
  process.exit(1)
}

// The sandbox ends itself when the launcher that could stop it is gone.
const env = { ...process.env, TOURNIQUET_LAUNCHER: '1' }
const child = spawn(pinned, [command, ...process.argv.slice(2)], { stdio: 'inherit', env })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  console.error(`tourniquet: ${pinned} cannot be started: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  process.exit(code ?? 128 + (signal === null ? 0 : (constants.signals[signal] ?? 0)))
})
