import { resolve } from 'node:path'
import type { EmbeddedPostgres } from '../db/embedded-postgres.ts'
import type { Settings } from './settings.ts'
import type { Sample } from './simulator.ts'

/** Nothing of a developer's own installation (addresses, secrets) may leak into the sandbox. */
const passedOn = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'TZ', 'LANG', 'SYSTEMROOT', 'NO_COLOR', 'LOG_LEVEL']

/** What any process of the sandbox gets. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    passedOn.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
}

/** The configuration of gateway and worker, as an installation would have it, pointed at the simulator. */
export function gatewayEnvironment(of: {
  settings: Settings
  postgres: EmbeddedPostgres
  simulator: Sample
  sealingKey: string
}): NodeJS.ProcessEnv {
  const { settings, postgres, simulator } = of
  return {
    ...plainEnvironment(),
    HOST: '127.0.0.1',
    PORT: String(settings.port),
    PUBLIC_URL: publicUrl(settings),
    DATABASE_URL: postgres.appUrl,
    DATABASE_JOBS_URL: postgres.jobsUrl,
    // It has a process of its own.
    WORKER: 'off',
    SHUTDOWN_DELAY_SECONDS: '0',
    M365_CLOUD: 'global',
    M365_CLIENT_ID: simulator.clientId,
    M365_CLIENT_SECRET: simulator.clientSecret,
    API_AUDIENCE: simulator.clientId,
    ENTRA_URL: simulator.url,
    GRAPH_URL: simulator.url,
    EXCHANGE_URL: simulator.url,
    MANAGEMENT_URL: simulator.url,
    NODE_EXTRA_CA_CERTS: simulator.caFile,
    SEALING_KEY: of.sealingKey,
    INTROSPECTION: 'on',
    TRUSTED_DOCUMENTS_PATH: resolve(import.meta.dirname, '../../examples/generated/trusted-documents.json'),
    SUPPORT_EMAIL: 'support@litware.com',
    SMTP_URL: simulator.smtpUrl,
    MAIL_FROM: 'tourniquet@litware.com',
  }
}

export const publicUrl = ({ port }: Settings) => `http://127.0.0.1:${port}`
