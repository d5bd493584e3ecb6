/** The gateway on a real port, with a real database and a simulated Microsoft 365 over https. */
import { createHash, randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { TokenRequest } from '../../simulator/login/issue.ts'
import { createAccessTokenVerifier } from '../../src/clients/entra/access-token.ts'
import { createMailClient } from '../../src/clients/mail/mail.ts'
import { createMicrosoft } from '../../src/clients/microsoft.ts'
import type { Role, Services } from '../../src/context.ts'
import { createApiKey } from '../../src/db/api-keys.ts'
import type { Database } from '../../src/db/connection.ts'
import { migrationsPending } from '../../src/db/migrate.ts'
import { grantAccess, upsertOperator, upsertPartner } from '../../src/db/operators.ts'
import { type TenantStatus, upsertTenant } from '../../src/db/tenants.ts'
import { type ConnectionLimits, connectionLimits, createListener } from '../../src/server/listener.ts'
import { createGateway, type GatewayDependencies } from '../../src/server.ts'
import { importRecords } from '../../src/services/events/import.ts'
import { productionTiming, type Timing } from '../../src/timing.ts'
import { aLog } from './log.ts'
import type { TestMicrosoft } from './microsoft.ts'
import type { TestDatabase } from './postgres.ts'
import { aSealingKey } from './sealing-key.ts'

/** Who calls: the value of `Authorization`, a person or application of the simulator, or nobody. */
export type As = string | TokenRequest | null

/** What came back from `POST /graphql`; `data` is left to the caller to read. */
export interface GraphqlAnswer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of documents that they wrote themselves
  data: any
  errors: { message: string; path?: (string | number)[]; extensions: Record<string, unknown> }[]
}

export interface TestGateway {
  /** E.g. `http://127.0.0.1:41234`. */
  url: string
  db: Database
  microsoft: TestMicrosoft
  /** What its requests are served with, for work of the worker. */
  services: Services
  graphql(
    document: string,
    variables?: Record<string, unknown>,
    options?: { as?: As; headers?: Record<string, string> },
  ): Promise<GraphqlAnswer>
  fetch(path: string, init?: RequestInit): Promise<Response>
  authorizationOf(as: As): string | null
  /** Introduces a tenant of the simulator. */
  connectTenant(tenant: { id: string; displayName: string }, status?: TenantStatus): Promise<void>
  importRecords(records: readonly object[]): Promise<void>
  /** An API key with these roles, as `Bearer …`. */
  anApiKey(grants: { tenantId: string; roles: readonly Role[] }[]): Promise<string>
  /** `members`: object ids of the technicians in the partner's own tenant. */
  grantPartner(
    partner: { name: string; entraTenantId: string; members: string[] },
    grants: { tenantId: string; roles: readonly Role[] }[],
  ): Promise<void>
  /** As some seconds later: what requests share of the tenant is read again. */
  forget(tenant: { id: string }): void
  /** As on SIGTERM. */
  drain(): void
  /** Everything logged so far, a line of JSON each. */
  log(): string
  close(): Promise<void>
}

export interface TestGatewayOptions {
  microsoft: TestMicrosoft
  database: TestDatabase
  graphiql?: GatewayDependencies['graphiql']
  limits?: GatewayDependencies['limits']
  live?: GatewayDependencies['live']
  introspection?: GatewayDependencies['introspection']
  trusted?: GatewayDependencies['trusted']
  /** Default: no limits. */
  edge?: GatewayDependencies['edge']
  /** Default: the production's. */
  connections?: Partial<ConnectionLimits>
  publicUrl?: string
  /** Default: the production's. */
  timing?: Timing
  /** Default: any free one. */
  port?: number
  /** The clock of our clients, by which what is shared grows old. */
  now?: () => Date
}

