/** A real PostgreSQL server for the sandbox and the tests, from the registry's binaries, for this machine only. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { openClient } from './driver.ts'
import { type Binaries, binariesFor } from './embedded-binaries.ts'
import { EmbeddedPostgresError } from './embedded-errors.ts'
import { claimFolder, stopOrphan } from './embedded-process.ts'

export interface EmbeddedPostgres {
  port: number
  /** Its log file. */
  log: string
  /** The database `tourniquet` as its owner, as the serving role, and as the role of the job queue. */
  ownerUrl: string
  appUrl: string
  jobsUrl: string
  /** A sentence for people when the data is not in the folder asked for, else null. */
  notice: string | null
  /** Ends the server and waits for it; open connections are cut. Safe to call again. */
  stop(): Promise<void>
}

export interface EmbeddedPostgresOptions {
  /** Made if missing; it and everything in it is readable by this user alone. */
  dir: string
  /** Any free one if not said. */
  port?: number | undefined
  /** `false` for throw-away databases: nothing waits for the disk. */
  durable?: boolean | undefined
  /** Connections at most, 200 if not said. */
  maxConnections?: number | undefined
  /** Every statement goes to the log, with its parameters. */
  logStatements?: boolean | undefined
  /** `false` never tries a user namespace when run as root. */
  namespaces?: boolean | undefined
}

const majorVersion = '18'
const database = 'tourniquet'
const throwAway = '-c fsync=off -c synchronous_commit=off -c full_page_writes=off'

type Passwords = Record<'postgres' | 'owner' | 'app' | 'jobs', string>

/**
 * Starts the server on 127.0.0.1, after stopping one that a killed process left behind in the folder. A data folder whose
 * making was interrupted holds nothing yet and is made again; one that is not ours is never touched.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 })
  const dir = realpathSync(options.dir)
  const giveUp = claimFolder(dir)
  try {
    const binaries = binariesFor(dir, { namespaces: options.namespaces ?? true })
    const place = folders(binaries.root)
    await stopOrphan(place.data)
    if (options.port !== undefined && !(await isFree(options.port))) throw portTaken(options.port)
    if (!existsSync(place.complete)) await initialise(binaries, options.durable ?? true)
    checkVersion(place.data)
    const passwords = passwordsIn(place.passwords)
    const port = await start(binaries, options)
    const stop = stopper(binaries, giveUp)
    try {
      if (!existsSync(place.complete)) {
        await makeRolesAndDatabase(port, passwords)
        writeFileSync(place.complete, `${new Date().toISOString()}\n`, { mode: 0o600 })
        rmSync(place.begun)
      }
    } catch (error) {
      await stop()
      throw error
    }
    const url = (role: keyof Passwords) => `postgres://${role}:${passwords[role]}@127.0.0.1:${port}/${database}`
    return {
      port,
      log: place.log,
      ownerUrl: url('owner'),
      appUrl: url('app'),
      jobsUrl: url('jobs'),
      notice: binaries.notice,
      stop,
    }
  } catch (error) {
    giveUp()
    throw error
  }
}

/** Stops a server that a killed process left behind, before its folder is emptied or its port is needed. */
export async function stopEmbeddedOrphan(dir: string): Promise<void> {
  if (!existsSync(dir)) return
  const giveUp = claimFolder(realpathSync(dir))
  try {
    const elsewhere = join(dir, 'elsewhere')
    await stopOrphan(folders(existsSync(elsewhere) ? readFileSync(elsewhere, 'utf8') : realpathSync(dir)).data)
  } finally {
    giveUp()
  }
}

function folders(root: string) {
  return {
    data: join(root, 'data'),
    log: join(root, 'postgres.log'),
    passwords: join(root, 'passwords.json'),
    /** There while the data folder is being made … */
    begun: join(root, 'begun'),
    /** … and this once roles and database exist, too: before, nothing worth keeping is in it. */
    complete: join(root, 'complete'),
  }
}

