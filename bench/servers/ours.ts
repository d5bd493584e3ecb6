/** Our gateway as it is built, with all that makes it safe: tokens, access, limits, masking, logs, a durable PostgreSQL. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { application } from '../pages/world.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { root, type Server, startServer } from './server.ts'

/** The worker runs elsewhere, as it does beside several gateways. */
export const environmentOf = (upstream: Upstream, databaseUrl: string): Record<string, string> => ({
  PUBLIC_URL: 'https://tourniquet.example.com',
  DATABASE_URL: databaseUrl,
  M365_CLIENT_ID: application.appId,
  M365_CLIENT_SECRET: application.secrets[0] ?? '',
  API_AUDIENCE: application.appId,
  SEALING_KEY: randomBytes(32).toString('base64'),
  SUPPORT_EMAIL: 'support@example.com',
  WORKER: 'off',
  // Both are at work, and refuse nothing of what the benchmarks send.
  RATE_LIMIT_OPERATOR_READS: '10000000',
  RATE_LIMIT_TENANT_READS: '10000000',
  SHED_IN_FLIGHT: '1000000',
  SHED_EVENT_LOOP_DELAY_MS: '60000',
  ENTRA_URL: upstream.url,
  GRAPH_URL: upstream.url,
  EXCHANGE_URL: upstream.url,
  MANAGEMENT_URL: upstream.url,
  NODE_EXTRA_CA_CERTS: upstream.caFile,
})

/** What was built, else the sources. */
export const ourCommand = (): string => (existsSync(join(root, 'dist/cli.js')) ? 'dist/cli.js' : 'src/cli.ts')

export interface OursOptions {
  upstream: Upstream
  databaseUrl: string
  token: string
  command?: string
  name?: string
  nodeOptions?: readonly string[]
  env?: Record<string, string>
}

export const startOurs = ({
  upstream,
  databaseUrl,
  token,
  command = ourCommand(),
  name = 'ours',
  nodeOptions = [],
  env = {},
}: OursOptions): Promise<Server> =>
  startServer({
    name,
    run: [command, 'serve'],
    env: { ...environmentOf(upstream, databaseUrl), ...env },
    headers: { authorization: `Bearer ${token}` },
    nodeOptions,
  })
