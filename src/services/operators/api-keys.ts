/** API keys for integrations: made once, stored as a hash, on record in every tenant that they reach. */
import { randomBytes } from 'node:crypto'
import type { Role, ServiceContext } from '../../context.ts'
import {
  type ApiKeyRow,
  apiKeyById,
  createApiKey as insertApiKey,
  revokeApiKey as markRevoked,
} from '../../db/api-keys.ts'
import { appendAudit } from '../../db/audit.ts'
import { grantAccess, listAccess } from '../../db/operators.ts'
import { type InputIssue, InvalidInputError, NotAllowedError, NotFoundError } from '../refusals.ts'
import { apiKeyPrefix, hashOfApiKey } from './authenticate.ts'

export interface ApiKey {
  id: string
  operatorId: string
  name: string
  lastFour: string
  createdAt: Date
  expiresAt: Date | null
  revokedAt: Date | null
  grants: { tenantId: string; roles: string[] }[]
}

export interface NewApiKey {
  name: string
  expiresAt: Date | null
  grants: { tenantId: string; roles: Role[] }[]
}

const nameLengthMax = 100

/**
 * The key itself is in this answer and nowhere else. Throws `InvalidInputError`, `NotFoundError` for a tenant that the
 * operator knows nothing of, `NotAllowedError` without `Administer` in one of the tenants.
 */
export async function createApiKey(ctx: ServiceContext, given: NewApiKey): Promise<{ apiKey: ApiKey; key: string }> {
  checkNewKey(ctx, given)
  const tenantIds = given.grants.map(({ tenantId }) => tenantId)
  mustAdminister(ctx, tenantIds)
  const key = `${apiKeyPrefix}${randomBytes(32).toString('base64url')}`
  const now = ctx.now()
  const row = await ctx.db.withTenants(tenantIds, async (tx) => {
    const made = await insertApiKey(tx, {
      name: given.name,
      hash: hashOfApiKey(key),
      lastFour: key.slice(-4),
      createdAt: now,
      expiresAt: given.expiresAt,
    })
    for (const { tenantId, roles } of given.grants) {
      await grantAccess(tx, {
        operatorId: made.operatorId,
        tenantId,
        roles,
        grantedBy: ctx.operator.displayName,
        grantedAt: now,
      })
    }
    await appendAudit(
      tx,
      given.grants.map((grant) => entryOf(ctx, 'api_key.created', grant.tenantId, made, grant.roles)),
    )
    return made
  })
  return { apiKey: { ...row, grants: given.grants }, key }
}

/**
 * Ends a key at once; one that is revoked already stays as it is. Throws `NotFoundError` when the operator administers none
 * of the tenants that the key reaches, `NotAllowedError` when only some.
 */
export async function revokeApiKey(ctx: ServiceContext, id: string): Promise<ApiKey> {
  const missing = () => new NotFoundError('There is no such API key, or you may not know of it.')
  const found = await ctx.db.plain(async (tx) => {
    const row = await apiKeyById(tx, id)
    return row && { row, grants: await listAccess(tx, { operatorId: row.operatorId }) }
  })
  if (!found) throw missing()
  const tenantIds = found.grants.map(({ tenantId }) => tenantId)
  if (!tenantIds.some((tenantId) => ctx.access.can(tenantId, 'Administer'))) throw missing()
  mustAdminister(ctx, tenantIds)
  const row = await ctx.db.withTenants(tenantIds, async (tx) => {
    const revoked = await markRevoked(tx, id, ctx.now())
    if (revoked)
      await appendAudit(
        tx,
        found.grants.map((grant) => entryOf(ctx, 'api_key.revoked', grant.tenantId, revoked, grant.roles)),
      )
    return revoked ?? apiKeyById(tx, id)
  })
  if (!row) throw missing()
  return { ...row, grants: found.grants }
}

function checkNewKey(ctx: ServiceContext, { name, expiresAt, grants }: NewApiKey): void {
  const issues: InputIssue[] = []
  const issue = (path: string[], message: string) => issues.push({ path: ['input', ...path], message })
  if (name.trim() === '' || name.length > nameLengthMax) issue(['name'], `A name has 1 to ${nameLengthMax} characters.`)
  if (expiresAt && expiresAt <= ctx.now()) issue(['expiresAt'], 'The expiry must lie in the future.')
  if (grants.length === 0) issue(['grants'], 'Name at least one tenant.')
  if (new Set(grants.map(({ tenantId }) => tenantId)).size < grants.length) issue(['grants'], 'Name each tenant once.')
  grants.forEach(({ roles }, index) => {
    if (roles.length === 0) issue(['grants', String(index), 'roles'], 'Name at least one role.')
  })
  if (issues.length > 0) throw new InvalidInputError(issues.map(({ message }) => message).join(' '), issues)
}

function mustAdminister(ctx: ServiceContext, tenantIds: readonly string[]): void {
  if (tenantIds.some((id) => !ctx.access.tenantIds.includes(id))) {
    throw new NotFoundError('There is no such tenant, or you have no access to it.')
  }
  if (tenantIds.some((id) => !ctx.access.can(id, 'Administer'))) {
    throw new NotAllowedError('This needs the role Administer in every tenant that the key reaches.')
  }
}

const entryOf = (ctx: ServiceContext, name: string, tenantId: string, key: ApiKeyRow, roles: readonly string[]) => ({
  tenantId,
  name,
  at: ctx.now(),
  operator: { id: ctx.operator.id, kind: ctx.operator.kind, displayName: ctx.operator.displayName },
  details: {
    apiKeyId: key.id,
    name: key.name,
    lastFour: key.lastFour,
    expiresAt: key.expiresAt?.toISOString() ?? null,
    roles,
  },
})
