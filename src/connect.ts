/** What a process of ours works with, made of its configuration. Opens no connection yet. */
import { type DestinationStream, pino } from 'pino'
import { type AccessTokenVerifier, createAccessTokenVerifier } from './clients/entra/access-token.ts'
import { createMailClient } from './clients/mail/mail.ts'
import { createMicrosoft } from './clients/microsoft.ts'
import { type ClientTiming, clientTiming } from './clients/timing.ts'
import type { Config, Secrets } from './config.ts'
import type { Log, Services } from './context.ts'
import { connect, type DatabaseTiming, databaseTiming } from './db/connection.ts'
import { productionTiming, type Timing } from './timing.ts'
import { currentTraceId } from './trace.ts'

export interface Connected {
  services: Services
  accessTokens: AccessTokenVerifier
  close(): Promise<void>
}

/** Lines of JSON, by default on standard output. Credentials are left out by name, should one ever reach a log call. */
export const createLog = (level: Config['logLevel'], destination?: DestinationStream): Log => {
  const options = {
    level,
    mixin() {
      const traceId = currentTraceId()
      return traceId === null ? {} : { traceId }
    },
    redact: {
      paths: [
        'authorization',
        '*.authorization',
        '*.headers.authorization',
        '*.password',
        '*.secret',
        '*.token',
        'err.config',
        'err.request',
      ],
      censor: '[secret]',
    },
  }
  return destination ? pino(options, destination) : pino(options)
}

/** How long the services, and the clients and the database below them, are waited for. */
export interface ProcessTiming {
  services: Timing
  clients: ClientTiming
  database: DatabaseTiming
}

export const gatewayTiming: ProcessTiming = {
  services: productionTiming,
  clients: clientTiming,
  database: databaseTiming,
}
/** Nobody waits for a worker, and a long audit trail is verified in one transaction. */
export const workerTiming: ProcessTiming = {
  ...gatewayTiming,
  database: { ...databaseTiming, transactionMs: 15 * 60_000 },
}

export function connectServices(
  config: Config,
  secrets: Secrets,
  log: Log,
  applicationName: string,
  timing: ProcessTiming = gatewayTiming,
): Connected {
  const { cloud, clientId, entraUrl, graphUrl, exchangeUrl, managementUrl, entraPortalUrl, publicUrl, supportEmail } =
    config
  const db = connect({
    url: secrets.databaseUrl,
    max: config.databasePoolMax,
    applicationName,
    timing: timing.database,
  })
  const microsoft = createMicrosoft({
    cloud,
    clientId,
    entraUrl,
    graphUrl,
    exchangeUrl,
    managementUrl,
    publisherTenantId: config.publisherTenantId,
    credential: secrets.credential,
    timing: timing.clients,
    log,
  })
  const accessTokens = createAccessTokenVerifier({ entraUrl, audience: config.apiAudience })
  const { sealingKeys, smtpUrl } = secrets
  const mail = smtpUrl && config.mail ? createMailClient({ smtpUrl, from: config.mail.from }) : null
  const now = () => new Date()
  return {
    services: {
      db,
      microsoft,
      mail,
      log,
      now,
      timing: timing.services,
      publicUrl,
      supportEmail,
      clientId,
      entraPortalUrl,
      entraUrl,
      sealingKeys,
    },
    accessTokens,
    async close() {
      mail?.close()
      await Promise.allSettled([accessTokens.close(), microsoft.close(), db.close()])
    },
  }
}
