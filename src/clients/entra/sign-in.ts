/** People who sign in for us: authorization code with PKCE, on-behalf-of, and the page of admin consent. */
import type { AuthenticationResult } from '@azure/msal-node'
import type { AppCredential } from '../tokens.ts'
import { msalCredential } from './msal-credential.ts'
import { aadstsIn, SignInError } from './sign-in-error.ts'

/** What is asked for: who somebody is, or besides all that the tenant consented to in Graph. */
export type SignInAccess = 'IDENTITY' | 'GRAPH'

export interface AuthorizeRequest {
  /** The tenant in which the person signs in. */
  tenantId: string
  redirectUri: string
  state: string
  nonce: string
  /** SHA-256 of the verifier, base64url. */
  codeChallenge: string
  access: SignInAccess
  /** Whether a person who is signed in already may choose another account. */
  chooseAccount: boolean
}

export interface RedeemRequest {
  tenantId: string
  redirectUri: string
  code: string
  nonce: string
  codeVerifier: string
  access: SignInAccess
}

/** Who signed in. Ids in lower case. */
export interface SignedIn {
  /** The tenant that issued the tokens. */
  tenantId: string
  /** The account's object id in that tenant; of a partner's technician there is no such user. */
  objectId: string
  /** Where the account lives, and its object id there. */
  homeTenantId: string
  homeObjectId: string
  displayName: string
  userPrincipalName: string
  /** Delegated permissions of the token, without their resource. */
  scopes: string[]
  /** For Graph. Never logged, never printed. */
  accessToken: string
  expiresAt: Date
}

export interface EntraSignIn {
  /** Entra's page, to which the browser goes. Throws `SignInError`. */
  authorizeUrl(request: AuthorizeRequest): Promise<string>
  /** Turns the code of the callback into a sign-in; checks nonce and PKCE. Nothing of it is kept here. Throws `SignInError`. */
  redeem(request: RedeemRequest): Promise<SignedIn>
  /** The same for a frontend's own token, whose audience is our API. Throws `SignInError`. */
  onBehalfOf(request: { tenantId: string; assertion: string }): Promise<SignedIn>
  /** Entra's page on which an administrator grants all that our application is registered for. */
  adminConsentUrl(request: { tenantId: string; redirectUri: string; state: string }): string
}

export interface EntraSignInOptions {
  clientId: string
  credential: AppCredential
  /** Origin of the login host. */
  entraUrl: string
  /** E.g. `https://graph.microsoft.com/.default`. */
  graphScope: string
}

const answerMsMax = 15_000

/** Large, and not needed for the first answer of a process. */
const library = () => import('@azure/msal-node')

export function createEntraSignIn(options: EntraSignInOptions): EntraSignIn {
  const { clientId, entraUrl, graphScope } = options
  const { origin, host } = new URL(entraUrl)
  const scopesOf = (access: SignInAccess) => (access === 'GRAPH' ? [graphScope] : ['openid', 'profile'])

  /** One for each call: the library's cache, in which it would keep a refresh token, ends with it. */
  const client = async (tenantId: string) => {
    const { ConfidentialClientApplication } = await library()
    return new ConfidentialClientApplication({
      auth: {
        clientId,
        authority: `${origin}/${tenantId}`,
        // With its port: the host alone does not count as known.
        knownAuthorities: [host],
        ...(await msalCredential(options.credential)),
      },
    })
  }

  return {
    authorizeUrl: ({ tenantId, redirectUri, state, nonce, codeChallenge, access, chooseAccount }) =>
      asking(async () =>
        (await client(tenantId)).getAuthCodeUrl({
          scopes: scopesOf(access),
          redirectUri,
          state,
          nonce,
          codeChallenge,
          codeChallengeMethod: 'S256',
          responseMode: 'query',
          ...(chooseAccount ? { prompt: 'select_account' } : {}),
        }),
      ),
    redeem: ({ tenantId, redirectUri, code, nonce, codeVerifier, access }) =>
      asking(async () => {
        const application = await client(tenantId)
        // Without the nonce in the request the library refuses every id token that has one.
        return signedIn(
          await application.acquireTokenByCode({ scopes: scopesOf(access), redirectUri, code, codeVerifier, nonce }),
        )
      }),
    onBehalfOf: ({ tenantId, assertion }) =>
      asking(async () => {
        const application = await client(tenantId)
        const result = await application.acquireTokenOnBehalfOf({
          scopes: [graphScope],
          oboAssertion: assertion,
          skipCache: true,
        })
        if (!result) throw new SignInError({ error: 'no_token', aadsts: null })
        return signedIn(result)
      }),
    adminConsentUrl({ tenantId, redirectUri, state }) {
      const url = new URL(`/${tenantId}/v2.0/adminconsent`, origin)
      url.searchParams.set('client_id', clientId)
      url.searchParams.set('scope', graphScope)
      url.searchParams.set('redirect_uri', redirectUri)
      url.searchParams.set('state', state)
      return url.href
    },
  }
}

const guid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/

function signedIn(result: AuthenticationResult): SignedIn {
  const claims = result.idTokenClaims as Record<string, unknown>
  const text = (name: string) => (typeof claims[name] === 'string' ? String(claims[name]) : '')
  const [homeObjectId = '', homeTenantId = ''] = (result.account?.homeAccountId ?? '').toLowerCase().split('.')
  const tenantId = text('tid').toLowerCase()
  const objectId = text('oid').toLowerCase()
  const isComplete = [tenantId, objectId, homeObjectId, homeTenantId].every((id) => guid.test(id))
  if (!isComplete || !result.expiresOn) throw new SignInError({ error: 'incomplete_answer', aadsts: null })
  const userPrincipalName = text('preferred_username') || text('upn')
  return {
    tenantId,
    objectId,
    homeTenantId,
    homeObjectId,
    displayName: text('name') || userPrincipalName || objectId,
    userPrincipalName,
    scopes: result.scopes.map((scope) => scope.slice(scope.lastIndexOf('/') + 1)),
    accessToken: result.accessToken,
    expiresAt: result.expiresOn,
  }
}

/** The library's errors hold Entra's text: only its words and numbers go on. */
async function asking<T>(work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SignInError({ error: null, aadsts: null, unavailable: true })), answerMsMax)
  })
  try {
    return await Promise.race([work(), late])
  } catch (error) {
    if (error instanceof SignInError) throw error
    const { AuthError } = await library()
    if (!(error instanceof AuthError)) throw new SignInError({ error: null, aadsts: null, unavailable: true })
    const aadsts = aadstsIn(error.errorMessage) ?? aadstsIn(error.message)
    throw new SignInError({ error: error.errorCode, aadsts, unavailable: aadsts === null && isOutage(error.errorCode) })
  } finally {
    clearTimeout(timer)
  }
}

const isOutage = (code: string): boolean =>
  [
    'network_error',
    'endpoints_resolution_error',
    'openid_config_error',
    'server_error',
    'temporarily_unavailable',
    'request_cannot_be_made',
    'no_network_connectivity',
  ].includes(code)