/** Uses the world's first application that is an API; closes neither the simulator nor the database. */
export async function aGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const { microsoft, database } = options
  const { db } = database
  const application = microsoft.world.applications.find(({ api }) => api !== null)
  if (!application) throw new Error('The simulated world has no application with an API.')
  const clientId = application.appId
  const { log, lines } = aLog()
  const clients = createMicrosoft({
    clientId,
    credential: { secret: application.secrets[0] ?? '' },
    entraUrl: microsoft.url,
    graphUrl: microsoft.url,
    exchangeUrl: microsoft.url,
    managementUrl: microsoft.url,
    log,
    ...(options.now && { now: options.now }),
  })
  const mail = createMailClient({ smtpUrl: microsoft.smtpUrl, from: 'tourniquet@example.com' })
  const accessTokens = createAccessTokenVerifier({ entraUrl: microsoft.url, audience: clientId })
  const services: Services = {
    db,
    mail,
    microsoft: clients,
    log,
    now: () => new Date(),
    timing: options.timing ?? productionTiming,
    publicUrl: options.publicUrl ?? 'https://tourniquet.example.com',
    supportEmail: 'support@example.com',
    clientId,
    entraPortalUrl: 'https://entra.example.com',
    entraUrl: microsoft.url,
    sealingKeys: [aSealingKey()],
  }
  const gateway = createGateway({
    services,
    accessTokens,
    migrationsPending: () => migrationsPending(db),
    ...(options.graphiql === undefined ? {} : { graphiql: options.graphiql }),
    ...(options.limits ? { limits: options.limits } : {}),
    ...(options.live ? { live: options.live } : {}),
    ...(options.introspection ? { introspection: options.introspection } : {}),
    ...(options.trusted ? { trusted: options.trusted } : {}),
    ...(options.edge ? { edge: options.edge } : {}),
  })
  const server = createListener(gateway.handle, { ...connectionLimits, ...options.connections })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const authorizationOf = (as: As) => (as === null || typeof as === 'string' ? as : `Bearer ${microsoft.token(as)}`)

  return {
    url,
    db,
    microsoft,
    services,
    authorizationOf,
    fetch: (path, init) => fetch(new URL(path, url), init),
    async graphql(query, variables = {}, { as = null, headers = {} } = {}) {
      const authorization = authorizationOf(as)
      const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/graphql-response+json',
          ...(authorization ? { authorization } : {}),
          ...headers,
        },
        body: JSON.stringify({ query, variables }),
      })
      const { data, errors = [] } = (await answer.json()) as GraphqlAnswer
      return { status: answer.status, headers: answer.headers, data, errors }
    },
    async connectTenant({ id, displayName }, status = 'CONNECTED') {
      await db.withTenants([id], (tx) => upsertTenant(tx, { id, name: displayName, status }))
    },
    async importRecords(records) {
      const text = records.map((record, index) => ({ line: index + 1, text: JSON.stringify(record) }))
      await importRecords({ db, now: () => new Date() }, toAsync(text), { source: 'IMPORT' })
    },
    async anApiKey(grants) {
      const key = `tq_${randomBytes(32).toString('base64url')}`
      const hash = createHash('sha256').update(key).digest()
      await db.plain(async (tx) => {
        const { operatorId } = await createApiKey(tx, { name: 'Ticket system', hash, lastFour: key.slice(-4) })
        for (const grant of grants) await grantAccess(tx, { operatorId, grantedBy: 'test', ...grant })
      })
      return `Bearer ${key}`
    },
    async grantPartner({ name, entraTenantId, members }, grants) {
      await db.plain(async (tx) => {
        const { id: partnerId } = await upsertPartner(tx, { name, entraTenantId })
        for (const externalId of members) {
          await upsertOperator(tx, {
            kind: 'PERSON',
            tenantId: entraTenantId,
            externalId,
            displayName: 'Technician',
            partnerId,
          })
        }
        for (const grant of grants) await grantAccess(tx, { partnerId, grantedBy: 'test', ...grant })
      })
    },
    forget: ({ id }) => clients.forgetTokens(id),
    drain: () => gateway.drain(),
    log: () => lines.join(''),
    async close() {
      // Asked for, so that the scan of the run gets to see them.
      await fetch(`${url}/metrics`)
      gateway.drain()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await accessTokens.close()
      await clients.close()
    },
  }
}

async function* toAsync<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}
