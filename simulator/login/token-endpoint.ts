import type { SimulatorEngine } from '../engine.ts'
import { servicePrincipalOf } from '../grants.ts'
import type { Application, Tenant } from '../world.ts'
import { authenticateClient } from './client-credentials.ts'
import { assertEnoughFactors, assertTokenAllowed } from './conditional-access.ts'
import { applicationOf, clientIn, directoryOf, identityOf, resourceIn } from './directory.ts'
import { LoginError, missingParameter, noConsent, tenantNotFound } from './errors.ts'
import {
  applicationAccessToken,
  grantedScopes,
  type IssueContext,
  idToken,
  lifetimeSeconds,
  userAccessToken,
} from './issue.ts'
import { onBehalfOf, onBehalfOfGrant } from './on-behalf-of.ts'
import { parseScopes, type ScopeRequest } from './scopes.ts'
import { assertStillSignedIn, type Grant, type Sessions } from './sessions.ts'

export interface TokenCall {
  engine: SimulatorEngine
  sessions: Sessions
  /** Origin of the request. */
  origin: string
  /** The first part of the path. */
  directory: string
  form: URLSearchParams
  /** From `Authorization: Basic`. */
  basic: { clientId: string; secret: string } | null
}

/** The successful answer of the token endpoint. Throws `LoginError`. */
export function answerTokenRequest(call: TokenCall): object {
  const { engine, form, basic, directory } = call
  const grantType = required(form, 'grant_type')
  const tenant = directoryOf(engine.world, directory)
  const clientId = form.get('client_id') ?? basic?.clientId
  if (!clientId) throw missingParameter('client_id')
  const application = applicationOf(engine.world, clientId, directory)
  const names = [directory, ...(tenant === 'any' ? [] : [tenant.id])]
  const tokenUrls = names.map((name) => `${call.origin}/${name}/oauth2/v2.0/token`)
  authenticateClient(application, form, basic?.secret ?? null, tokenUrls, engine.now())

  switch (grantType) {
    case 'client_credentials':
      if (tenant === 'any') {
        throw new LoginError(
          9001023,
          'invalid_request',
          "The grant type 'client_credentials' is not supported over the /common or /organizations endpoints. Please use a tenant-specific endpoint.",
        )
      }
      return clientCredentials(call, tenant, application)
    case 'authorization_code': {
      const grant = call.sessions.redeem(
        required(form, 'code'),
        {
          clientId: application.appId,
          redirectUri: required(form, 'redirect_uri'),
          codeVerifier: form.get('code_verifier') ?? '',
        },
        engine.now().getTime(),
      )
      assertTokenAllowed(engine.world)
      return delegated(call, tenant === 'any' ? null : tenant, application, grant)
    }
    case 'refresh_token': {
      const grant = call.sessions.refresh(required(form, 'refresh_token'), application.appId)
      assertEnoughFactors(engine.world, grant)
      return delegated(call, tenant === 'any' ? null : tenant, application, { ...grant, nonce: null })
    }
    case onBehalfOf: {
      const grant = onBehalfOfGrant(engine, application, form)
      return delegated(call, tenant === 'any' ? null : tenant, application, grant)
    }
    default:
      throw new LoginError(
        70003,
        'unsupported_grant_type',
        `The app requested an unsupported grant type '${grantType}'.`,
      )
  }
}

function clientCredentials(call: TokenCall, tenant: Tenant, application: Application): object {
  const { engine, origin } = call
  const scopes = parseScopes(engine.world, required(call.form, 'scope'))
  if (!scopes.isDefault || scopes.permissions.length > 0 || scopes.openId.length > 0) {
    throw new LoginError(
      1002012,
      'invalid_scope',
      `The provided value for scope ${call.form.get('scope')} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
    )
  }
  if (application.multiTenant && !servicePrincipalOf(tenant, application.appId)) {
    throw new LoginError(
      7000229,
      'unauthorized_client',
      `The client application ${application.appId} is missing service principal in the tenant ${tenant.id}. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119`,
    )
  }
  const client = clientIn(tenant, application)
  const context = contextOf(engine, origin, tenant, application, scopes)
  return {
    token_type: 'Bearer',
    expires_in: lifetimeSeconds,
    ext_expires_in: lifetimeSeconds,
    access_token: applicationAccessToken(context, client),
  }
}

function delegated(call: TokenCall, asked: Tenant | null, application: Application, grant: Grant): object {
  const { engine, origin, sessions } = call
  if (asked && asked.id !== grant.tenantId) throw tenantNotFound(call.directory)
  const tenant = engine.tenant(grant.tenantId)
  if (!tenant) throw tenantNotFound(grant.tenantId)
  const identity = identityOf(engine.world, tenant, grant.userId)
  assertStillSignedIn(identity, grant)
  clientIn(tenant, application)

  const scope = call.form.get('scope') || grant.scope
  const scopes = parseScopes(engine.world, scope)
  const context = contextOf(engine, origin, tenant, application, scopes)
  const granted = grantedScopes(context, identity)
  assertConsent(application, scopes, granted)

  const clientInfo = { uid: identity.user.id, utid: identity.homeTenant.id }
  return {
    token_type: 'Bearer',
    scope: [...granted.map((name) => `${scopes.resourceName}/${name}`), ...openIdOf(grant)].join(' '),
    expires_in: lifetimeSeconds,
    ext_expires_in: lifetimeSeconds,
    access_token: userAccessToken(context, identity, granted, grant.hasMfa),
    ...(parseScopes(engine.world, grant.scope).openId.includes('offline_access')
      ? { refresh_token: sessions.addRefreshToken(grant) }
      : {}),
    ...(openIdOf(grant).includes('openid') ? { id_token: idToken(context, identity, grant.nonce) } : {}),
    client_info: Buffer.from(JSON.stringify(clientInfo)).toString('base64url'),
  }
}

const openIdOf = ({ scope }: Grant): string[] =>
  ['openid', 'profile', 'email'].filter((name) => scope.split(/\s+/).includes(name))

/** Throws AADSTS65001 when a permission that was asked for is not granted, or with `.default` none is. */
export function assertConsent(application: Application, scopes: ScopeRequest, granted: readonly string[]): void {
  const missing = scopes.permissions.filter((permission) => !granted.includes(permission))
  const hasNone = scopes.isDefault && granted.length === 0
  const isOwnApi = scopes.resource?.kind === 'api'
  if (!isOwnApi && (missing.length > 0 || hasNone)) throw noConsent(application.appId, application.displayName)
}

function contextOf(
  engine: SimulatorEngine,
  origin: string,
  tenant: Tenant,
  application: Application,
  { resource, resourceName }: ScopeRequest,
): IssueContext {
  const resourcePrincipal = resourceIn(tenant, resource, resourceName)
  if (!resource) throw tenantNotFound(resourceName)
  return { engine, origin, tenant, resource, resourcePrincipal, clientId: application.appId }
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name)
  if (!value) throw missingParameter(name)
  return value
}
