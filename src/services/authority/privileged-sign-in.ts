import type { ServiceContext } from '../../context.ts'
import type { PrivilegedSignInRequirement } from '../remediations/types.ts'
import { sealTicket } from './tickets.ts'

/** Who can act on administrators (B11). */
export const privilegedRoles = ['Privileged Authentication Administrator', 'Global Administrator']

/** What an option shows, and what the refusal carries: the link for this operator and tenant. One per request and tenant. */
export function privilegedSignInRequirement(
  ctx: ServiceContext,
  tenantId: string,
): Promise<PrivilegedSignInRequirement> {
  const key = `privileged-sign-in ${tenantId}`
  const remembered = ctx.memo.get(key) as Promise<PrivilegedSignInRequirement> | undefined
  if (remembered) return remembered
  const requirement = sealTicket(ctx, { operatorId: ctx.operator.id, tenantId }).then(({ ticket, expiresAt }) => ({
    type: 'PRIVILEGED_SIGN_IN' as const,
    acceptedRoles: privilegedRoles,
    signInUrl: `${ctx.publicUrl}/sign-in/${ticket}`,
    expiresAt,
  }))
  ctx.memo.set(key, requirement)
  return requirement
}
