import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const house = mkdtempSync(join(tmpdir(), 'tourniquet-launcher-'))
const launcher = join(house, 'bin', 'tourniquet.js')

cpSync(join(root, 'bin'), join(house, 'bin'), { recursive: true })
cpSync(join(root, 'package.json'), join(house, 'package.json'))
symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'))
mkdirSync(join(house, 'src'))
/** Stands in for the command: shows how it was started and ends as it is told. */
writeFileSync(
  join(house, 'src', 'cli.ts'),
  `const [what]: string[] = process.argv.slice(2)
if (what === 'version') console.log(process.version)
if (what === 'fail') process.exitCode = 2
if (what === 'wait') {
  process.on('SIGTERM', () => process.exit(7))
  setInterval(() => {}, 1000)
  console.log('waiting')
}
`,
)
afterAll(() => rmSync(house, { recursive: true, force: true }))

test('npx tourniquet runs TypeScript on the pinned Node.js', () => {
  const { stdout } = spawnSync(process.execPath, [launcher, 'version'], { encoding: 'utf8' })
  const { stdout: pinned } = spawnSync(join(root, 'node_modules/.bin/node'), ['--version'], { encoding: 'utf8' })
  expect(stdout).toBe(pinned)
})

test('npx tourniquet keeps the exit status', () => {
  expect(spawnSync(process.execPath, [launcher, 'fail']).status).toBe(2)
})

test('npx tourniquet passes a signal on and waits for the end', async () => {
  const child = spawn(process.execPath, [launcher, 'wait'], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((done) => child.stdout.once('data', done))
  child.kill('SIGTERM')
  expect(await new Promise((done) => child.once('exit', done))).toBe(7)
})

test('the launcher says what to do when the pinned Node.js is missing', () => {
  const empty = mkdtempSync(join(tmpdir(), 'tourniquet-empty-'))
  cpSync(join(root, 'bin'), join(empty, 'bin'), { recursive: true })
  cpSync(join(root, 'package.json'), join(empty, 'package.json'))
  const { status, stderr } = spawnSync(process.execPath, [join(empty, 'bin', 'tourniquet.js')], { encoding: 'utf8' })
  rmSync(empty, { recursive: true })
  expect(status).toBe(1)
  expect(stderr).toContain('npm ci')
})
