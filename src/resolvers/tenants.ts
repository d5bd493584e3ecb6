import type { ServiceContext } from '../context.ts'
import { tenantHealth } from '../services/authority/health.ts'
import type { TenantHealth } from '../services/authority/health-types.ts'
import { type KnownTenant, tenantPage, visibleTenant } from '../services/operators/tenants.ts'
import { readId } from './global-ids.ts'
import { connectionOf, guidKey, type PageArgs, readPage } from './pages.ts'

export async function tenant(_: unknown, args: { id: string }, ctx: ServiceContext): Promise<KnownTenant | null> {
  const id = readId('Tenant', args.id, ['id'])
  return id && visibleTenant(ctx, id.id)
}

export async function tenants(_: unknown, args: PageArgs, ctx: ServiceContext) {
  const page = readPage(args, 'tenants', guidKey)
  const { tenants: found, hasNextPage } = await tenantPage(ctx, page)
  return connectionOf('tenants', found, ({ id }) => id, { hasNextPage, after: page.after })
}

/** Null where we never had anything to do with the tenant, and for one that the viewer only asked to connect. */
export const health = async (
  { id, status }: KnownTenant,
  _: unknown,
  ctx: ServiceContext,
): Promise<TenantHealth | null> =>
  status === 'NOT_CONNECTED' || !ctx.access.tenantIds.includes(id) ? null : tenantHealth(ctx, id)
