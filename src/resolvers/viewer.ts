import type { Role, ServiceContext } from '../context.ts'
import { type KnownTenant, visibleTenants } from '../services/operators/tenants.ts'

export interface Grant {
  tenant: KnownTenant
  roles: readonly Role[]
}

/** Roles in tenants that we know; a token may name roles in a tenant that was never connected. */
export const grants = async (_: unknown, __: unknown, ctx: ServiceContext): Promise<Grant[]> =>
  (await visibleTenants(ctx)).map((tenant) => ({ tenant, roles: ctx.access.rolesIn(tenant.id) }))
