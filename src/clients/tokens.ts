/** App-only access tokens, one credential per tenant. */
import type { ClientSecretCredential, TokenCredential } from '@azure/identity'
import { type Bounds, within } from './bounds.ts'
import { UpstreamError, type UpstreamErrorKind } from './errors.ts'
import type { ClientLog } from './types.ts'

/** How our application proves who it is. A certificate is a PEM file with its private key. */
export type AppCredential =
  | { secret: string }
  | { certificatePath: string }
  | { workloadIdentity: true; tokenFilePath?: string }

export interface TokensOptions {
  clientId: string
  credential: AppCredential
  entraUrl: string
  log?: ClientLog | undefined
  now(): number
}

export interface Tokens {
  /** Requests of one tenant and scope under way at the same time are one. Throws `UpstreamError` of service `login`. */
  get(tenantId: string, scope: string, bounds: Bounds): Promise<string>
  /** Forgets the tenant's tokens, unless `token` was replaced meanwhile. */
  drop(tenantId: string, scope: string, token: string): void
  /** Forgets all tokens of a tenant: the next request asks Entra. */
  forget(tenantId: string): void
}

/** Large, and not needed for the first answer of a process. */
const library = () => import('@azure/identity')
type Library = Awaited<ReturnType<typeof library>>

// A token is replaced before it ends, so that none expires on its way.
const renewBeforeMs = 2 * 60_000

/** Failures are never remembered: consent given now must work now. */
export function createTokens(options: TokensOptions): Tokens {
  const credentials = new Map<string, ObservedCredential>()
  const tokens = new Map<string, { token: string; renewAt: number }>()
  const underWay = new Map<string, Promise<string>>()

  async function request(tenantId: string, scope: string, key: string): Promise<string> {
    const credential = credentials.get(tenantId) ?? createCredential(await library(), options, tenantId)
    credentials.set(tenantId, credential)
    credential.seen.length = 0
    try {
      const { token, expiresOnTimestamp } = await credential.getToken(scope)
      tokens.set(key, { token, renewAt: expiresOnTimestamp - renewBeforeMs })
      return token
    } catch (error) {
      // The library remembers a failed look-up of the tenant's endpoints: the next request starts anew.
      credentials.delete(tenantId)
      const failure = tokenFailure(error, credential.seen)
      options.log?.warn({ tenantId, kind: failure.kind, code: failure.upstreamCode }, 'a tenant gives no token')
      throw failure
    }
  }

  function forget(tenantId: string): void {
    // The library keeps the token in its own memory, too.
    credentials.delete(tenantId)
    for (const key of tokens.keys()) if (key.startsWith(`${tenantId} `)) tokens.delete(key)
  }

  return {
    async get(tenantId, scope, bounds) {
      const key = `${tenantId} ${scope}`
      const known = tokens.get(key)
      if (known && options.now() < known.renewAt) return known.token
      let pending = underWay.get(key)
      if (!pending) {
        pending = request(tenantId, scope, key).finally(() => underWay.delete(key))
        underWay.set(key, pending)
      }
      return within(pending, bounds, 'login')
    },
    drop(tenantId, scope, token) {
      if (tokens.get(`${tenantId} ${scope}`)?.token === token) forget(tenantId)
    },
    forget,
  }
}

interface Seen {
  status: number
  text: string
}

interface ObservedCredential {
  getToken(scope: string): Promise<{ token: string; expiresOnTimestamp: number }>
  /** Failed answers of Entra to the last request: the library's own errors do not tell a missing tenant from a dead network. */
  seen: Seen[]
}

function createCredential(azure: Library, options: TokensOptions, tenantId: string): ObservedCredential {
  const seen: Seen[] = []
  const shared = {
    authorityHost: options.entraUrl,
    disableInstanceDiscovery: true,
    retryOptions: { maxRetries: 2, retryDelayInMs: 250, maxRetryDelayInMs: 2_000 },
    additionalPolicies: [
      {
        position: 'perRetry' as const,
        policy: {
          name: 'observeFailures',
          async sendRequest(...[request, next]: PolicyArguments) {
            const response = await next(request)
            if (response.status >= 400) seen.push({ status: response.status, text: response.bodyAsText ?? '' })
            return response
          },
        },
      },
    ],
  }
  const credential = azureCredential(azure, options, tenantId, shared)
  return {
    seen,
    async getToken(scope) {
      const token = await credential.getToken(scope)
      if (!token) throw new Error('no token')
      return token
    },
  }
}

