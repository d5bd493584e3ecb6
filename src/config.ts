/** The only reader of the environment. Secrets are a second object, so that the first can be logged. */
import { isIP } from 'node:net'
import { z } from 'zod'
import { cloudNames, clouds } from './clients/clouds.ts'
import type { AppCredential } from './clients/tokens.ts'
import { proxyList } from './server/addresses.ts'
import { type EdgeOptions, edgeDefaults } from './server/edge-options.ts'

export interface Config {
  host: string
  port: number
  /** Without a trailing slash. */
  publicUrl: string
  databasePoolMax: number
  /** Whether a gateway works as a worker, too. */
  worker: boolean
  cloud: (typeof cloudNames)[number]
  clientId: string
  /** Whose quota calls of the Management Activity API count for; null: the one that all without a name share. */
  publisherTenantId: string | null
  /** Which credential of our application is used; the secret itself is in `Secrets`. */
  credential: 'SECRET' | 'CERTIFICATE' | 'WORKLOAD_IDENTITY'
  /** The client id of our API: `aud` of access tokens. */
  apiAudience: string
  entraUrl: string
  graphUrl: string
  exchangeUrl: string
  managementUrl: string
  entraPortalUrl: string
  supportEmail: string | null
  /** Null: no mail is sent. */
  mail: { from: string } | null
  /** Null: events are kept for ever. */
  eventRetentionDays: number | null
  /** Who may ask what the API looks like. */
  introspection: (typeof introspections)[number]
  mutationsPerDocumentMax: number
  /** Null: documents come as text only. `onlyFor`: kinds of operators and ids, in the form of `Caller`. */
  trustedDocuments: { path: string; onlyFor: readonly string[] } | null
  /** How long a gateway that is told to stop serves on, so that whoever sends it requests has seen that it is not ready. */
  shutdownDelaySeconds: number
  logLevel: (typeof logLevels)[number]
  /** Null: nothing is traced. */
  otelEndpoint: string | null
  /** Whom the gateway lets in, and how often. */
  edge: EdgeOptions
}

export interface Secrets {
  databaseUrl: string
  /** Null where the process does not migrate. */
  databaseMigrationUrl: string | null
  /** Null where the process is no worker. */
  databaseJobsUrl: string | null
  credential: AppCredential
  /** Keys of 32 bytes: the first seals, all open. */
  sealingKeys: readonly Buffer[]
  smtpUrl: string | null
}

/** Every fault at once, each a sentence with the variable's name and what to do. */
export class ConfigFault extends Error {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(
      `The environment has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    )
    this.name = 'ConfigFault'
    this.faults = faults
  }
}

type Environment = Record<string, string | undefined>

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

const introspections = ['on', 'people', 'off'] as const
const operatorKinds = ['PERSON', 'APPLICATION', 'API_KEY']

const guid = z
  .string()
  .regex(/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i, 'must be a GUID, as the Entra admin center shows it')
  .transform((text) => text.toLowerCase())

const origin = (schemes: readonly string[]) =>
  z.string().transform((text, context) => {
    const url = URL.canParse(text) ? new URL(text) : null
    const plain = url && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === ''
    if (url && plain && schemes.includes(url.protocol)) return url.origin
    context.addIssue({
      code: 'custom',
      message: `must be an address such as ${schemes[0]}//example.com, without a path`,
    })
    return z.NEVER
  })

const databaseUrl = (role: string) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && /^postgres(?:ql)?:$/.test(new URL(text).protocol),
      `must be a PostgreSQL address of the role ${role}: postgres://${role}:password@host:5432/database`,
    )

const sealingKeys = z.string().transform((text, context) => {
  const keys = text.split(',').map((key) => Buffer.from(key.trim(), 'base64'))
  if (keys.every(({ length }) => length === 32)) return keys
  context.addIssue({
    code: 'custom',
    message: 'must be 32 bytes in base64 (several by commas): make one with "openssl rand -base64 32"',
  })
  return z.NEVER
})

