/** Access tokens for our own API, issued by Entra in any tenant. */
import { createHash } from 'node:crypto'
import { compactVerify, decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose'
import { createHttp } from '../http.ts'
import { clientTiming } from '../timing.ts'
import { createEntraKeys, type EntraKeys } from './keys.ts'

export type AccessTokenErrorCode =
  /** Not a version 2 access token at all; an ID token, for one. */
  | 'MALFORMED'
  | 'EXPIRED'
  | 'WRONG_AUDIENCE'
  | 'WRONG_ISSUER'
  | 'BAD_SIGNATURE'
  /** Entra's keys could not be fetched: the token may be good. */
  | 'KEYS_UNAVAILABLE'

/** The message is a sentence for the caller and never holds the token or a part of it. */
export class AccessTokenError extends Error {
  readonly code: AccessTokenErrorCode

  constructor(code: AccessTokenErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'AccessTokenError'
    this.code = code
  }
}

export interface VerifiedToken {
  /** Lower case. */
  tenantId: string
  /** The person's, or the application's service principal's, object id in the tenant. Lower case. */
  objectId: string
  /** Client id of the application that asked for the token (`azp`). */
  appId: string
  kind: 'PERSON' | 'APPLICATION'
  name: string | null
  /** App roles, as the token names them. */
  roles: string[]
  /** Epoch milliseconds. */
  expiresAt: number
}

export interface AccessTokenVerifier {
  /** Throws `AccessTokenError`. */
  verify(token: string): Promise<VerifiedToken>
  close(): Promise<void>
}

export interface AccessTokenVerifierOptions {
  /** Origin of the login host. */
  entraUrl: string
  /** Client id of our API. */
  audience: string
  now?(): Date
}

const skewMs = 5 * 60_000
/** The delegated permission of our API. Without it a person's token was made for something else. */
const scope = 'access_as_user'
/** Entra issues none for more than 28 hours. */
const lifetimeMsMax = 48 * 60 * 60_000
/** The tenant of personal Microsoft accounts, in every cloud. */
const consumersTenantId = '9188040d-6c67-4c5b-b112-36a304b66dad'
/** Of a display name in Entra. */
const nameLengthMax = 256
const rememberedMax = 1_000
const rememberMs = 5 * 60_000
const tokenLengthMax = 16_384

export function createAccessTokenVerifier(options: AccessTokenVerifierOptions): AccessTokenVerifier {
  const now = options.now ?? (() => new Date())
  const nowMs = () => now().getTime()
  const http = createHttp(clientTiming)
  const keys = createEntraKeys(options.entraUrl, http, nowMs)
  // Checking a signature costs more than all else in a request. Kept by hash, so that no token lies in memory.
  const remembered = new Map<string, { verified: VerifiedToken; until: number }>()

  return {
    async verify(token) {
      if (token.length > tokenLengthMax) throw malformed()
      const hash = createHash('sha256').update(token).digest('base64')
      const known = remembered.get(hash)
      if (known && nowMs() < known.until) return known.verified
      remembered.delete(hash)
      const verified = await verifyWith(keys, token, options.audience, nowMs)
      const until = Math.min(nowMs() + rememberMs, verified.expiresAt)
      if (until > nowMs()) {
        remembered.set(hash, { verified, until })
        const [oldest] = remembered.keys()
        if (remembered.size > rememberedMax && oldest !== undefined) remembered.delete(oldest)
      }
      return verified
    },
    close: () => http.close(),
  }
}

async function verifyWith(
  keys: EntraKeys,
  token: string,
  audience: string,
  nowMs: () => number,
): Promise<VerifiedToken> {
  const { kid, claims } = decoded(token)
  // What the token says of itself is compared first: Entra's keys are not fetched for a token that is not for us.
  const verified = read(claims)
  if (claims.aud !== audience) throw new AccessTokenError('WRONG_AUDIENCE', 'The access token is for another API.')
  const issuer = await expectedIssuer(keys, verified.tenantId)
  if (claims.iss !== issuer) throw new AccessTokenError('WRONG_ISSUER', 'The access token has an unknown issuer.')
  checkTimes(claims, nowMs())
  await checkSignature(keys, kid, token, verified.tenantId, issuer)
  return verified
}

const malformed = (cause?: unknown) =>
  new AccessTokenError('MALFORMED', 'This is not an access token of Microsoft Entra for this API.', { cause })

function decoded(token: string): { kid: string; claims: JWTPayload } {
  let header: ReturnType<typeof decodeProtectedHeader>
  let claims: JWTPayload
  try {
    header = decodeProtectedHeader(token)
    claims = decodeJwt(token)
  } catch (cause) {
    throw malformed(cause)
  }
  if (header.alg !== 'RS256' || typeof header.kid !== 'string') throw malformed()
  return { kid: header.kid, claims }
}

const guid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

function read(claims: JWTPayload): VerifiedToken {
  const { tid, oid, azp, exp, idtyp, scp, sub, name, roles, ver } = claims
  if (typeof tid !== 'string' || !guid.test(tid) || typeof oid !== 'string' || !guid.test(oid)) throw malformed()
  if (tid.toLowerCase() === consumersTenantId) {
    throw new AccessTokenError(
      'WRONG_ISSUER',
      'A personal Microsoft account has no access: use one of an organisation.',
    )
  }
  // An ID token has neither `azp` nor `scp`: it tells an application who signed in and opens no API.
  if (typeof azp !== 'string' || !guid.test(azp) || typeof exp !== 'number' || ver !== '2.0') throw malformed()
  if (roles !== undefined && !Array.isArray(roles)) throw malformed()
  if (scp !== undefined && typeof scp !== 'string') throw malformed()
  const hasScope = scp?.split(' ').includes(scope) ?? false
  const isApplication = idtyp === 'app' || (!scp && oid === sub)
  if (!isApplication && !hasScope) throw malformed()
  return {
    tenantId: tid.toLowerCase(),
    objectId: oid.toLowerCase(),
    appId: azp.toLowerCase(),
    kind: isApplication ? 'APPLICATION' : 'PERSON',
    // Whoever administers a tenant chooses the names in it; PostgreSQL keeps no U+0000.
    name: typeof name === 'string' ? name.slice(0, nameLengthMax).toWellFormed().replaceAll('\0', '') : null,
    roles: (roles ?? []).filter((role: unknown) => typeof role === 'string'),
    expiresAt: exp * 1_000,
  }
}

function checkTimes({ exp, nbf, iat }: JWTPayload, nowMs: number): void {
  if (typeof exp !== 'number' || nowMs >= exp * 1_000 + skewMs) {
    throw new AccessTokenError('EXPIRED', 'The access token has expired.')
  }
  const issuedMs = typeof iat === 'number' ? iat * 1_000 : nowMs
  if (exp * 1_000 - issuedMs > lifetimeMsMax) throw malformed()
  const isAhead = (at: unknown) => at !== undefined && (typeof at !== 'number' || nowMs < at * 1_000 - skewMs)
  if (isAhead(nbf) || isAhead(iat)) throw new AccessTokenError('EXPIRED', 'The access token is not valid yet.')
}

async function expectedIssuer(keys: EntraKeys, tenantId: string): Promise<string> {
  const template = await keys.issuerTemplate().catch(unavailable)
  return template.replace('{tenantid}', tenantId)
}

async function checkSignature(
  keys: EntraKeys,
  kid: string,
  token: string,
  tenantId: string,
  issuer: string,
): Promise<void> {
  const bad = (cause?: unknown) =>
    new AccessTokenError('BAD_SIGNATURE', 'The signature of the access token is not valid.', { cause })
  const found = await keys.find(kid).catch(unavailable)
  if (!found) throw bad()
  // A key that names one tenant as its issuer signs for that tenant only.
  const keyIssuer = found.issuer?.replace('{tenantid}', tenantId) ?? issuer
  if (keyIssuer !== issuer) throw new AccessTokenError('WRONG_ISSUER', 'The access token has an unknown issuer.')
  await compactVerify(token, found.key, { algorithms: ['RS256'] }).catch((cause: unknown) => {
    throw bad(cause)
  })
}

function unavailable(cause: unknown): never {
  throw new AccessTokenError('KEYS_UNAVAILABLE', 'The keys of Microsoft Entra cannot be fetched at the moment.', {
    cause,
  })
}
