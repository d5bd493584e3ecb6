/** Which process is which: a number alone may be somebody else's by now. */
import { execFileSync } from 'node:child_process'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EmbeddedPostgresError } from './embedded-errors.ts'

/** Arguments of a running process; null when there is none (or it may not be asked). */
function argumentsOf(pid: number): string[] | null {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    if (process.platform === 'win32') return null
    return [execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim()]
  } catch {
    return null
  }
}

/** Stays the same for the life of a process and differs from every later one of the same number; null when it is gone. */
function birthOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      // The name in parentheses may hold spaces; the state comes third, the start time is the 22nd field.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      return fields[0] === 'Z' ? null : (fields[19] ?? null)
    }
    if (process.platform === 'win32') return process.kill(pid, 0) ? 'alive' : null
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim() || null
  } catch {
    return null
  }
}

/** Makes this process the only one that runs a server in the folder; returns what gives it up again. */
export function claimFolder(dir: string): () => void {
  const path = join(dir, 'owner')
  const own = `${path}.${process.pid}`
  for (let attempt = 0; ; attempt++) {
    try {
      // Linked when it is written: nobody ever reads half of it and takes the folder for free.
      writeFileSync(own, `${process.pid} ${birthOf(process.pid)}`, { mode: 0o600 })
      linkSync(own, path)
      return () => rmSync(path, { force: true })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST') || attempt > 3) throw error
    } finally {
      rmSync(own, { force: true })
    }
    const [pid, ...birth] = textOf(path).split(' ')
    const alive = birthOf(Number(pid))
    if (alive !== null && alive === birth.join(' ')) {
      throw new EmbeddedPostgresError(
        'IN_USE',
        `Process ${pid} already runs a database in ${dir}: stop it, or use another folder.`,
      )
    }
    rmSync(path, { force: true })
  }
}

/** The server that runs in this data folder, from its pid file; null when it is stale. */
function runningServer(data: string): number | null {
  const pid = Number(textOf(join(data, 'postmaster.pid')).split('\n')[0])
  if (!Number.isInteger(pid) || pid <= 1) return null
  const words = argumentsOf(pid)
  if (words === null) return null
  return words.some((word) => word === data || word.endsWith(`-D ${data}`) || word.includes(`-D ${data} `)) ? pid : null
}

/**
 * Stops the server that a killed process left behind in this data folder, and removes a pid file that would block the
 * next start because its number belongs to another program by now.
 */
export async function stopOrphan(data: string): Promise<void> {
  const pid = runningServer(data)
  if (pid !== null) {
    const born = birthOf(pid)
    const gone = async (forMs: number) => {
      for (const end = Date.now() + forMs; Date.now() < end; await sleep(25)) if (birthOf(pid) !== born) return true
      return false
    }
    // Fast shutdown, immediate shutdown, and the end: the server recovers from its log after each of them.
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
      try {
        process.kill(pid, signal)
      } catch {
        break
      }
      if (await gone(8000)) break
    }
    if (birthOf(pid) === born && born !== null) {
      throw new EmbeddedPostgresError('IN_USE', `The database server ${pid} still runs in ${data} and does not stop.`)
    }
  }
  rmSync(join(data, 'postmaster.pid'), { force: true })
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
