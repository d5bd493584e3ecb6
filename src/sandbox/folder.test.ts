import { spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { endOrphans, startChild } from './children.ts'
import { emptyFolder, lockFolder, openFolder, writePrivately } from './folder.ts'
import { processIdentity } from './identity.ts'
import { checkPorts } from './ports.ts'
import { readSettings } from './settings.ts'

const made: string[] = []
const aFolder = () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'tourniquet-sandbox-')), 'sandbox')
  made.push(folder)
  return folder
}
afterAll(() => {
  for (const folder of made) rmSync(join(folder, '..'), { recursive: true, force: true })
})

const nothing = 'setInterval(() => {}, 1000)'

test('the sandbox keeps its folder to its owner', () => {
  const folder = aFolder()
  openFolder(folder)
  writePrivately(join(folder, 'secret'), 'x')
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  expect(statSync(join(folder, 'secret')).mode & 0o777).toBe(0o600)
})

test('the sandbox never takes a folder with files of somebody else', () => {
  const folder = join(aFolder(), '..')
  writeFileSync(join(folder, 'thesis.txt'), 'mine')
  expect(() => openFolder(folder)).toThrow(/did not make: set SANDBOX_DIR/)
  expect(existsSync(join(folder, 'thesis.txt'))).toBe(true)
})

test.skipIf(process.getuid?.() !== 0)(
  "root never takes over another user's sandbox, whose database it could not start",
  () => {
    const folder = aFolder()
    openFolder(folder)
    chownSync(folder, 65_534, 65_534)
    expect(() => openFolder(folder)).toThrow(/belongs to another user.*SANDBOX_DIR/)
    expect(statSync(folder).uid).toBe(65_534)
  },
)

test('a file in place of the folder gets a sentence that names SANDBOX_DIR', () => {
  const folder = aFolder()
  writeFileSync(folder, '')
  expect(() => openFolder(folder)).toThrow(/cannot be written .*SANDBOX_DIR/)
})

test('two sandboxes never share a folder', () => {
  const folder = aFolder()
  openFolder(folder)
  const unlock = lockFolder(folder)
  expect(() => lockFolder(folder)).toThrow(/already runs .*SANDBOX_DIR/)
  unlock()
  lockFolder(folder)()
})

test.each([
  ['half-written', '{"pid":'],
  ['of a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, identity: 'x' })],
  ['of a pid that another process has got since', JSON.stringify({ pid: process.pid, identity: 'another start' })],
])('a lock that is %s is taken over', (_, text) => {
  const folder = aFolder()
  openFolder(folder)
  writeFileSync(join(folder, 'sandbox.lock'), text)
  lockFolder(folder)()
  expect(existsSync(join(folder, 'sandbox.lock'))).toBe(false)
})

test('--reset empties the folder but not the lock', () => {
  const folder = aFolder()
  openFolder(folder)
  const unlock = lockFolder(folder)
  writeFileSync(join(folder, 'credentials.json'), '{}')
  emptyFolder(folder)
  expect(existsSync(join(folder, 'credentials.json'))).toBe(false)
  expect(() => lockFolder(folder)).toThrow(/already runs/)
  unlock()
})

test('the next start ends what a killed sandbox left, and nothing else', async () => {
  const folder = aFolder()
  openFolder(folder)
  const orphan = startChild({ folder, name: 'gateway', args: ['-e', nothing], env: {} })
  const bystander = spawn(process.execPath, ['-e', nothing])
  writeFileSync(
    join(folder, 'run', 'worker.json'),
    JSON.stringify({ pid: bystander.pid, identity: 'an earlier process' }),
  )
  expect(await endOrphans(folder)).toEqual(['gateway'])
  expect(await orphan.ended).toContain('SIGTERM')
  expect(processIdentity(bystander.pid ?? 0)).not.toBeNull()
  bystander.kill()
})

test('a process that does not listen to SIGTERM is ended all the same', async () => {
  const folder = aFolder()
  openFolder(folder)
  const deaf = `process.on('SIGTERM', () => {}); console.log('ready'); ${nothing}`
  let ready = () => {}
  const isReady = new Promise<void>((done) => {
    ready = done
  })
  const child = startChild({ folder, name: 'worker', args: ['-e', deaf], env: {}, onLine: () => ready() })
  await isReady
  await child.stop(100)
  expect(await child.ended).toContain('SIGKILL')
  expect(existsSync(join(folder, 'run', 'worker.json'))).toBe(false)
})

test('the last lines of a process that died are kept for the newcomer', async () => {
  const folder = aFolder()
  openFolder(folder)
  const child = startChild({
    folder,
    name: 'gateway',
    args: ['-e', 'console.error("no key"); process.exit(3)'],
    env: {},
  })
  expect(await child.ended).toBe('ended with exit status 3')
  expect(child.lastLines()).toBe('no key')
  expect(readFileSync(join(folder, 'logs', 'gateway.log'), 'utf8')).toBe('no key\n')
})

test('a port that is taken gets a sentence that names its variable', async () => {
  const server = createServer()
  const port = await new Promise<number>((done) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      done(typeof address === 'object' && address ? address.port : 0)
    })
  })
  await expect(checkPorts([{ variable: 'SIMULATOR_PORT', port }])).rejects.toThrow(/is taken .*SIMULATOR_PORT=/)
  server.close()
})

test('two equal ports are refused', async () => {
  const both = [
    { variable: 'PORT', port: 4321 },
    { variable: 'SIMULATOR_PORT', port: 4321 },
  ]
  await expect(checkPorts(both)).rejects.toThrow('PORT and SIMULATOR_PORT are both 4321')
})

test('settings have defaults, and a port or a pace that is none is refused by name', () => {
  const defaults = { port: 4000, simulatorPort: 4443, postgresPort: null, liveEverySeconds: 240 }
  expect(readSettings({})).toMatchObject(defaults)
  expect(readSettings({ SANDBOX_LIVE: 'off' })).toMatchObject({ liveEverySeconds: null })
  expect(() => readSettings({ PORT: '99999' })).toThrow(/PORT is "99999"/)
  expect(() => readSettings({ SANDBOX_LIVE: 'often' })).toThrow(/SANDBOX_LIVE is "often"/)
})
