/** Access and id tokens: version 1 for Microsoft's APIs, version 2 for an application's own API. */
import { createHash, randomUUID } from 'node:crypto'
import type { SimulatorEngine } from '../engine.ts'
import { servicePrincipalOf } from '../grants.ts'
import { type Claims, signToken } from '../tokens.ts'
import type { ServicePrincipal, Tenant } from '../world.ts'
import {
  applicationOf,
  clientIn,
  directoryOf,
  type Identity,
  identityOf,
  type Resource,
  resourceIn,
  resourceNamed,
  rolesOf,
  widsOf,
} from './directory.ts'
import { tenantNotFound } from './errors.ts'

export const lifetimeSeconds = 3599

/** What `POST /control/token` takes: a token without the pages, for personas and tests. */
export interface TokenRequest {
  /** Tenant that issues the token: for a partner's technician the customer's. */
  tenantId: string
  /** A person's token, or with `appId` alone an application's own. */
  userId?: string | undefined
  /** The calling application; for people by default the API itself. */
  appId?: string | undefined
  /** URL, `api://…` or app id; default: the world's first API. */
  audience?: string | undefined
  /** Default 3599; a negative number makes an expired token. */
  expiresInSeconds?: number | undefined
}

export interface IssueContext {
  engine: SimulatorEngine
  /** The issuer's origin: that of the request. */
  origin: string
  tenant: Tenant
  resource: Resource
  /** The resource's service principal in the tenant. */
  resourcePrincipal: ServicePrincipal
  clientId: string
  lifetimeSeconds?: number
}

/** Throws `LoginError`. */
export function issueToken(
  engine: SimulatorEngine,
  origin: string,
  request: TokenRequest,
): { access_token: string; expires_in: number } {
  const { world } = engine
  const tenant = directoryOf(world, request.tenantId)
  if (tenant === 'any') throw tenantNotFound(request.tenantId)
  const name = request.audience ?? world.applications.find(({ api }) => api)?.appId ?? ''
  const resource = resourceNamed(world, name)
  const resourcePrincipal = resourceIn(tenant, resource, name)
  if (!resource) throw tenantNotFound(name)
  const expiresIn = request.expiresInSeconds ?? lifetimeSeconds
  // People use Microsoft's APIs through an application of the world, its own API through itself.
  const defaultClient =
    resource.kind === 'api' ? resource.appId : (world.applications.find(({ api }) => api)?.appId ?? '')
  const clientId = request.appId ?? defaultClient
  const context = { engine, origin, tenant, resource, resourcePrincipal, clientId, lifetimeSeconds: expiresIn }
  if (request.userId) {
    const identity = identityOf(world, tenant, request.userId)
    return { access_token: userAccessToken(context, identity, grantedScopes(context, identity)), expires_in: expiresIn }
  }
  const client = clientIn(tenant, applicationOf(world, clientId, tenant.displayName))
  return { access_token: applicationAccessToken(context, client), expires_in: expiresIn }
}

export function applicationAccessToken(context: IssueContext, client: ServicePrincipal): string {
  const roles = appRolesOf(context, [client.id])
  const wids = rolesOf(context.tenant, client.id)
  return sign(context, {
    ...audienceClaims(context),
    idtyp: 'app',
    oid: client.id,
    sub: client.id,
    // A token is issued when nothing is granted, too; then it has no roles.
    ...(roles.length > 0 ? { roles } : {}),
    ...(wids.length > 0 ? { wids } : {}),
  })
}

export function userAccessToken(
  context: IssueContext,
  identity: Identity,
  scopes: readonly string[],
  hasMfa = false,
): string {
  const { user, tenant, homeTenant, isPartner } = identity
  const groups = tenant.groups.filter(({ members }) => members.includes(user.id)).map(({ id }) => id)
  const roles = context.resource.kind === 'api' ? appRolesOf(context, [user.id, ...groups]) : []
  const names =
    context.resource.kind === 'api'
      ? { preferred_username: user.userPrincipalName }
      : { upn: user.userPrincipalName, unique_name: user.userPrincipalName }
  return sign(context, {
    ...audienceClaims(context),
    oid: user.id,
    sub: pairwiseSubject(user.id, context.clientId),
    name: user.displayName,
    amr: hasMfa ? ['pwd', 'mfa'] : ['pwd'],
    ...(isPartner ? { idp: `https://sts.windows.net/${homeTenant.id}/` } : {}),
    ...names,
    scp: scopes.join(' '),
    wids: widsOf(identity),
    ...(roles.length > 0 ? { roles } : {}),
  })
}

export function idToken(context: IssueContext, identity: Identity, nonce: string | null): string {
  const { user } = identity
  return sign(context, {
    aud: context.clientId,
    iss: issuer(context.origin, identity.tenant.id),
    name: user.displayName,
    preferred_username: user.userPrincipalName,
    oid: user.id,
    sub: pairwiseSubject(user.id, context.clientId),
    wids: widsOf(identity),
    ...(nonce === null ? {} : { nonce }),
    ver: '2.0',
  })
}

export const issuer = (origin: string, tenantId: string): string => `${origin}/${tenantId}/v2.0`

/** Delegated permissions that the client has for this person: for everybody, and for this one. */
export function grantedScopes(context: IssueContext, { user }: Identity): string[] {
  const { tenant, resource, resourcePrincipal, clientId } = context
  if (resource.kind === 'api') return ['access_as_user']
  const client = servicePrincipalOf(tenant, clientId)
  const scopes = tenant.oauth2PermissionGrants
    .filter((grant) => grant.clientId === client?.id && grant.resourceId === resourcePrincipal.id)
    .filter((grant) => grant.consentType === 'AllPrincipals' || grant.principalId === user.id)
    .flatMap(({ scope }) => scope.split(' '))
  return [...new Set(scopes.filter(Boolean))]
}

function appRolesOf({ tenant, resourcePrincipal }: IssueContext, principalIds: readonly string[]): string[] {
  const values = tenant.appRoleAssignments
    .filter((one) => one.resourceId === resourcePrincipal.id && principalIds.includes(one.principalId))
    .map((one) => resourcePrincipal.appRoles.find(({ id, isEnabled }) => id === one.appRoleId && isEnabled)?.value)
    .filter((value) => value !== undefined)
  return [...new Set(values)]
}

function audienceClaims({ origin, tenant, resource, clientId }: IssueContext): Claims {
  return resource.kind === 'microsoft'
    ? {
        aud: resource.audience,
        iss: `https://sts.windows.net/${tenant.id}/`,
        idp: `https://sts.windows.net/${tenant.id}/`,
        appid: clientId,
        appidacr: '1',
        ver: '1.0',
      }
    : { aud: resource.appId, iss: issuer(origin, tenant.id), azp: clientId, azpacr: '1', ver: '2.0' }
}

function sign(context: IssueContext, claims: Claims): string {
  const seconds = Math.floor(context.engine.now().getTime() / 1000)
  const lifetime = context.lifetimeSeconds ?? lifetimeSeconds
  return signToken(context.engine.keys, {
    ...claims,
    tid: context.tenant.id,
    iat: seconds + Math.min(0, lifetime),
    nbf: seconds + Math.min(0, lifetime),
    exp: seconds + lifetime,
    uti: randomUUID().replaceAll('-', '').slice(0, 22),
  })
}

/** The same person has another `sub` in each application. */
const pairwiseSubject = (userId: string, clientId: string): string =>
  createHash('sha256').update(`${userId}.${clientId}`).digest('base64url')
