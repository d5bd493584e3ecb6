/** Sealed texts: what leaves our hands (links, cookies) or rests in the database, readable and changeable by nobody else. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** Keys of 32 bytes: the first seals, all open. */
export type SealingKeys = readonly Buffer[]

const ivBytes = 12
const tagBytes = 16

/** Every purpose has a key of its own, so that what is sealed for one never opens for another. */
const keyFor = (key: Buffer, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `tourniquet ${purpose}`, 32))

function sealingKey(keys: SealingKeys): Buffer {
  const [key] = keys
  if (!key) throw new Error('SEALING_KEY is empty')
  return key
}

/** AES-256-GCM, base64url. `boundTo` is not in the text, and must be the same on opening. */
export function seal(keys: SealingKeys, purpose: string, text: string, boundTo = ''): string {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', keyFor(sealingKey(keys), purpose), iv).setAAD(Buffer.from(boundTo))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
}

/** Null for what was changed, was sealed for another purpose, or with a key that we do not hold. */
export function unseal(keys: SealingKeys, purpose: string, sealed: string, boundTo = ''): string | null {
  const bytes = Buffer.from(sealed, 'base64url')
  // Decoding is lenient: only the one spelling that we write counts.
  if (bytes.length <= ivBytes + tagBytes || bytes.toString('base64url') !== sealed) return null
  const iv = bytes.subarray(0, ivBytes)
  const tag = bytes.subarray(ivBytes, ivBytes + tagBytes)
  for (const key of keys) {
    try {
      const decipher = createDecipheriv('aes-256-gcm', keyFor(key, purpose), iv)
        .setAAD(Buffer.from(boundTo))
        .setAuthTag(tag)
      return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]).toString('utf8')
    } catch {
      // Another key may have sealed it.
    }
  }
  return null
}

/** Hashes of a short text, which nobody without the key can search for: the first is stored, all are compared. */
export const keyedHashes = (keys: SealingKeys, purpose: string, text: string): Buffer[] => {
  sealingKey(keys)
  return keys.map((key) => createHmac('sha256', keyFor(key, purpose)).update(text).digest())
}
