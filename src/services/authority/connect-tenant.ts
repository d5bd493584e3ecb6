/** A new tenant: whoever administers one here may ask; only an administrator of the new one can say yes. */
import type { Role, ServiceContext } from '../../context.ts'
import { appendAudit } from '../../db/audit.ts'
import { introduceTenant, partnerOfOperator } from '../../db/connecting.ts'
import { listAccess } from '../../db/operators.ts'
import { setTenantStatus, type TenantRow, tenantsByIds } from '../../db/tenants.ts'
import { knownRoles } from '../operators/access.ts'
import { type InputIssue, InvalidInputError, NotAllowedError } from '../refusals.ts'
import { consentLink } from './admin-consent.ts'
import type { Connection } from './tickets.ts'

export interface ConnectTenantRequest {
  entraTenantId: string
  name: string
}

export interface TenantConsentLink {
  /** As far as the caller may know of it: `PENDING` until an administrator of the tenant agreed. */
  tenant: TenantRow
  consentUrl: string
  expiresAt: Date
}

const guid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/
const nameLengthMax = 200

/**
 * Answers with the page on which a Global Administrator of the tenant agrees. Nobody gets access before: the roles go with the link, to
 * the caller's partner when it administers as one, else to the caller, and never more than are held elsewhere.
 * Throws `InvalidInputError`, `NotAllowedError`.
 */
export async function connectTenant(ctx: ServiceContext, given: ConnectTenantRequest): Promise<TenantConsentLink> {
  const { tenantId, name } = checked(given)
  const administered = ctx.access.tenantIds.filter((id) => ctx.access.can(id, 'Administer'))
  const knowsIt = ctx.access.tenantIds.includes(tenantId)
  if (administered.length === 0 || (knowsIt && !administered.includes(tenantId))) {
    throw new NotAllowedError('Connecting a tenant needs the role Administer.')
  }
  const connect = knowsIt ? null : await connectionFor(ctx, name, administered)
  const tenant = await ctx.db.withTenants([tenantId], async (tx) => {
    await introduceTenant(tx, { id: tenantId, name })
    const [found] = await tenantsByIds(tx, [tenantId])
    const mayReopen = knowsIt && found !== undefined && found.status !== 'CONNECTED'
    const row = mayReopen ? await setTenantStatus(tx, tenantId, 'PENDING') : (found ?? null)
    const { id, kind, displayName } = ctx.operator
    const details = { step: 'LINK', connect: connect && { grantee: connect.grantee, roles: connect.roles } }
    await appendAudit(tx, [
      { tenantId, name: 'consent.asked', at: ctx.now(), operator: { id, kind, displayName }, details },
    ])
    // Whether somebody else connected it already is not the caller's to know.
    return knowsIt && row ? row : { id: tenantId, name, status: 'PENDING' as const }
  })
  return { tenant, ...consentLink(ctx, { operatorId: ctx.operator.id, tenantId, connect }) }
}

function checked({ entraTenantId, name }: ConnectTenantRequest): { tenantId: string; name: string } {
  const issues: InputIssue[] = []
  const tenantId = entraTenantId.trim().toLowerCase()
  if (!guid.test(tenantId)) {
    issues.push({
      path: ['input', 'entraTenantId'],
      message: 'The tenant id of Entra is a GUID, as the Entra admin center shows it.',
    })
  }
  if (name.trim() === '' || name.length > nameLengthMax) {
    issues.push({ path: ['input', 'name'], message: `A name has 1 to ${nameLengthMax} characters.` })
  }
  if (issues.length > 0) throw new InvalidInputError(issues.map(({ message }) => message).join(' '), issues)
  return { tenantId, name: name.trim() }
}

async function connectionFor(ctx: ServiceContext, name: string, administered: readonly string[]): Promise<Connection> {
  const ofPartner = await ctx.db.plain(async (tx) => {
    const partner = await partnerOfOperator(tx, ctx.operator.id)
    return partner && { partner, grants: await listAccess(tx, { partnerId: partner.id }) }
  })
  const asPartner = ofPartner?.grants.filter(({ roles }) => roles.includes('Administer')) ?? []
  if (ofPartner && asPartner.length > 0) {
    const roles = unique(asPartner.flatMap((grant) => knownRoles(grant.roles)))
    return { name, grantee: { partnerId: ofPartner.partner.id }, roles }
  }
  const roles = unique(administered.flatMap((id) => [...ctx.access.rolesIn(id)]))
  return { name, grantee: { operatorId: ctx.operator.id }, roles }
}

const unique = (roles: readonly Role[]): Role[] => [...new Set(roles)].sort()
