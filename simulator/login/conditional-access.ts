/** Conditional Access as far as the world's switch knows it. */
import type { World } from '../world.ts'
import { LoginError } from './errors.ts'
import type { Grant } from './sessions.ts'

const blocked = (error: 'access_denied' | 'invalid_grant'): LoginError =>
  new LoginError(
    53003,
    error,
    'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  )

/** Throws AADSTS53003: the sign-in page sends the person back with it. */
export function assertSignInAllowed({ switches }: World): void {
  if (switches?.conditionalAccess === 'blockSignIn') throw blocked('access_denied')
}

/** Throws AADSTS53003 at the redemption of a code. */
export function assertTokenAllowed({ switches }: World): void {
  if (switches?.conditionalAccess === 'blockToken') throw blocked('invalid_grant')
}

const claims = JSON.stringify({
  access_token: { capolids: { essential: true, values: ['7f2e2c0d-6a34-4b6e-9f5b-2f3c8a0e9d11'] } },
})

/** For calls without a person present. Throws AADSTS50076 with the `claims` that a new sign-in has to ask for, or AADSTS53003. */
export function assertEnoughFactors({ switches }: World, { hasMfa }: Pick<Grant, 'hasMfa'>): void {
  const mode = switches?.conditionalAccess
  if (mode === 'blockSignIn' || mode === 'blockToken') throw blocked('invalid_grant')
  if (mode !== 'requireMfa' || hasMfa) return
  throw new LoginError(
    50076,
    'interaction_required',
    'Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.',
    400,
    { claims, suberror: 'basic_action' },
  )
}

/** The JSON object of a `claims` parameter; null when it is none. */
export function decodedClaims(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
