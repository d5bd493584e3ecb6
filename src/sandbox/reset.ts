/** What `--reset` empties, and when it is the way out. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { EmbeddedPostgresError } from '../db/embedded-errors.ts'
import { stopEmbeddedOrphan } from '../db/embedded-postgres.ts'
import { SandboxFault } from './fault.ts'
import { emptyFolder } from './folder.ts'

/** Empties a folder that is locked and has no process left but perhaps a database server, whatever state its data is in. */
export async function resetFolder(folder: string): Promise<void> {
  const database = join(folder, 'postgres')
  await stopEmbeddedOrphan(database).catch((error: unknown) => {
    // A server that is still there would write into what is being removed; other faults go with the data.
    if (error instanceof EmbeddedPostgresError) throw error
  })
  const outside = outsideOf(database)
  if (outside !== null) rmSync(outside, { recursive: true, force: true })
  emptyFolder(folder)
}

/** As root on a machine without user namespaces, the data is in a folder of /tmp. Only one with our own form of name is ever removed. */
function outsideOf(database: string): string | null {
  try {
    const pointer = join(database, 'elsewhere')
    const path = existsSync(pointer) ? readFileSync(pointer, 'utf8') : ''
    return dirname(path) === tmpdir() && /^tourniquet-postgres-[0-9a-f]{12}$/.test(basename(path)) ? path : null
  } catch {
    return null
  }
}

/** Throws on, with what to do when it is the stored data that stands in the way. */
export function withWayOut(error: unknown): never {
  const elsewhere = ['PORT_TAKEN', 'IN_USE', 'UNSUPPORTED']
  if (error instanceof EmbeddedPostgresError && elsewhere.includes(error.code)) throw error
  const what = error instanceof Error ? error.message.trim() : String(error)
  throw new SandboxFault(
    `The database of the sandbox cannot be used. ${what}\n\nIf its data is damaged, "npm run sandbox -- --reset" makes it anew; what was imported into it is lost.`,
  )
}
