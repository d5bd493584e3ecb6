/** What must be consented to for the whole organisation before an administrator's sign-in is of use (B18). */
import type { ServiceContext } from '../../context.ts'
import { AdminConsentRequiredError } from '../refusals.ts'
import type { AdminConsentRequirement } from '../remediations/types.ts'
import { type Connection, type Sealing, sealConsentTicket } from './tickets.ts'

/** Only these, of the tenant itself, can consent; never its partner. */
export const consentGrantableBy = ['Global Administrator']

/** The older permission lets the application do all that the signed-in person may; the two newer ones together suffice. */
const alternatives = [['Directory.AccessAsUser.All'], ['User.EnableDisableAccount.All', 'User.Read.All']]

/** What a privileged sign-in lacks among the delegated permissions, in the terms of the least; empty: nothing. */
export function missingDelegatedPermissions(held: ReadonlySet<string>): string[] {
  if (alternatives.some((names) => names.every((name) => held.has(name)))) return []
  return (alternatives.at(-1) ?? []).filter((name) => !held.has(name))
}

type Consenting = Sealing & Pick<ServiceContext, 'publicUrl'>

/** Our page, on which an administrator of the tenant consents; it names who asks. */
export function consentLink(
  services: Consenting,
  { operatorId, tenantId, connect = null }: { operatorId: string; tenantId: string; connect?: Connection | null },
): { consentUrl: string; expiresAt: Date } {
  const { ticket, expiresAt } = sealConsentTicket(services, { operatorId, tenantId, connect })
  return { consentUrl: `${services.publicUrl}/consent/${ticket}`, expiresAt }
}

/** The link for this operator and tenant; one per request and tenant. */
export function consentUrlFor(
  ctx: Consenting & { operator: { id: string }; memo?: Map<unknown, unknown> },
  tenantId: string,
): string {
  const key = `consent ${tenantId}`
  const remembered = ctx.memo?.get(key) as string | undefined
  if (remembered) return remembered
  const { consentUrl } = consentLink(ctx, { operatorId: ctx.operator.id, tenantId })
  ctx.memo?.set(key, consentUrl)
  return consentUrl
}

/** What an option shows, and what the refusal carries. */
export const adminConsentRequirement = (
  ctx: ServiceContext,
  tenantId: string,
  missing: readonly string[],
): AdminConsentRequirement => ({
  type: 'ADMIN_CONSENT',
  consentUrl: consentUrlFor(ctx, tenantId),
  missingPermissions: [...missing],
  grantableBy: consentGrantableBy,
})

export const adminConsentRequired = (ctx: ServiceContext, tenantId: string, missing: readonly string[]) =>
  new AdminConsentRequiredError(
    `The tenant has not consented to ${missing.join(', ')} for administrators who sign in. A Global Administrator of the tenant itself, not its partner, must open consentUrl once.`,
    adminConsentRequirement(ctx, tenantId, missing),
  )
