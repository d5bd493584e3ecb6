import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, expect, test } from 'vitest'
import { describeSample, sampleWorld } from './sample/world.ts'
import { createSimulator } from './server.ts'

const dir = mkdtempSync(join(tmpdir(), 'simulator-main-'))
afterAll(() => rmSync(dir, { recursive: true }))

async function started(): Promise<{ child: ChildProcess; told: { url: string; caFile: string; clientId: string } }> {
  const main = new URL('main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [main, '--port', '0', '--dir', dir, '--sample'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (!child.stdout) throw new Error('The process has no output.')
  const [line] = await once(createInterface(child.stdout), 'line')
  return { child, told: JSON.parse(line) }
}

test('the process tells where it listens, and stores its world at SIGTERM', async () => {
  const { child, told } = await started()
  expect(told).toMatchObject({
    url: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/),
    smtpUrl: expect.stringMatching(/^smtp:\/\/127\.0\.0\.1:\d+$/),
    ...describeSample(),
  })
  expect(readFileSync(told.caFile, 'utf8')).toContain('BEGIN CERTIFICATE')
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  const again = createSimulator({ world: { tenants: [], applications: [], mails: [] }, dir })
  expect(again.world).toEqual(sampleWorld())
})

test('a pace of the attacks that is none is refused in a sentence', async () => {
  const main = new URL('main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [main, '--port', '0', '--sample', '--live', 'often'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr?.on('data', (text) => {
    said += text
  })
  expect(await once(child, 'close')).toEqual([1, null])
  expect(said).toContain('--live often is no number of seconds.')
})
