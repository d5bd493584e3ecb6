import type { ServiceContext } from '../../context.ts'
import { adminConsentRequirement } from '../authority/admin-consent.ts'
import type { PrivilegedSession } from '../authority/privileged-session.ts'
import { privilegedSignInRequirement } from '../authority/privileged-sign-in.ts'
import type { Reading } from '../facts/fact.ts'
import type { GrantedPermissions } from '../facts/granted-permissions.ts'
import { type CatalogueEntry, missingPermissions } from './contract.ts'
import type { Requirement } from './types.ts'

/**
 * What has to happen before a step that acts on an administrator, or resets a password, may run: consent first (B18), then the
 * sign-in (B11, B16). Empty: all is there. Consent that could not be read is left to Microsoft to judge.
 */
export function unmetRequirements(
  ctx: ServiceContext,
  tenantId: string,
  entry: CatalogueEntry,
  granted: Reading<GrantedPermissions>,
  session: PrivilegedSession | null,
): Requirement[] {
  const held = granted.known && granted.value.state === 'CONSENTED' ? granted.value.delegated : null
  const missing = held ? missingPermissions(entry.permissions.delegated ?? [], held) : []
  return [
    ...(missing.length > 0 ? [adminConsentRequirement(ctx, tenantId, missing)] : []),
    ...(session ? [] : [privilegedSignInRequirement(ctx, tenantId)]),
  ]
}
