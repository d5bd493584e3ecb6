/** Where a password lives, and what setting one does. */
import type { Tenant, User } from '../world.ts'
import { badRequest, type GraphError } from './errors.ts'

/** `ELSEWHERE`: in the home tenant of a guest, or with the identity provider of a federated domain. */
export function passwordHome(tenant: Tenant, user: User): 'CLOUD' | 'ON_PREMISES' | 'ELSEWHERE' {
  if (user.userType === 'Guest' || user.userPrincipalName.includes('#EXT#')) return 'ELSEWHERE'
  const domain = user.userPrincipalName.split('@').at(-1)?.toLowerCase()
  const isFederated = tenant.domains.some(
    ({ id, authenticationType }) => authenticationType === 'Federated' && id.toLowerCase() === domain,
  )
  if (isFederated) return 'ELSEWHERE'
  return user.onPremisesSyncEnabled ? 'ON_PREMISES' : 'CLOUD'
}

/** Sessions stay: only `revokeSignInSessions` ends them. */
export function changePassword(user: User, to: { password?: string; forceChange?: boolean }, at: Date): void {
  if (to.password !== undefined) {
    user.password = to.password
    user.lastPasswordChangeDateTime = `${at.toISOString().slice(0, 19)}Z`
  }
  if (to.forceChange !== undefined) user.forceChangePasswordNextSignIn = to.forceChange
}

export const passwordAgainstPolicy = (): GraphError =>
  badRequest(
    'The specified password does not comply with password complexity requirements. Please provide a different password.',
  )

export const masteredOnPremises = (): GraphError =>
  badRequest(
    'Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.',
  )