type SharedOptions = NonNullable<ConstructorParameters<typeof ClientSecretCredential>[3]>
type Policy = NonNullable<SharedOptions['additionalPolicies']>[number]['policy']
type PolicyArguments = Parameters<Policy['sendRequest']>

function azureCredential(
  { ClientCertificateCredential, ClientSecretCredential, WorkloadIdentityCredential }: Library,
  { clientId, credential }: TokensOptions,
  tenantId: string,
  shared: SharedOptions,
): TokenCredential {
  if ('secret' in credential) return new ClientSecretCredential(tenantId, clientId, credential.secret, shared)
  if ('certificatePath' in credential) {
    return new ClientCertificateCredential(tenantId, clientId, { certificatePath: credential.certificatePath }, shared)
  }
  const { tokenFilePath } = credential
  return new WorkloadIdentityCredential({ ...shared, tenantId, clientId, ...(tokenFilePath && { tokenFilePath }) })
}

const kindOfAadsts: Readonly<Record<string, UpstreamErrorKind>> = {
  '65001': 'NOT_CONSENTED',
  '700016': 'NOT_CONSENTED',
  '7000229': 'NOT_CONSENTED',
  '90002': 'NOT_CONSENTED',
  '900023': 'NOT_CONSENTED',
  '7000112': 'APP_DISABLED',
  '7000215': 'CREDENTIAL_INVALID',
  '7000218': 'CREDENTIAL_INVALID',
  '7000222': 'CREDENTIAL_INVALID',
  '700024': 'CREDENTIAL_INVALID',
  '700027': 'CREDENTIAL_INVALID',
  '500011': 'FORBIDDEN',
  '650052': 'FORBIDDEN',
}

const sentences: Partial<Record<UpstreamErrorKind, string>> = {
  NOT_CONSENTED: 'The application is not consented in the tenant',
  APP_DISABLED: 'The application is disabled in the tenant',
  CREDENTIAL_INVALID: "The application's own credential is not accepted",
}

function tokenFailure(error: unknown, seen: readonly Seen[]): UpstreamError {
  if (error instanceof UpstreamError) return error
  const last = seen.at(-1)
  const number = /AADSTS(\d+)/.exec(last?.text ?? '')?.[1] ?? /AADSTS(\d+)/.exec(String(error))?.[1] ?? null
  const kind = kindOfTokenFailure(error, last, number)
  return new UpstreamError(
    `${sentences[kind] ?? 'Microsoft Entra gave no token'}${number ? ` (AADSTS${number})` : ''}`,
    {
      service: 'login',
      kind,
      status: last?.status ?? null,
      upstreamCode: number ? `AADSTS${number}` : null,
      requestId: /"trace_id"\s*:\s*"([^"]+)"/.exec(last?.text ?? '')?.[1] ?? null,
      retryAfterMs: null,
      mayHaveActed: false,
      cause: error,
    },
  )
}

function kindOfTokenFailure(error: unknown, last: Seen | undefined, number: string | null): UpstreamErrorKind {
  const known = number === null ? undefined : kindOfAadsts[number]
  if (known) return known
  if (last) {
    if (last.status >= 500) return 'UNAVAILABLE'
    if (last.status === 429) return 'THROTTLED'
    return last.status === 401 ? 'CREDENTIAL_INVALID' : 'BAD_REQUEST'
  }
  // Without an answer it is either the network or a credential that cannot be read from its file.
  return isUnreadableFile(error) ? 'CREDENTIAL_INVALID' : 'CONNECTION'
}

function isUnreadableFile(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  const unreadable = code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR' || code.startsWith('ERR_OSSL')
  return unreadable || /PEM|certificate content|WorkloadIdentityCredential:/i.test(String(error))
}
