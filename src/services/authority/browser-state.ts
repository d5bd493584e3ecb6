/** What goes to Entra and comes back, and what stays in the browser meanwhile: only both together count, and only once. */
import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { newId } from '../../db/ids.ts'
import { seal, unseal } from './sealing.ts'
import type { Sealing } from './tickets.ts'

/** How long somebody may take on Entra's pages. */
export const browserStateLifetimeMs = 15 * 60_000

/** `state` of the authorization request names tenant and operator, so that a callback without its cookie is on record, too. */
const stateClaims = z.object({ id: z.guid(), tenantId: z.guid(), operatorId: z.guid(), exp: z.number() })

export interface BrowserState {
  id: string
  tenantId: string
  operatorId: string
  expiresAt: Date
}

const secrets = z.object({ nonce: z.string(), codeVerifier: z.string() })

export interface MadeBrowserState {
  id: string
  /** For the authorization request. */
  state: string
  nonce: string
  codeVerifier: string
  /** SHA-256 of the verifier, base64url. */
  codeChallenge: string
  /** For the cookie. */
  sealed: string
  expiresAt: Date
}

/** `purpose` keeps sign-in and consent apart; `carried` comes back from the cookie as it is. */
export function makeBrowserState(
  { sealingKeys, now }: Sealing,
  purpose: string,
  { tenantId, operatorId }: { tenantId: string; operatorId: string },
  carried: object = {},
): MadeBrowserState {
  const id = newId(now())
  const exp = now().getTime() + browserStateLifetimeMs
  const nonce = randomBytes(24).toString('base64url')
  const codeVerifier = randomBytes(48).toString('base64url')
  return {
    id,
    state: seal(sealingKeys, `${purpose} state`, JSON.stringify({ id, tenantId, operatorId, exp })),
    nonce,
    codeVerifier,
    codeChallenge: createHash('sha256').update(codeVerifier).digest('base64url'),
    sealed: seal(sealingKeys, `${purpose} cookie`, JSON.stringify({ nonce, codeVerifier, carried }), id),
    expiresAt: new Date(exp),
  }
}

/** Null for a state that we did not make. */
export function openState({ sealingKeys }: Sealing, purpose: string, state: string): BrowserState | null {
  const text = state.length > 4_096 ? null : unseal(sealingKeys, `${purpose} state`, state)
  if (text === null) return null
  const { exp, ...rest } = stateClaims.parse(JSON.parse(text))
  return { ...rest, expiresAt: new Date(exp) }
}

/** What the browser kept for this state; null when it is another browser's, or was changed. */
export function openCookie<Carried>(
  { sealingKeys }: Sealing,
  purpose: string,
  { id }: BrowserState,
  sealed: string | null,
  carried: z.ZodType<Carried>,
): { nonce: string; codeVerifier: string; carried: Carried } | null {
  const text = sealed === null ? null : unseal(sealingKeys, `${purpose} cookie`, sealed, id)
  if (text === null) return null
  return secrets.extend({ carried }).parse(JSON.parse(text))
}
