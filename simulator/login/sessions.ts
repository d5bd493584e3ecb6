import { createHash, randomBytes } from 'node:crypto'
import type { Identity } from './directory.ts'
import { accountDisabled, LoginError } from './errors.ts'

/** What a sign-in gave a client, behind an authorization code or a refresh token. */
export interface Grant {
  clientId: string
  redirectUri: string
  /** Tenant that issues the tokens. */
  tenantId: string
  userId: string
  scope: string
  nonce: string | null
  codeChallenge: string
  /** Epoch milliseconds: revoking sessions ends grants that are older. */
  signedInAt: number
  /** Signed in with `claims`: what Conditional Access wants was done. */
  hasMfa: boolean
}

const codeLifetimeMs = 10 * 60_000

/** Codes and refresh tokens; they end with the process. */
export class Sessions {
  readonly #codes = new Map<string, Grant & { expiresAt: number; used: boolean }>()
  readonly #refreshTokens = new Map<string, Grant>()

  addCode(grant: Grant): string {
    const code = `1.${randomBytes(48).toString('base64url')}`
    this.#codes.set(code, { ...grant, expiresAt: grant.signedInAt + codeLifetimeMs, used: false })
    return code
  }

  /** Uses a code up. Throws AADSTS70000 (unknown), 54005 (used), 70008 (expired), 500112 (other redirect), 50147, 501481 (PKCE). */
  redeem(code: string, by: { clientId: string; redirectUri: string; codeVerifier: string }, nowMs: number): Grant {
    const grant = this.#codes.get(code)
    if (!grant || grant.clientId !== by.clientId) {
      throw new LoginError(70000, 'invalid_grant', "The provided value for the 'code' parameter is not valid.")
    }
    if (grant.used) {
      throw new LoginError(
        54005,
        'invalid_grant',
        'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
      )
    }
    if (grant.expiresAt <= nowMs) {
      throw new LoginError(70008, 'invalid_grant', 'The provided authorization code is expired.')
    }
    if (grant.redirectUri !== by.redirectUri) {
      throw new LoginError(
        500112,
        'invalid_grant',
        `The reply address '${by.redirectUri}' does not match the reply address '${grant.redirectUri}' provided when requesting Authorization code.`,
      )
    }
    if (!by.codeVerifier) {
      throw new LoginError(
        50147,
        'invalid_grant',
        'Missing code_verifier: the code was asked for with a code_challenge.',
      )
    }
    if (createHash('sha256').update(by.codeVerifier).digest('base64url') !== grant.codeChallenge) {
      throw new LoginError(
        501481,
        'invalid_grant',
        'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
      )
    }
    grant.used = true
    return grant
  }

  addRefreshToken(grant: Grant): string {
    const token = `1.${randomBytes(64).toString('base64url')}`
    this.#refreshTokens.set(token, grant)
    return token
  }

  /** Throws AADSTS70000. */
  refresh(token: string, clientId: string): Grant {
    const grant = this.#refreshTokens.get(token)
    if (grant && grant.clientId === clientId) return grant
    throw new LoginError(70000, 'invalid_grant', 'The provided refresh token is not valid.')
  }
}

/** Throws AADSTS50057 when the account is off, AADSTS50173 when its sessions were revoked since. */
export function assertStillSignedIn({ user }: Identity, grant: Grant): void {
  if (!user.accountEnabled) throw accountDisabled()
  const validFrom = Date.parse(user.signInSessionsValidFromDateTime)
  if (grant.signedInAt >= validFrom) return
  throw new LoginError(
    50173,
    'invalid_grant',
    `The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '${new Date(grant.signedInAt).toISOString()}' and the TokensValidFrom date (before which tokens are not valid) for this user is '${user.signInSessionsValidFromDateTime}'.`,
  )
}
