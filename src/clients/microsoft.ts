/** Microsoft 365 as the gateway uses it: app-only or with an administrator's token, one session per request, every tenant apart. */
import type { Bounds } from './bounds.ts'
import { type Circuit, createCircuit } from './circuit.ts'
import { type CloudName, clouds } from './clouds.ts'
import { createEntraSignIn } from './entra/sign-in.ts'
import type { UpstreamService } from './errors.ts'
import { createExchangeClient } from './exchange/client.ts'
import { refusedHere } from './failures.ts'
import { createGraphClient } from './graph/client.ts'
import { createGraphSdk } from './graph/sdk.ts'
import { createHttp } from './http.ts'
import { createManagementActivityClient } from './management-activity/client.ts'
import { createTenantShares } from './tenant-shares.ts'
import { type ClientTiming, clientTiming } from './timing.ts'
import { type AppCredential, createTokens } from './tokens.ts'
import type { ClientLog, Microsoft, SessionOptions, TenantClients } from './types.ts'

export interface MicrosoftOptions {
  clientId: string
  credential: AppCredential
  /** Origins, e.g. `https://login.microsoftonline.com`, `https://graph.microsoft.com`; `Cloud` has each cloud's own. */
  entraUrl: string
  graphUrl: string
  exchangeUrl: string
  managementUrl: string
  /** Whose quota calls of the Management Activity API count for: the tenant of whoever runs this service. */
  publisherTenantId?: string | null
  /** Decides the scopes of tokens; the default is `global`. */
  cloud?: CloudName
  /** Told when a service is not asked any more, and when a tenant gives no token. */
  log?: ClientLog
  now?(): Date
  timing?: ClientTiming
}

export function createMicrosoft(options: MicrosoftOptions): Microsoft {
  const now = options.now ?? (() => new Date())
  const nowMs = () => now().getTime()
  const { graphScope, exchangeScope, managementScope } = clouds[options.cloud ?? 'global']
  const timing = options.timing ?? clientTiming
  const http = createHttp(timing)
  const sdk = createGraphSdk(options.graphUrl, http)
  const { clientId, credential, entraUrl, log } = options
  const tokens = createTokens({ clientId, credential, entraUrl, log, now: nowMs })
  const circuits = new Map<string, Circuit>()
  const shares = createTenantShares(nowMs)

  function circuitOf(service: UpstreamService, tenantId: string): Circuit {
    const key = `${service} ${tenantId}`
    const circuit =
      circuits.get(key) ??
      createCircuit(service, nowMs, () =>
        log?.warn({ service, tenantId }, 'a service that does not answer is not asked for now'),
      )
    circuits.set(key, circuit)
    return circuit
  }

  function createClients(tenantId: string, bounds: Bounds, delegated: SessionOptions['delegated']): TenantClients {
    const tokenFor = (scope: string) => ({
      get: () => tokens.get(tenantId, scope, bounds),
      drop: (token: string) => tokens.drop(tenantId, scope, token),
    })
    // A person's token is all that this session has: what it refuses is not tried with our own.
    const ofPerson =
      delegated?.tenantId.toLowerCase() === tenantId
        ? { get: async () => delegated.accessToken, drop: () => {}, isOnly: true }
        : null
    const changed = () => shares.forget(tenantId)
    const graph = createGraphClient({
      sdk,
      graphUrl: options.graphUrl,
      bounds,
      changed,
      circuit: circuitOf('graph', tenantId),
      token: ofPerson ?? tokenFor(graphScope),
    })
    const exchange = createExchangeClient({
      http,
      exchangeUrl: options.exchangeUrl,
      tenantId,
      bounds,
      changed,
      circuit: circuitOf('exchange', tenantId),
      token: tokenFor(exchangeScope),
    })
    const managementActivity = createManagementActivityClient({
      http,
      managementUrl: options.managementUrl,
      publisherTenantId: options.publisherTenantId ?? null,
      tenantId,
      bounds,
      circuit: circuitOf('management', tenantId),
      token: tokenFor(managementScope),
    })
    const shared: TenantClients['shared'] = (what, read) =>
      ofPerson ? read() : shares.read(tenantId, what, read, bounds)
    return { graph, exchange, managementActivity, shared }
  }

  return {
    session({ deadlineAt = Number.POSITIVE_INFINITY, signal, delegated, heard } = {}) {
      const bounds: Bounds = { deadlineAt, signal: signal ?? null, now: nowMs, timing, heard }
      const tenants = new Map<string, TenantClients>()
      return {
        tenant(given) {
          const tenantId = given.toLowerCase()
          if (!guid.test(tenantId)) throw refusedHere('login', 'A tenant id is a GUID')
          const clients = tenants.get(tenantId) ?? createClients(tenantId, bounds, delegated)
          tenants.set(tenantId, clients)
          return clients
        },
      }
    },
    forgetTokens(tenantId) {
      tokens.forget(tenantId.toLowerCase())
      shares.forget(tenantId.toLowerCase())
    },
    signIn: createEntraSignIn({ clientId, credential, entraUrl, graphScope }),
    close: () => http.close(),
  }
}

const guid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/