const needed = <T extends z.ZodType>(schema: T, why: string) =>
  z.unknown().transform((value, context): z.output<T> => {
    if (value === undefined) {
      context.addIssue({ code: 'custom', message: `is missing: ${why}` })
      return z.NEVER
    }
    const result = schema.safeParse(value)
    if (result.success) return result.data
    for (const { message } of result.error.issues) context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

const host = z
  .string()
  .refine((text) => isIP(text) !== 0 || /^[a-z0-9.-]+$/i.test(text), 'must be a host name or an IP address')
const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`)
const list = (text: string) => text.split(',').map((part) => part.trim())
const origins = z.string().transform((text, context) => {
  const given = list(text)
  // As a browser says it, letter by letter: another spelling would never match.
  if (given.every((one) => /^https?:[^*]+$/.test(one) && URL.canParse(one) && new URL(one).origin === one)) return given
  context.addIssue({
    code: 'custom',
    message:
      'must be origins such as https://app.example.com, by commas: scheme, host and port, nothing else, and no *',
  })
  return z.NEVER
})
const proxies = z
  .string()
  .transform(list)
  .refine((given) => {
    try {
      return given.every((one) => /^[^/]+(?:\/\d+)?$/.test(one)) && proxyList(given) !== null
    } catch {
      return false
    }
  }, 'must be addresses or networks by commas, e.g. 10.0.0.0/8')
const email = z.email('must be an e-mail address')

const onlyFor = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .refine(
    (parts) => parts.every((part) => operatorKinds.includes(part) || guid.safeParse(part).success),
    `must list, by commas, ${operatorKinds.join(', ')}, or ids: of an API key as "tourniquet keys list" shows it, of an application its client id`,
  )
  .transform((parts) => parts.map((part) => (operatorKinds.includes(part) ? part : part.toLowerCase())))

const environment = z.object({
  HOST: host.default('127.0.0.1'),
  PORT: whole(1, 65_535).default(4000),
  PUBLIC_URL: needed(
    origin(['https:', 'http:']),
    'the address at which browsers reach this gateway, e.g. https://tourniquet.example.com',
  ),
  DATABASE_URL: needed(databaseUrl('app'), 'the PostgreSQL address of the role app'),
  DATABASE_MIGRATION_URL: databaseUrl('owner').optional(),
  DATABASE_JOBS_URL: databaseUrl('jobs').optional(),
  DATABASE_POOL_MAX: whole(1, 1000).default(10),
  WORKER: z.enum(['on', 'off'], 'must be on or off').default('on'),
  M365_CLOUD: z.enum(cloudNames, `must be one of ${cloudNames.join(', ')}`).default('global'),
  M365_CLIENT_ID: needed(guid, "our application's client id in Entra"),
  M365_CLIENT_SECRET: z.string().optional(),
  M365_CLIENT_CERTIFICATE_PATH: z.string().optional(),
  AZURE_FEDERATED_TOKEN_FILE: z.string().optional(),
  M365_PUBLISHER_TENANT_ID: guid.optional(),
  API_AUDIENCE: needed(
    guid,
    "the client id of our API's registration in Entra; the same as M365_CLIENT_ID when there is only one",
  ),
  SMTP_URL: z
    .string()
    .refine(
      (text) => URL.canParse(text) && /^smtps?:$/.test(new URL(text).protocol),
      'must look like smtps://user:password@mail.example.com:465',
    )
    .optional(),
  MAIL_FROM: email.optional(),
  SUPPORT_EMAIL: email.optional(),
  SEALING_KEY: needed(
    sealingKeys,
    '32 bytes in base64: make them with "openssl rand -base64 32", the same for every replica',
  ),
  EVENT_RETENTION_DAYS: whole(7, 3650).optional(),
  INTROSPECTION: z.enum(introspections, `must be one of ${introspections.join(', ')}`).default('people'),
  MUTATIONS_PER_DOCUMENT_MAX: whole(1, 20).default(1),
  TRUSTED_DOCUMENTS_PATH: z.string().optional(),
  TRUSTED_DOCUMENTS_ONLY_FOR: onlyFor.optional(),
  SHUTDOWN_DELAY_SECONDS: whole(0, 120).default(5),
  LOG_LEVEL: z.enum(logLevels, `must be one of ${logLevels.join(', ')}`).default('info'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url('must be the address of an OTLP collector, e.g. http://localhost:4318').optional(),
  RATE_LIMIT_OPERATOR_READS: whole(1, 10_000_000).default(edgeDefaults.rateLimits.operatorReads),
  RATE_LIMIT_OPERATOR_WRITES: whole(1, 10_000_000).default(edgeDefaults.rateLimits.operatorWrites),
  RATE_LIMIT_TENANT_READS: whole(1, 10_000_000).default(edgeDefaults.rateLimits.tenantReads),
  RATE_LIMIT_TENANT_WRITES: whole(1, 10_000_000).default(edgeDefaults.rateLimits.tenantWrites),
  RATE_LIMIT_FAILED_SIGN_INS: whole(1, 1_000_000).default(edgeDefaults.failedSignInsMax),
  SHED_IN_FLIGHT: whole(10, 1_000_000).default(edgeDefaults.load.inFlightMax),
  SHED_EVENT_LOOP_DELAY_MS: whole(10, 60_000).default(edgeDefaults.load.eventLoopDelayMsMax),
  CORS_ORIGINS: origins.default([]),
  TRUSTED_PROXIES: proxies.default([]),
  ENTRA_URL: origin(['https:']).optional(),
  GRAPH_URL: origin(['https:']).optional(),
  EXCHANGE_URL: origin(['https:']).optional(),
  MANAGEMENT_URL: origin(['https:']).optional(),
})

/** Every variable that is read; `.env.example` lists the same. */
export const environmentNames: readonly string[] = Object.keys(environment.shape)

const entraPortals = {
  global: 'https://entra.microsoft.com',
  usgov: 'https://entra.microsoft.us',
  dod: 'https://entra.microsoft.us',
  china: 'https://entra.microsoftonline.cn',
} as const

/** What a process does decides which addresses of the database it needs. */
export type ConfigFor = 'GATEWAY' | 'WORKER'

/** Throws `ConfigFault`. Empty variables count as absent. */
export function readConfig(purpose: ConfigFor, env: Environment = process.env): { config: Config; secrets: Secrets } {
  const given = Object.fromEntries(
    environmentNames.flatMap((name) => (env[name]?.trim() ? [[name, env[name].trim()]] : [])),
  )
  const result = environment.safeParse(given)
  const faults = [
    ...(result.error?.issues.map(({ path, message }) => `${path.join('.')} ${message}.`) ?? []),
    ...faultsBetween(purpose, given),
  ]
  if (!result.success || faults.length > 0) throw new ConfigFault(faults)
  const read = result.data
  const cloud = clouds[read.M365_CLOUD]
  const credential = credentialOf(read)
  return {
    config: {
      host: read.HOST,
      port: read.PORT,
      publicUrl: read.PUBLIC_URL,
      databasePoolMax: read.DATABASE_POOL_MAX,
      worker: read.WORKER === 'on',
      cloud: read.M365_CLOUD,
      clientId: read.M365_CLIENT_ID,
      publisherTenantId: read.M365_PUBLISHER_TENANT_ID ?? null,
      credential:
        'secret' in credential ? 'SECRET' : 'certificatePath' in credential ? 'CERTIFICATE' : 'WORKLOAD_IDENTITY',
      apiAudience: read.API_AUDIENCE,
      entraUrl: read.ENTRA_URL ?? cloud.entraUrl,
      graphUrl: read.GRAPH_URL ?? cloud.graphUrl,
      exchangeUrl: read.EXCHANGE_URL ?? cloud.exchangeUrl,
      managementUrl: read.MANAGEMENT_URL ?? cloud.managementUrl,
      entraPortalUrl: entraPortals[read.M365_CLOUD],
      supportEmail: read.SUPPORT_EMAIL ?? null,
      mail: read.MAIL_FROM === undefined ? null : { from: read.MAIL_FROM },
      eventRetentionDays: read.EVENT_RETENTION_DAYS ?? null,
      introspection: read.INTROSPECTION,
      mutationsPerDocumentMax: read.MUTATIONS_PER_DOCUMENT_MAX,
      trustedDocuments:
        read.TRUSTED_DOCUMENTS_PATH === undefined
          ? null
          : { path: read.TRUSTED_DOCUMENTS_PATH, onlyFor: read.TRUSTED_DOCUMENTS_ONLY_FOR ?? [] },
      shutdownDelaySeconds: read.SHUTDOWN_DELAY_SECONDS,
      logLevel: read.LOG_LEVEL,
      otelEndpoint: read.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
      edge: edgeOf(read),
    },
    secrets: {
      databaseUrl: read.DATABASE_URL,
      databaseMigrationUrl: read.DATABASE_MIGRATION_URL ?? null,
      databaseJobsUrl: read.DATABASE_JOBS_URL ?? null,
      credential,
      sealingKeys: read.SEALING_KEY,
      smtpUrl: read.SMTP_URL ?? null,
    },
  }
}

const edgeOf = (read: z.output<typeof environment>): EdgeOptions => ({
  rateLimits: {
    operatorReads: read.RATE_LIMIT_OPERATOR_READS,
    operatorWrites: read.RATE_LIMIT_OPERATOR_WRITES,
    tenantReads: read.RATE_LIMIT_TENANT_READS,
    tenantWrites: read.RATE_LIMIT_TENANT_WRITES,
  },
  failedSignInsMax: read.RATE_LIMIT_FAILED_SIGN_INS,
  pagesMax: edgeDefaults.pagesMax,
  load: { inFlightMax: read.SHED_IN_FLIGHT, eventLoopDelayMsMax: read.SHED_EVENT_LOOP_DELAY_MS },
  corsOrigins: read.CORS_ORIGINS,
  trustedProxies: read.TRUSTED_PROXIES,
})

/** Faults of several variables together. */
function faultsBetween(purpose: ConfigFor, given: Environment): string[] {
  const has = (name: string) => given[name] !== undefined
  const faults: string[] = []
  if (has('M365_CLIENT_SECRET') && has('M365_CLIENT_CERTIFICATE_PATH')) {
    faults.push('M365_CLIENT_SECRET and M365_CLIENT_CERTIFICATE_PATH are both set: set one of them.')
  }
  if (!has('M365_CLIENT_SECRET') && !has('M365_CLIENT_CERTIFICATE_PATH') && !has('AZURE_FEDERATED_TOKEN_FILE')) {
    faults.push(
      "No credential of our application: set M365_CLIENT_SECRET or M365_CLIENT_CERTIFICATE_PATH, or run with Azure's workload identity (AZURE_FEDERATED_TOKEN_FILE).",
    )
  }
  if (has('SMTP_URL') !== has('MAIL_FROM'))
    faults.push('SMTP_URL and MAIL_FROM belong together: set both, or neither to send no mail.')
  if (has('TRUSTED_DOCUMENTS_ONLY_FOR') && !has('TRUSTED_DOCUMENTS_PATH')) {
    faults.push('TRUSTED_DOCUMENTS_ONLY_FOR needs TRUSTED_DOCUMENTS_PATH: where the documents are that they may send.')
  }
  if (purpose === 'WORKER' && !has('DATABASE_JOBS_URL')) {
    faults.push('DATABASE_JOBS_URL is missing: the PostgreSQL address of the role jobs.')
  }
  return faults
}

function credentialOf(read: z.output<typeof environment>): AppCredential {
  if (read.M365_CLIENT_SECRET !== undefined) return { secret: read.M365_CLIENT_SECRET }
  if (read.M365_CLIENT_CERTIFICATE_PATH !== undefined) return { certificatePath: read.M365_CLIENT_CERTIFICATE_PATH }
  const tokenFilePath = read.AZURE_FEDERATED_TOKEN_FILE
  return { workloadIdentity: true, ...(tokenFilePath === undefined ? {} : { tokenFilePath }) }
}

/** The database's addresses alone, for commands that need nothing else; null where unset. */
export function readDatabaseUrls(env: Environment = process.env): {
  app: string | null
  owner: string | null
  jobs: string | null
} {
  return {
    app: env['DATABASE_URL'] || null,
    owner: env['DATABASE_MIGRATION_URL'] || null,
    jobs: env['DATABASE_JOBS_URL'] || null,
  }
}

/** The sealing keys alone; null where unset. Throws `ConfigFault`. */
export function readSealingKeys(env: Environment = process.env): readonly Buffer[] | null {
  const given = env['SEALING_KEY']?.trim()
  if (!given) return null
  const { data, error } = sealingKeys.safeParse(given)
  if (data) return data
  throw new ConfigFault(error.issues.map(({ message }) => `SEALING_KEY ${message}.`))
}

/** Where a Global Administrator of the tenant consents to our application; null while `M365_CLIENT_ID` is unset. */
export function consentPage(tenantId: string, env: Environment = process.env): string | null {
  const clientId = env['M365_CLIENT_ID']
  if (!clientId) return null
  const cloud = cloudNames.find((name) => name === env['M365_CLOUD']) ?? 'global'
  const page = new URL(`/${tenantId}/v2.0/adminconsent`, env['ENTRA_URL'] || clouds[cloud].entraUrl)
  page.searchParams.set('client_id', clientId)
  page.searchParams.set('scope', clouds[cloud].graphScope)
  return page.href
}
