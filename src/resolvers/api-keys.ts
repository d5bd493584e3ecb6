import type { Role, ServiceContext } from '../context.ts'
import { knownRoles } from '../services/operators/access.ts'
import {
  type ApiKey,
  apiKeyPage,
  createApiKey as create,
  revokeApiKey as revoke,
} from '../services/operators/api-keys.ts'
import { type KnownTenant, visibleTenants } from '../services/operators/tenants.ts'
import { NotFoundError } from '../services/refusals.ts'
import { readId } from './global-ids.ts'
import { connectionOf, guidKey, type PageArgs, readPage } from './pages.ts'
import type { Grant } from './viewer.ts'

export interface CreateApiKeyInput {
  name: string
  expiresAt?: Date | null | undefined
  grants: readonly { tenantId: string; roles: readonly Role[] }[]
}

export function createApiKey(_: unknown, { input }: { input: CreateApiKeyInput }, ctx: ServiceContext) {
  const grants = input.grants.map(({ tenantId, roles }, index) => {
    const id = readId('Tenant', tenantId, ['input', 'grants', String(index), 'tenantId'])
    if (!id) throw new NotFoundError('There is no such tenant, or you have no access to it.')
    return { tenantId: id.id, roles: [...roles] }
  })
  return create(ctx, { name: input.name, expiresAt: input.expiresAt, grants })
}

export async function revokeApiKey(_: unknown, { input }: { input: { apiKeyId: string } }, ctx: ServiceContext) {
  const id = readId('ApiKey', input.apiKeyId, ['input', 'apiKeyId'])
  if (!id) throw new NotFoundError('There is no such API key, or you may not know of it.')
  return { apiKey: await revoke(ctx, id.id) }
}

/** Only of tenants that the viewer sees, though a key may reach more. */
export async function grantsOfKey({ grants }: ApiKey, _: unknown, ctx: ServiceContext): Promise<Grant[]> {
  const tenants = await visibleTenants(ctx)
  return grants.flatMap(({ tenantId, roles }) => {
    const tenant = tenants.find(({ id }) => id === tenantId)
    return tenant ? [{ tenant, roles: knownRoles(roles) }] : []
  })
}

export async function apiKeysOfTenant({ id }: KnownTenant, args: PageArgs, ctx: ServiceContext) {
  const page = readPage(args, 'apiKeys', guidKey)
  const found = await apiKeyPage(ctx, id, page)
  return found && connectionOf('apiKeys', found.keys, (key) => key.id, { ...found, after: page.after })
}