async function initialise(binaries: Binaries, durable: boolean): Promise<void> {
  const { data, begun, passwords } = folders(binaries.root)
  if (existsSync(data) && !existsSync(begun)) {
    throw new EmbeddedPostgresError(
      'UNKNOWN_DATA',
      `${data} was not made by this program: move it away, or use another folder.`,
    )
  }
  writeFileSync(begun, '', { mode: 0o600 })
  rmSync(data, { recursive: true, force: true })
  const secret = () => randomBytes(24).toString('hex')
  const made: Passwords = { postgres: secret(), owner: secret(), app: secret(), jobs: secret() }
  writeFileSync(passwords, JSON.stringify(made), { mode: 0o600 })
  const passwordFile = join(binaries.root, 'initial-password')
  writeFileSync(passwordFile, made.postgres, { mode: 0o600 })
  binaries.handOver(passwordFile)
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--encoding=UTF8']
  const access = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  const { code, output } = await binaries.run('initdb', [
    '-D',
    data,
    ...locale,
    ...access,
    ...(durable ? [] : ['--no-sync']),
  ])
  rmSync(passwordFile, { force: true })
  if (code !== 0)
    throw new EmbeddedPostgresError('START_FAILED', `PostgreSQL could not make its data folder ${data}:\n${output}`)
}

function checkVersion(data: string): void {
  const path = join(data, 'PG_VERSION')
  const found = existsSync(path) ? readFileSync(path, 'utf8').trim() : 'none'
  if (found === majorVersion) return
  throw new EmbeddedPostgresError(
    'UNKNOWN_DATA',
    `${data} holds data of PostgreSQL version ${found}, this program brings ${majorVersion}: move the folder away to begin anew.`,
  )
}

function passwordsIn(path: string): Passwords {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    throw new EmbeddedPostgresError('UNKNOWN_DATA', `${path}, the passwords of the database beside it, cannot be read.`)
  }
}

/** Answers with the port. Between finding a free one and using it somebody else may take it: then another one is tried. */
async function start(binaries: Binaries, options: EmbeddedPostgresOptions): Promise<number> {
  const { data, log } = folders(binaries.root)
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort())
    writeFileSync(log, '', { mode: 0o600 })
    binaries.handOver(log)
    const settings = [
      `-p ${port} -h 127.0.0.1 -k '' -c max_connections=${options.maxConnections ?? 200} -c timezone=UTC`,
      options.durable === false ? throwAway : '',
      options.logStatements ? '-c log_statement=all' : '',
    ].join(' ')
    const { code, output } = await binaries.run('pg_ctl', [
      'start',
      '-w',
      '-t',
      '60',
      '-D',
      data,
      '-l',
      log,
      '-o',
      settings,
    ])
    if (code === 0) return port
    const said = readFileSync(log, 'utf8').trim()
    if (!/Address already in use/.test(said)) {
      throw new EmbeddedPostgresError(
        'START_FAILED',
        `PostgreSQL did not start: ${output}\n${said.split('\n').slice(-15).join('\n')}`,
      )
    }
    if (options.port !== undefined || attempt === 5) throw portTaken(port)
  }
}

/** Roles with passwords; the migrations find them and give them their rights. */
async function makeRolesAndDatabase(port: number, passwords: Passwords): Promise<void> {
  const client = openClient(`postgres://postgres:${passwords.postgres}@127.0.0.1:${port}/postgres`)
  try {
    // Copies of the database are for tests, and dropping one cuts its connections.
    await client.unsafe(`create role owner login createdb createrole password '${passwords.owner}'`)
    await client.unsafe('grant pg_signal_backend to owner')
    await client.unsafe(`create role app login password '${passwords.app}'`)
    await client.unsafe(`create role jobs login password '${passwords.jobs}'`)
    await client.unsafe(`create database ${database} owner owner`)
  } finally {
    await client.end({ timeout: 5 })
  }
}

function stopper(binaries: Binaries, giveUp: () => void): () => Promise<void> {
  const { data } = folders(binaries.root)
  let stopped: Promise<void> | null = null
  const stop = async () => {
    await binaries.run('pg_ctl', ['stop', '-m', 'fast', '-w', '-t', '20', '-D', data])
    // Nothing to do unless that was in vain.
    await stopOrphan(data)
    giveUp()
  }
  return () => {
    stopped ??= stop()
    return stopped
  }
}

function portTaken(port: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'PORT_TAKEN',
    `Port ${port} on 127.0.0.1 is taken by another program: choose another one for PostgreSQL.`,
  )
}

function isFree(port: number): Promise<boolean> {
  return listenBriefly(port).then(
    () => true,
    () => false,
  )
}

function freePort(): Promise<number> {
  return listenBriefly(0)
}

function listenBriefly(port: number): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer()
    server.once('error', fail)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : port))
    })
  })
}
