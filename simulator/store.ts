/** The simulator's folder: `world.json` and `signing-key.pem`. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeSigningKeys, type SigningKeys } from './tokens.ts'
import type { World } from './world.ts'

export interface Store {
  world: World
  keys: SigningKeys
  /** When the stored world was made: sample records keep their times over restarts. */
  startedAt: Date
  /** Stores the world soon. */
  changed(): void
  /** Stores the world now, if it changed. */
  save(): void
}

const saveAfterMs = 200
// Higher with every change of the world's form: an older file is set aside.
const version = 3
let sharedKeys: SigningKeys | null = null

/** Without a folder nothing is stored, and all simulators of the process sign with one key. */
export function openStore(
  dir: string | undefined,
  world: World,
  now: Date,
  warn: (sentence: string) => void = () => undefined,
): Store {
  if (!dir) {
    sharedKeys ??= makeSigningKeys()
    return { world, keys: sharedKeys, startedAt: now, changed: () => undefined, save: () => undefined }
  }
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const file = join(dir, 'world.json')
  const stored = readSetAside(file, readWorld, warn)
  const state = { world: stored?.world ?? world, startedAt: stored?.startedAt ?? now }
  const save = (): void =>
    writeAtomically(file, JSON.stringify({ version, startedAt: state.startedAt.toISOString(), world: state.world }))
  if (!stored) save()

  let timer: NodeJS.Timeout | null = null
  return {
    ...state,
    keys: storedKeys(join(dir, 'signing-key.pem'), warn),
    changed: () => {
      timer ??= setTimeout(() => {
        timer = null
        save()
      }, saveAfterMs).unref()
    },
    save: () => {
      if (!timer) return
      clearTimeout(timer)
      timer = null
      save()
    },
  }
}

function storedKeys(file: string, warn: (sentence: string) => void): SigningKeys {
  const stored = readSetAside(file, (text) => makeSigningKeys(text), warn)
  if (stored) return stored
  const made = makeSigningKeys()
  writeAtomically(file, made.pem)
  return made
}

/** Null when the file is missing, or was unreadable and has been renamed. */
function readSetAside<T>(file: string, parse: (text: string) => T, warn: (sentence: string) => void): T | null {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
  try {
    return parse(text)
  } catch {
    const aside = `${file}.unreadable-${Date.now()}`
    renameSync(file, aside)
    warn(`${file} cannot be read; it is set aside as ${aside}, and a new one is made.`)
    return null
  }
}

function readWorld(text: string): { world: World; startedAt: Date } {
  const stored = JSON.parse(text)
  const startedAt = new Date(stored.startedAt)
  const lists = [stored.world.tenants, stored.world.applications, stored.world.mails]
  if (stored.version !== version || Number.isNaN(startedAt.getTime()) || !lists.every(Array.isArray))
    throw new Error('This is no stored world.')
  return { world: stored.world, startedAt }
}

function writeAtomically(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
