/** Looks for many secrets in much text at once: one pass with a rolling hash (Rabin and Karp). */
import type { Secret } from './collect.ts'

export interface Hit {
  secret: Secret
  /** In what spelling. */
  form: string
  at: number
}

/** Secrets are looked for in pieces, so that a cut one is found, too; the hash is that of a piece's beginning. */
const pieceBytes = 24
const windowBytes = 12

interface Piece {
  secret: Secret
  form: string
  bytes: Buffer
}

const base = 0x01000193
/** What the byte that leaves the window weighs. */
const leaving = Array.from({ length: windowBytes }).reduce<number>((power) => Math.imul(power, base), 1)
const filterBits = 24

/** Finds every piece of every secret, in every spelling that `formsOf` knows. */
export function createScanner(secrets: readonly Secret[]): (text: Buffer) => Hit[] {
  const pieces = new Map<number, Piece[]>()
  // Most windows are told from all pieces by one look into this set of bits.
  const filter = new Uint8Array(2 ** (filterBits - 3))
  for (const secret of secrets) {
    for (const [form, bytes] of formsOf(secret.bytes)) {
      // The simulator makes client secrets of a public id: only the whole is one.
      const cut = secret.kind === 'client secret' ? [bytes] : piecesOf(bytes)
      for (const piece of cut) add({ secret, form, bytes: piece })
    }
  }

  function add(piece: Piece): void {
    let hash = 0
    for (const byte of piece.bytes.subarray(0, windowBytes)) hash = (Math.imul(hash, base) + byte) | 0
    const bit = hash >>> (32 - filterBits)
    filter[bit >> 3] = (filter[bit >> 3] ?? 0) | (1 << (bit & 7))
    const alike = pieces.get(hash)
    if (!alike) pieces.set(hash, [piece])
    else if (!alike.some(({ bytes }) => bytes.equals(piece.bytes))) alike.push(piece)
  }

  return (text) => {
    const hits: Hit[] = []
    let hash = 0
    for (let end = 0; end < text.length; end++) {
      hash = (Math.imul(hash, base) + (text[end] ?? 0)) | 0
      if (end >= windowBytes) hash = (hash - Math.imul(text[end - windowBytes] ?? 0, leaving)) | 0
      const bit = hash >>> (32 - filterBits)
      if (((filter[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) continue
      const at = end - windowBytes + 1
      for (const { secret, form, bytes } of pieces.get(hash) ?? []) {
        if (at >= 0 && text.subarray(at, at + bytes.length).equals(bytes)) hits.push({ secret, form, at })
      }
    }
    return hits
  }
}

/** Together they cover it; a shorter text is one piece. */
function piecesOf(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at + pieceBytes <= bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes))
  if (bytes.length < pieceBytes) pieces.push(bytes)
  else if (bytes.length % pieceBytes > 0) pieces.push(bytes.subarray(-pieceBytes))
  return pieces.filter(({ length }) => length >= windowBytes)
}

/** The spellings in which a secret is looked for. */
function formsOf(bytes: Buffer): [form: string, bytes: Buffer][] {
  const hex = bytes.toString('hex')
  const text = bytes.toString('utf8')
  const isText = Buffer.from(text).equals(bytes)
  const json = JSON.stringify(text).slice(1, -1)
  const form = new URLSearchParams({ text }).toString().slice('text='.length)
  const texts: [string, string][] = [
    ['in hexadecimal', hex],
    ['in hexadecimal', hex.toUpperCase()],
    ...[0, 1, 2].flatMap((shift): [string, string][] => {
      const base64 = insideBase64(bytes, shift)
      return [
        ['in base64', base64],
        ['in base64url', base64.replaceAll('+', '-').replaceAll('/', '_')],
        ['in base64, URL-encoded', encodeURIComponent(base64)],
      ]
    }),
    ...(isText
      ? ([
          ['URL-encoded', encodeURIComponent(text)],
          ['URL-encoded', form],
          ['escaped for JSON', json],
          ['escaped for JSON twice', JSON.stringify(json).slice(1, -1)],
          ['escaped for HTML', text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')],
        ] satisfies [string, string][])
      : []),
  ]
  return [['as it is', bytes], ...texts.map(([name, spelt]): [string, Buffer] => [name, Buffer.from(spelt)])]
}

/** The characters that are the same whatever stands before (`shift` bytes, modulo 3) and after it. */
function insideBase64(bytes: Buffer, shift: number): string {
  const before = Buffer.alloc(shift)
  const all = Buffer.concat([before, bytes]).toString('base64')
  return all.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6))
}
