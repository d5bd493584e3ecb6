/** What an API key looks like: `tq_` and 32 random bytes in base64url. Stored is only its hash. */
import { createHash, randomBytes } from 'node:crypto'

/** Every API key begins like this. */
export const apiKeyPrefix = 'tq_'

/** How long a key works when nobody says otherwise: longer than that it should be somebody's wish. */
export const keyLifetimeMsDefault = 365 * 24 * 60 * 60_000

/** The last character holds four bits, so most texts of the right length are no key either. */
const form = /^tq_[\w-]{42}[AEIMQUYcgkosw048]$/

/** Whether a text can be a key at all; what cannot is not looked for. */
export const isApiKeyForm = (text: string): boolean => form.test(text)

export const hashOfApiKey = (key: string): Buffer => createHash('sha256').update(key).digest()

/** A new key, and what is kept of it. */
export function makeApiKey(): { key: string; hash: Buffer; lastFour: string } {
  const key = `${apiKeyPrefix}${randomBytes(32).toString('base64url')}`
  return { key, hash: hashOfApiKey(key), lastFour: key.slice(-4) }
}
