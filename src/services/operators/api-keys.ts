/** API keys for integrations: made once, stored as a hash, on record in every tenant that they reach. */
import type { Role, ServiceContext } from '../../context.ts'
import {
  type ApiKeyRow,
  apiKeyById,
  apiKeyOfOperator,
  createApiKey as insertApiKey,
  revokeApiKey as markRevoked,
  pageOfApiKeys,
} from '../../db/api-keys.ts'
import { appendAudit } from '../../db/audit.ts'
import { grantAccess, grantsOfOperators, listAccess } from '../../db/operators.ts'
import { type InputIssue, InvalidInputError, NotAllowedError, NotFoundError } from '../refusals.ts'
import { keyLifetimeMsDefault, makeApiKey } from './api-key-form.ts'

export interface ApiKey extends ApiKeyRow {
  grants: { tenantId: string; roles: string[] }[]
}

export interface NewApiKey {
  name: string
  /** Null: it works until it is revoked. Undefined: for a year, and never longer than the key that makes it. */
  expiresAt: Date | null | undefined
  grants: { tenantId: string; roles: Role[] }[]
}

const nameLengthMax = 100

/**
 * The key itself is in this answer and nowhere else. Nobody gives away more than they hold: neither a role, nor, when a key
 * makes a key, time. Throws `InvalidInputError`, `NotFoundError` for a tenant that the operator knows nothing of,
 * `NotAllowedError` without `Administer` in one of the tenants, or without a role that the key is to hold there.
 */
export async function createApiKey(ctx: ServiceContext, given: NewApiKey): Promise<{ apiKey: ApiKey; key: string }> {
  checkNewKey(ctx, given)
  const tenantIds = given.grants.map(({ tenantId }) => tenantId)
  mustAdminister(ctx, tenantIds)
  mustHold(ctx, given.grants)
  const expiresAt = await expiryOf(ctx, given)
  const { key, ...kept } = makeApiKey()
  const now = ctx.now()
  const row = await ctx.db.withTenants(tenantIds, async (tx) => {
    const made = await insertApiKey(tx, { name: given.name, ...kept, createdAt: now, expiresAt })
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

/**
 * Keys that reach the tenant, newest first; null when the operator knows no such tenant. Throws `NotAllowedError` without
 * `Administer` there. Of other tenants that a key reaches, grants are named where the operator administers them, too.
 */
export async function apiKeyPage(
  ctx: ServiceContext,
  tenantId: string,
  page: { first: number; after: string | undefined },
): Promise<{ keys: ApiKey[]; hasNextPage: boolean } | null> {
  if (!ctx.access.tenantIds.includes(tenantId)) return null
  if (!ctx.access.can(tenantId, 'Administer')) {
    throw new NotAllowedError('The API keys of a tenant are shown to those who hold the role Administer in it.')
  }
  return ctx.db.plain(async (tx) => {
    const { keys, hasNextPage } = await pageOfApiKeys(tx, tenantId, page)
    const grants = await grantsOfOperators(
      tx,
      keys.map(({ operatorId }) => operatorId),
    )
    const administered = grants.filter((grant) => ctx.access.can(grant.tenantId, 'Administer'))
    const ofKey = (key: ApiKeyRow) => administered.filter(({ operatorId }) => operatorId === key.operatorId)
    return { keys: keys.map((key) => ({ ...key, grants: ofKey(key) })), hasNextPage }
  })
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

function mustHold({ access }: ServiceContext, grants: NewApiKey['grants']): void {
  const lacking = new Set(grants.flatMap(({ tenantId, roles }) => roles.filter((role) => !access.can(tenantId, role))))
  if (lacking.size > 0) {
    throw new NotAllowedError(
      `A key may hold what its maker holds in the same tenant, and you lack ${[...lacking].join(', ')}: leave it out, or ask somebody who holds it.`,
    )
  }
}

/** Throws `InvalidInputError` for a key that would outlive the key that makes it. */
async function expiryOf(ctx: ServiceContext, { expiresAt }: NewApiKey): Promise<Date | null> {
  const maker =
    ctx.operator.kind === 'API_KEY' ? await ctx.db.plain((tx) => apiKeyOfOperator(tx, ctx.operator.id)) : null
  const latest = maker?.expiresAt ?? null
  if (expiresAt === undefined) {
    const usual = new Date(ctx.now().getTime() + keyLifetimeMsDefault)
    return latest && latest < usual ? latest : usual
  }
  if (latest && (expiresAt === null || expiresAt > latest)) {
    const message = `A key does not outlive the key that makes it: the expiry is at most ${latest.toISOString()}.`
    throw new InvalidInputError(message, [{ path: ['input', 'expiresAt'], message }])
  }
  return expiresAt
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
