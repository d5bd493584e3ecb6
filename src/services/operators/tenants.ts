import type { ServiceContext } from '../../context.ts'
import { pageOfTenants, type TenantRow, tenantsByIds } from '../../db/tenants.ts'

export type KnownTenant = TenantRow

/** The tenants in which the operator holds a role, by name. */
export async function tenantPage(
  ctx: ServiceContext,
  page: { first: number; after: string | undefined },
): Promise<{ tenants: KnownTenant[]; hasNextPage: boolean }> {
  const { tenantIds } = ctx.access
  if (tenantIds.length === 0) return { tenants: [], hasNextPage: false }
  return ctx.db.withTenants(tenantIds, (tx) => pageOfTenants(tx, tenantIds, page))
}

/** Null when the operator holds no role in it, or we know no such tenant. */
export async function visibleTenant(ctx: ServiceContext, tenantId: string): Promise<KnownTenant | null> {
  return (await visibleTenants(ctx)).find(({ id }) => id === tenantId) ?? null
}

/** Every tenant in which the operator holds a role and that we know; read once a request. */
export function visibleTenants(ctx: ServiceContext): Promise<KnownTenant[]> {
  const remembered = ctx.memo.get(visibleTenants) as Promise<KnownTenant[]> | undefined
  if (remembered) return remembered
  const { tenantIds } = ctx.access
  const tenants =
    tenantIds.length === 0 ? Promise.resolve([]) : ctx.db.withTenants(tenantIds, (tx) => tenantsByIds(tx, tenantIds))
  ctx.memo.set(visibleTenants, tenants)
  return tenants
}
