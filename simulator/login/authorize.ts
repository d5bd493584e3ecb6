/** What an authorization request asks for, and where its answer goes. */
import type { SimulatorEngine } from '../engine.ts'
import { microsoftResources } from '../microsoft-resources.ts'
import type { Application } from '../world.ts'
import { assertSignInAllowed, decodedClaims } from './conditional-access.ts'
import { applicationOf, clientIn, type Directory, directoryOf, type Identity, resourceIn } from './directory.ts'
import { accountDisabled, LoginError, missingParameter, noConsent, partnerNotAuthorised } from './errors.ts'
import { grantedScopes } from './issue.ts'
import { parseScopes } from './scopes.ts'
import type { Sessions } from './sessions.ts'
import { assertConsent } from './token-endpoint.ts'

export interface Authorization {
  directory: Directory
  application: Application
  redirectUri: string
  state: string | null
}

/** The client and a redirect URI of its own. Throws `LoginError`: then nobody may be sent anywhere, a page tells it. */
export function authorizationOf(engine: SimulatorEngine, directoryName: string, query: URLSearchParams): Authorization {
  const directory = directoryOf(engine.world, directoryName)
  const clientId = query.get('client_id')
  if (!clientId) throw missingParameter('client_id')
  const application = applicationOf(engine.world, clientId, directoryName)
  const redirectUri = query.get('redirect_uri')
  if (!redirectUri) throw missingParameter('redirect_uri')
  if (!application.redirectUris.some((registered) => isSameRedirect(registered, redirectUri))) {
    throw new LoginError(
      50011,
      'invalid_request',
      `The redirect URI '${redirectUri}' specified in the request does not match the redirect URIs configured for the application '${application.appId}'.`,
    )
  }
  return { directory, application, redirectUri, state: query.get('state') }
}

/** Exact, but the port of a loopback address does not matter, as in Entra. */
function isSameRedirect(registered: string, asked: string): boolean {
  if (registered === asked) return true
  if (!URL.canParse(registered) || !URL.canParse(asked)) return false
  const [one, other] = [new URL(registered), new URL(asked)]
  const isLoopback = one.protocol === 'http:' && (one.hostname === 'localhost' || one.hostname === '127.0.0.1')
  if (!isLoopback) return false
  one.port = ''
  other.port = ''
  return one.href === other.href
}

/** Nobody stays signed in here: with each of them the person chooses an account. */
const prompts = ['login', 'select_account', 'consent', 'none']

/** Throws `LoginError` for what the client did wrong: it is told by redirect. */
export function checkRequest({ application, directory }: Authorization, query: URLSearchParams): void {
  if (query.get('response_type') !== 'code') {
    throw new LoginError(
      700054,
      'unsupported_response_type',
      `response_type '${query.get('response_type') ?? ''}' is not enabled for the application.`,
    )
  }
  const responseMode = query.get('response_mode') ?? 'query'
  if (responseMode !== 'query') {
    throw new LoginError(
      90014,
      'invalid_request',
      `The simulator knows response_mode 'query' only, not '${responseMode}'.`,
    )
  }
  if (!query.get('scope')) throw missingParameter('scope')
  if (!query.get('code_challenge')) {
    throw new LoginError(50147, 'invalid_request', 'Missing code_challenge: the simulator wants PKCE of every client.')
  }
  if (query.get('code_challenge_method') !== 'S256') {
    throw new LoginError(
      50147,
      'invalid_request',
      'The size of the code_challenge is not valid, or its method is not S256.',
    )
  }
  if (directory === 'any' && !application.multiTenant) {
    throw new LoginError(
      50194,
      'unauthorized_client',
      `Application '${application.appId}' is not configured as a multi-tenant application. Usage of the /common endpoint is not supported.`,
    )
  }
  const prompt = query.get('prompt')
  if (prompt !== null && !prompts.includes(prompt)) {
    throw new LoginError(90023, 'invalid_request', `Unsupported 'prompt' value '${prompt}'.`)
  }
  const claims = query.get('claims')
  if (claims !== null && decodedClaims(claims) === null) {
    throw new LoginError(90023, 'invalid_request', "The 'claims' parameter is not valid JSON.")
  }
  if (prompt === 'none') {
    throw new LoginError(50058, 'login_required', 'A silent sign-in request was sent but no user is signed in.')
  }
}

/** A person was chosen: the code to send to the client. Throws `LoginError`. */
export function signIn(
  engine: SimulatorEngine,
  sessions: Sessions,
  { application, redirectUri }: Authorization,
  query: URLSearchParams,
  identity: Identity,
): string {
  const { tenant, user, isPartner } = identity
  if (!user.accountEnabled) throw accountDisabled()
  assertSignInAllowed(engine.world)
  const scope = query.get('scope') ?? ''
  const scopes = parseScopes(engine.world, scope)
  const resourcePrincipal = resourceIn(tenant, scopes.resource, scopes.resourceName)
  const resource = scopes.resource
  const isPresent = tenant.servicePrincipals.some(({ appId }) => appId === application.appId)
  if (isPartner && !isPresent) throw partnerNotAuthorised(application.appId, tenant.displayName)
  if (!isPresent || !resource) {
    throw noConsent(application.appId, application.displayName)
  }
  clientIn(tenant, application)
  const context = { engine, origin: '', tenant, resource, resourcePrincipal, clientId: application.appId }
  assertConsent(application, scopes, grantedScopes(context, identity))
  return sessions.addCode({
    clientId: application.appId,
    redirectUri,
    tenantId: tenant.id,
    userId: user.id,
    scope,
    nonce: query.get('nonce'),
    codeChallenge: query.get('code_challenge') ?? '',
    signedInAt: engine.now().getTime(),
    // Claims are asked for to have a factor more; the person of this page always has it.
    hasMfa: query.get('claims') !== null,
  })
}

/** The redirect back to the client; empty values are left out. */
export function redirectTo({ redirectUri, state }: Authorization, values: Record<string, string | null>): string {
  const url = new URL(redirectUri)
  for (const [name, value] of Object.entries({ ...values, state })) {
    if (value !== null) url.searchParams.set(name, value)
  }
  return url.href
}

/** The permissions that an application asks for, for the consent page. */
export function askedPermissions(application: Application): { resource: string; kind: string; names: string[] }[] {
  return application.requiredResourceAccess.flatMap(({ resourceAppId, application: roles, delegated }) => {
    const resource = microsoftResources.find(({ appId }) => appId === resourceAppId)?.displayName ?? resourceAppId
    return [
      { resource, kind: 'Application', names: roles },
      { resource, kind: 'Delegated', names: delegated },
    ].filter(({ names }) => names.length > 0)
  })
}
