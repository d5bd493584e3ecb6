/** Signing keys and access tokens. Everything is synchronous: a simulated service checks a token before it does anything else. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'

export type Claims = Record<string, unknown>

export interface SigningKeys {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** Public part as the keys endpoint shows it. */
  readonly jwk: { kty: string; n: string; e: string; use: 'sig'; kid: string; x5t: string }
  /** Private part, to be stored. */
  readonly pem: string
}

export function makeSigningKeys(pem?: string): SigningKeys {
  const privateKey = pem ? createPrivateKey(pem) : generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const publicKey = createPublicKey(privateKey)
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' }) as JsonWebKey
  const kid = createHash('sha256').update(`${n}.${e}`).digest('base64url').slice(0, 27)
  return {
    kid,
    privateKey,
    publicKey,
    jwk: { kty: 'RSA', n, e, use: 'sig', kid, x5t: kid },
    pem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  }
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export function signToken(keys: SigningKeys, claims: Claims): string {
  const input = `${encode({ typ: 'JWT', alg: 'RS256', kid: keys.kid, x5t: keys.kid })}.${encode(claims)}`
  return `${input}.${sign('RSA-SHA256', Buffer.from(input), keys.privateKey).toString('base64url')}`
}

/** The claims of a token that these keys signed and that is valid now; null otherwise. */
export function verifyToken(keys: SigningKeys, token: string, now: Date): Claims | null {
  const [header, payload, signature, ...rest] = token.split('.')
  if (!header || !payload || !signature || rest.length > 0) return null
  const { alg, kid } = decodePart(header) ?? {}
  if (alg !== 'RS256' || kid !== keys.kid) return null
  const signed = Buffer.from(`${header}.${payload}`)
  if (!verify('RSA-SHA256', signed, keys.publicKey, Buffer.from(signature, 'base64url'))) return null
  const claims = decodePart(payload)
  const seconds = now.getTime() / 1000
  if (!claims || typeof claims.exp !== 'number' || claims.exp <= seconds) return null
  if (typeof claims.nbf === 'number' && claims.nbf > seconds + 300) return null
  return claims
}

/** One part of a token as an object; null when it is none. */
export function decodePart(part: string): Claims | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}
