/** When API keys were last used: kept beside the requests, which neither wait for it nor fail with it. */
import type { Services } from '../../context.ts'
import { noteKeyUse } from '../../db/api-keys.ts'

export interface KeyUses {
  /** Returns at once. */
  note(keyId: string): void
}

/** How exactly the last use is known. Each process writes a key at most once in this time, and of several only the first does. */
export const keyUseKnownToMs = 60_000

export function createKeyUses({ db, log, now }: Pick<Services, 'db' | 'log' | 'now'>): KeyUses {
  /** By the id of a key that exists, so that strangers add nothing. */
  const notedAt = new Map<string, number>()

  return {
    note(keyId) {
      const at = now()
      if (at.getTime() < (notedAt.get(keyId) ?? Number.NEGATIVE_INFINITY) + keyUseKnownToMs) return
      notedAt.set(keyId, at.getTime())
      const knownSince = new Date(at.getTime() - keyUseKnownToMs)
      db.plain((tx) => noteKeyUse(tx, keyId, at, knownSince)).catch((error: unknown) =>
        log.warn({ err: error, apiKeyId: keyId }, 'The last use of an API key could not be kept'),
      )
    },
  }
}
