import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Client, openClient } from './driver.ts'
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
  stopEmbeddedOrphan,
} from './embedded-postgres.ts'

let dir: string
let started: EmbeddedPostgres[]
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tourniquet-embedded-'))
  started = []
})
afterEach(async () => {
  await Promise.all(started.map((server) => server.stop()))
  await stopEmbeddedOrphan(dir)
  rmSync(dir, { recursive: true, force: true })
})

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dir, durable: false, ...options })
  started.push(server)
  return server
}

async function ask<T>(url: string, question: (client: Client) => Promise<T>): Promise<T> {
  const client = openClient(url, { connect_timeout: 3 })
  try {
    return await question(client)
  } finally {
    await client.end({ timeout: 1 })
  }
}

const keep = (server: EmbeddedPostgres) =>
  ask(server.ownerUrl, (owner) => owner`create table kept as select 42 as answer`)
const kept = (server: EmbeddedPostgres) => ask(server.ownerUrl, (owner) => owner`select answer from kept`)

/** Another process that starts the server in `dir`, in a process group of its own, and waits. */
async function startElsewhere(): Promise<{ child: ChildProcess; server: EmbeddedPostgres }> {
  const program = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(resolve(import.meta.dirname, 'embedded-postgres.ts'))})
    console.log(JSON.stringify(await startEmbeddedPostgres({ dir: ${JSON.stringify(dir)}, durable: false })))
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout, 'data')
  return { child, server: JSON.parse(String(line)) }
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const gone = once(child, 'exit')
  process.kill(-(child.pid ?? 0), signal)
  await gone
}

describe('the embedded PostgreSQL', () => {
  test('has the three roles, none of them a superuser, and keeps its data over a restart', async () => {
    const first = await start()
    for (const url of [first.ownerUrl, first.appUrl, first.jobsUrl]) {
      const [row] = await ask(
        url,
        (client) => client`select current_user as name, rolsuper from pg_roles where rolname = current_user`,
      )
      expect(row).toEqual({ name: new URL(url).username, rolsuper: false })
    }
    await keep(first)
    await first.stop()
    await first.stop()
    expect(await kept(await start())).toEqual([{ answer: 42 }])
  })

  test('keeps its passwords to this user, and another folder has others', async () => {
    const server = await start()
    for (const name of readdirSync(dir))
      expect([name, (statSync(join(dir, name)).mode & 0o077) === 0]).toEqual([name, true])
    expect(new Set([server.ownerUrl, server.appUrl, server.jobsUrl].map((url) => new URL(url).password)).size).toBe(3)
    const wrong = Object.assign(new URL(server.appUrl), { password: 'app' }).href
    await expect(ask(wrong, (client) => client`select 1`)).rejects.toMatchObject({ code: '28P01' })
  })

  test('listens on this machine only, and on no socket in the file system', async () => {
    const server = await start()
    // Lines 5 and 6 of the server's own file: its folder for sockets, and its address.
    expect(
      readFileSync(join(dir, 'data', 'postmaster.pid'), 'utf8')
        .split('\n')
        .slice(4, 6),
    ).toEqual(['', '127.0.0.1'])
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal)
    if (outside === undefined) return
    const url = Object.assign(new URL(server.appUrl), { hostname: outside.address }).href
    await expect(ask(url, (client) => client`select 1`)).rejects.toThrow(/ECONNREFUSED/)
  })

  test('takes the port that it is given, and says so when that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await expect(start({ port })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(String(port)),
    })
    other.close()
    await once(other, 'close')
    expect((await start({ port })).port).toBe(port)
  })

  test('runs once in a folder', async () => {
    await start()
    await expect(start()).rejects.toMatchObject({ code: 'IN_USE' })
    await started[0]?.stop()
    const { child } = await startElsewhere()
    await expect(start()).rejects.toMatchObject({ code: 'IN_USE' })
    await kill(child, 'SIGKILL')
  })
})

describe('after an accident', () => {
  test.each(['SIGINT', 'SIGKILL'] as const)(
    '%s to the parent and its group leaves the server, and the next start takes over',
    async (signal) => {
      const { child, server } = await startElsewhere()
      await keep(server)
      await kill(child, signal)
      expect(await kept(server)).toEqual([{ answer: 42 }])
      const next = await start({ port: server.port })
      expect(await kept(next)).toEqual([{ answer: 42 }])
    },
  )

  test('a pid file that names another program does not block the start', async () => {
    const first = await start()
    await keep(first)
    const pidFile = join(dir, 'data', 'postmaster.pid')
    const lines = readFileSync(pidFile, 'utf8').split('\n')
    await first.stop()
    writeFileSync(pidFile, [process.pid, ...lines.slice(1)].join('\n'))
    writeFileSync(join(dir, 'owner'), `${process.pid} 1`)
    expect(await kept(await start())).toEqual([{ answer: 42 }])
  })

  test('a data folder that was never finished is made again', async () => {
    await (await start()).stop()
    rmSync(join(dir, 'complete'))
    rmSync(join(dir, 'data', 'global'), { recursive: true })
    writeFileSync(join(dir, 'begun'), '')
    const again = await start()
    expect(await ask(again.appUrl, (client) => client`select 1 as one`)).toEqual([{ one: 1 }])
  })

  test('a folder with data of somebody else stays as it is', async () => {
    mkdirSync(join(dir, 'data'))
    writeFileSync(join(dir, 'data', 'precious'), 'mine')
    await expect(start()).rejects.toMatchObject({ code: 'UNKNOWN_DATA' })
    expect(readFileSync(join(dir, 'data', 'precious'), 'utf8')).toBe('mine')
  })

  test('data of another version is refused with a sentence', async () => {
    await (await start()).stop()
    writeFileSync(join(dir, 'data', 'PG_VERSION'), '17\n')
    await expect(start()).rejects.toMatchObject({
      code: 'UNKNOWN_DATA',
      message: expect.stringContaining('version 17'),
    })
  })

  test.skipIf(process.getuid?.() !== 0)(
    'as root without user namespaces the data is elsewhere, and it says where',
    async () => {
      const first = await start({ namespaces: false })
      const place = readFileSync(join(dir, 'elsewhere'), 'utf8')
      try {
        expect(first.notice).toContain(place)
        await keep(first)
        await first.stop()
        expect(await kept(await start({ namespaces: false }))).toEqual([{ answer: 42 }])
      } finally {
        await Promise.all(started.map((server) => server.stop()))
        rmSync(place, { recursive: true, force: true })
      }
    },
  )
})
