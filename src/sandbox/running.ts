import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSettings } from './settings.ts'

/** The database (role app) of the sandbox of this folder, null when none was ever started here. */
export function sandboxDatabase(): { url: string; folder: string } | null {
  const { folder } = readSettings()
  try {
    const { databaseUrl } = JSON.parse(readFileSync(join(folder, 'credentials.json'), 'utf8'))
    return typeof databaseUrl === 'string' ? { url: databaseUrl, folder } : null
  } catch {
    return null
  }
}

/** The sealing key of the sandbox of this folder, in base64; null when none was ever started here. */
export function sandboxSealingKey(): string | null {
  try {
    return readFileSync(join(readSettings().folder, 'sealing-key'), 'utf8').trim()
  } catch {
    return null
  }
}
