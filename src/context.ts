import type { MailClient } from './clients/mail/mail.ts'
import type { Microsoft, MicrosoftSession } from './clients/types.ts'
import type { Database } from './db/connection.ts'
import type { LiveEvents } from './services/live/live-events.ts'
import type { OperatorKind } from './services/remediations/types.ts'
import type { Timing } from './timing.ts'

/** Roles of the product, also the app roles of its API in Entra. */
export const roles = [
  'Events.Read',
  'Events.Ingest',
  'Remediations.User',
  'Remediations.Privileged',
  'Remediations.AppsAndRules',
  'Audit.Read',
  'Administer',
] as const
export type Role = (typeof roles)[number]

/** Who calls. `tenantId` and `objectId` are the operator's own Entra account, null for API keys. */
export interface Operator {
  id: string
  kind: OperatorKind
  displayName: string
  tenantId: string | null
  objectId: string | null
  email: string | null
}

/** Which roles the operator holds in which tenants. */
export interface TenantAccess {
  /** Tenants where the operator holds any role. */
  readonly tenantIds: readonly string[]
  can(tenantId: string, role: Role): boolean
  rolesIn(tenantId: string): readonly Role[]
}

export interface Log {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

/** What stays the same for the life of the process. */
export interface Services {
  db: Database
  microsoft: Microsoft
  /** Null: no mail is sent. */
  mail: MailClient | null
  log: Log
  now(): Date
  timing: Timing
  /** Without a trailing slash. */
  publicUrl: string
  supportEmail: string | null
  /** Our application's id in Entra. */
  clientId: string
  /** Entra's own pages, e.g. `https://entra.microsoft.com`. */
  entraPortalUrl: string
  /** The login host, e.g. `https://login.microsoftonline.com`. */
  entraUrl: string
  /** Keys of 32 bytes: the first seals, all open. */
  sealingKeys: readonly Buffer[]
}

/** What a subscription lives on when its request is long over. */
export interface LiveCaller {
  events: LiveEvents
  /** The access of the request's credential as it is now. Throws `UnauthenticatedError`. */
  currentAccess(): Promise<TenantAccess>
}

/** One per request: nothing in it outlives the request. */
export interface ServiceContext extends Services {
  requestId: string
  operator: Operator
  access: TenantAccess
  session: MicrosoftSession
  live: LiveCaller
  /** Per-request memory of services (loaders), keyed by the function that owns the entry. */
  memo: Map<unknown, unknown>
}
