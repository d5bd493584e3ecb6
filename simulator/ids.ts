import { createHash } from 'node:crypto'

/** A GUID that looks random and is always the same for the same words. */
export function guid(...words: string[]): string {
  const hex = createHash('sha256').update(words.join('\u0000')).digest('hex')
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}

/** An opaque id as Graph uses for assignments and grants: base64url of two GUIDs. */
export function opaqueId(...words: string[]): string {
  return createHash('sha256').update(words.join('\u0000')).digest('base64url')
}

const guidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export const isGuid = (text: string): boolean => guidForm.test(text.toLowerCase())
