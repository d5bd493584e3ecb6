import {
  accessSync,
  chmodSync,
  constants,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { SandboxFault } from './fault.ts'
import { processIdentity } from './identity.ts'

const lockName = 'sandbox.lock'

/** Marks a folder as one that the sandbox made, so that `--reset` never empties somebody's own folder. */
const markName = 'README.txt'
const mark = `Everything the Tourniquet sandbox writes is in this folder. "npm run sandbox -- --reset" empties it.\n`

/** Makes the folder (0700) or takes one that is empty or the sandbox's own. */
export function openFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (!statSync(folder).isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' })
    const inside = readdirSync(folder)
    if (inside.length > 0 && !isOurs(folder)) {
      throw new SandboxFault(
        `${folder} holds files that the sandbox did not make: set SANDBOX_DIR to an empty or new folder.`,
      )
    }
    accessSync(folder, constants.W_OK | constants.X_OK)
    if (belongsToAnother(folder)) {
      throw new SandboxFault(
        `${folder} belongs to another user, and PostgreSQL runs only for the owner of its data: start the sandbox as that user, or set SANDBOX_DIR to another folder.`,
      )
    }
    chmodSync(folder, 0o700)
    if (!isOurs(folder)) writeFileSync(join(folder, markName), mark)
    for (const name of ['run', 'logs']) mkdirSync(join(folder, name), { recursive: true, mode: 0o700 })
  } catch (error) {
    if (error instanceof SandboxFault) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new SandboxFault(
      `The folder ${folder} cannot be written (${code}): give this user the right to it, or set SANDBOX_DIR to a folder that it may write.`,
    )
  }
}

/** Takes the folder for this process. A lock whose process is gone is taken over. Answers with how to give it back. */
export function lockFolder(folder: string): () => void {
  const path = join(folder, lockName)
  const mine = `${JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) })}\n`
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, mine, { mode: 0o600 })
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      if (linked(draft, path)) return () => unlock(path, mine)
      const held = readOrNull(path)
      if (held === null) continue
      const holder = parseHolder(held)
      if (holder && processIdentity(holder.pid) === holder.identity) {
        throw new SandboxFault(
          `A sandbox already runs in ${folder} (process ${holder.pid}): use that one, stop it, or set SANDBOX_DIR, PORT and SIMULATOR_PORT for a second one.`,
        )
      }
      setAside(path, held)
    }
    throw new SandboxFault(
      `Another sandbox is starting in ${folder}: wait for it, or set SANDBOX_DIR to another folder.`,
    )
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Removes everything but the lock; only for a folder that is locked and has no process left. */
export function emptyFolder(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name !== lockName && name !== markName) rmSync(join(folder, name), { recursive: true, force: true })
  }
  for (const name of ['run', 'logs']) mkdirSync(join(folder, name), { mode: 0o700 })
}

/** Writes a file that only this user may read; a reader sees the old or the new text, never half of it. */
export function writePrivately(path: string, text: string): void {
  const draft = `${path}.new`
  rmSync(draft, { force: true })
  writeFileSync(draft, text, { mode: 0o600 })
  renameSync(draft, path)
}

/** A secret that is made once and kept; made again when the file is not whole, e.g. after the disk was full. */
export function keptSecret(path: string, whole: RegExp, make: () => string): string {
  const kept = readOrNull(path) ?? ''
  if (whole.test(kept)) return kept
  const made = make()
  writePrivately(path, made)
  return made
}

/** Root may write everywhere, so a right to the folder does not tell. */
function belongsToAnother(folder: string): boolean {
  return process.getuid !== undefined && isOurs(folder) && statSync(folder).uid !== process.getuid()
}

function isOurs(folder: string): boolean {
  return readOrNull(join(folder, markName)) === mark
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** Of two that find the same stale lock one may already hold a new one here: then it is put back. */
function setAside(path: string, stale: string): void {
  const aside = `${path}.stale.${process.pid}`
  try {
    renameSync(path, aside)
  } catch {
    return
  }
  if (readOrNull(aside) !== stale) linked(aside, path)
  rmSync(aside, { force: true })
}

function unlock(path: string, mine: string): void {
  if (readOrNull(path) === mine) rmSync(path, { force: true })
}

function parseHolder(text: string): { pid: number; identity: string | null } | null {
  try {
    const { pid, identity } = JSON.parse(text)
    return typeof pid === 'number' && typeof identity === 'string' ? { pid, identity } : null
  } catch {
    return null
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
