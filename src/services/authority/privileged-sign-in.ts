import type { ServiceContext } from '../../context.ts'
import { globalAdministratorRoleId } from '../facts/role-roster.ts'
import type { PrivilegedSignInRequirement } from '../remediations/types.ts'
import { sealTicket } from './tickets.ts'

/** Who can act on administrators (B11): template ids and names. */
const acceptedRoles = new Map([
  ['7be44c8a-adaf-4e2a-84d6-ab2649e08a13', 'Privileged Authentication Administrator'],
  [globalAdministratorRoleId, 'Global Administrator'],
])

export const privilegedRoleIds: readonly string[] = [...acceptedRoles.keys()]
export const privilegedRoles: string[] = [...acceptedRoles.values()]

/** The names of roles that count, for people. */
export const privilegedRoleNames = (ids: readonly string[]): string[] => ids.map((id) => acceptedRoles.get(id) ?? id)

/**
 * What an option shows, and what the refusal carries: the link for this operator and tenant. One per request and tenant, sealed when
 * somebody asks for it: many options say that a sign-in is needed, few callers read the link.
 */
export function privilegedSignInRequirement(ctx: ServiceContext, tenantId: string): PrivilegedSignInRequirement {
  const key = `privileged-sign-in ${tenantId}`
  const remembered = ctx.memo.get(key) as PrivilegedSignInRequirement | undefined
  if (remembered) return remembered
  let sealed: ReturnType<typeof sealTicket> | null = null
  const link = () => {
    sealed ??= sealTicket(ctx, { operatorId: ctx.operator.id, tenantId })
    return sealed
  }
  const requirement: PrivilegedSignInRequirement = {
    type: 'PRIVILEGED_SIGN_IN',
    acceptedRoles: privilegedRoles,
    get signInUrl() {
      return `${ctx.publicUrl}/sign-in/${link().ticket}`
    },
    get expiresAt() {
      return link().expiresAt
    },
  }
  ctx.memo.set(key, requirement)
  return requirement
}
