/** How a confidential client proves itself: a secret, or an assertion signed with a registered certificate. */
import { constants, createPublicKey, verify } from 'node:crypto'
import { decodePart } from '../tokens.ts'
import type { Application } from '../world.ts'
import { LoginError } from './errors.ts'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Throws AADSTS7000218 (nothing sent), 7000215 (wrong secret), 700027, 700024 (assertion). */
export function authenticateClient(
  application: Application,
  form: URLSearchParams,
  basicSecret: string | null,
  tokenUrls: readonly string[],
  now: Date,
): void {
  const assertion = form.get('client_assertion')
  if (assertion && form.get('client_assertion_type') === assertionType) {
    verifyAssertion(application, assertion, tokenUrls, now)
    return
  }
  const secret = form.get('client_secret') ?? basicSecret
  if (!secret) {
    throw new LoginError(
      7000218,
      'invalid_client',
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    )
  }
  if (application.secrets.includes(secret)) return
  throw new LoginError(
    7000215,
    'invalid_client',
    `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${application.appId}'.`,
  )
}

function verifyAssertion(application: Application, assertion: string, tokenUrls: readonly string[], now: Date): void {
  const [header = '', payload = '', signature = ''] = assertion.split('.')
  const { alg } = decodePart(header) ?? {}
  const claims = decodePart(payload)
  const signed = Buffer.from(`${header}.${payload}`)
  const isSigned = (application.certificates ?? []).some((certificate) =>
    isSignedBy(certificate, alg, signed, Buffer.from(signature, 'base64url')),
  )
  const isOurs = claims?.iss === application.appId && claims.sub === application.appId
  const isForUs = typeof claims?.aud === 'string' && tokenUrls.includes(claims.aud)
  if (!isSigned || !isOurs || !isForUs) {
    throw new LoginError(
      700027,
      'invalid_client',
      'The certificate with identifier used to sign the client assertion is not registered on application, or the assertion is not for this endpoint.',
    )
  }
  const seconds = now.getTime() / 1000
  if (typeof claims?.exp !== 'number' || claims.exp < seconds || claims.exp > seconds + 86_400) {
    throw new LoginError(
      700024,
      'invalid_client',
      'Client assertion is not within its valid time range. Current time and the expiry time of the assertion do not fit.',
    )
  }
}

function isSignedBy(certificate: string, alg: unknown, signed: Buffer, signature: Buffer): boolean {
  const key = createPublicKey(certificate)
  if (alg === 'RS256') return verify('RSA-SHA256', signed, key, signature)
  if (alg !== 'PS256') return false
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return verify('RSA-SHA256', signed, { key, ...padding }, signature)
}
