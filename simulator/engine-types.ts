/** What a simulated service (Graph, Exchange, the activity feed) is given by the engine. */
import type { Hono } from 'hono'
import type { AuditContent } from './audit/content.ts'
import type { AuditRecord } from './sample/record-forms.ts'
import type { Application, Tenant, User, World } from './world.ts'

export type Service = 'graph' | 'exchange' | 'login' | 'management'

/** Who calls, read from a verified access token. */
export interface Caller {
  tenant: Tenant
  /** Registrations in the tenant. */
  applications: Application[]
  appId: string
  /** Object id of the client's service principal in the tenant, null when it has none any more. */
  servicePrincipalId: string | null
  /** Delegated calls: the signed-in user's object id; null for app-only. */
  userId: string | null
  /** The signed-in user's own record when it is in this tenant (partner technicians are not). */
  user: User | null
  /** Application permissions in the token (`roles`). */
  roles: string[]
  /** Delegated permissions in the token (`scp`). */
  scopes: string[]
  /** Directory role template ids in the token: the signed-in user's, or the service principal's. */
  wids: string[]
}

/** A simulated call as a service sees it, alone or as an item of a batch. */
export interface Call {
  method: string
  /** Path and query, relative to the service's root (`/users/…?$select=…`). */
  url: URL
  headers: Record<string, string>
  body: unknown
  caller: Caller
  batchId: string | null
}

export interface Reply {
  status: number
  headers?: Record<string, string>
  /** An object is sent as JSON; a Buffer as it is; null is no body. */
  body: unknown
  /** Whether the call changed, or would change, a tenant: for the journal. */
  mutates: boolean
}

export interface Fault {
  fault: 'throttle' | 'delay' | 'status' | 'resetBefore' | 'resetAfter' | 'ignored' | 'stale' | 'syncReverts'
  service?: Service
  method?: string
  /** A regular expression on path and query. */
  path?: string
  tenantId?: string
  /** True: only calls that change something; false: only calls that read. */
  mutates?: boolean
  times?: number
  args?: Record<string, unknown>
}

export interface JournalEntry {
  seq: number
  at: string
  service: Service
  method: string
  path: string
  /** The same for all items of one batch; null for single calls and for the batch itself: entries with null are HTTP requests. */
  batchId: string | null
  /** 0: the connection was cut before an answer. */
  status: number
  tenantId: string | null
  appId: string | null
  userId: string | null
  mutates: boolean
  /** Of Exchange: its items all have the same path. */
  cmdlet?: { CmdletName: string; Parameters: unknown }
  /** `seq` of the last HTTP request that was answered when this one, or its batch, arrived; 0: none was. */
  sentAfter: number
}

/** Given to `graphApp(engine)` and its like; one engine per simulator. */
export interface Engine {
  world: World
  now(): Date
  /** A deterministic-enough shuffle for batch answers. */
  shuffle<T>(items: readonly T[]): T[]
  /** Verifies the bearer token for one of the audiences. Null: answer 401 yourself in the service's form. */
  authenticate(authorization: string | undefined, audiences: readonly string[]): Caller | null
  /**
   * Runs one call through faults and the journal: applies throttle faults before the handler, delay and status faults and
   * resets before or after its effect, lets writes that are `ignored` work on a copy, and answers reads from an older world while a
   * `stale` fault is on (the handler gets that world's tenant in `call.caller`).
   * Batch items pass through here one by one with their `batchId`; the batch's own entry is added by `journal`.
   */
  perform(service: Service, call: Call, handler: (call: Call) => Promise<Reply> | Reply): Promise<Reply>
  /** A reset fault matched: the HTTP connection must be cut. Thrown by `perform`, handled by the server. */
  readonly CutConnection: new () => Error
  journal(entry: Omit<JournalEntry, 'seq' | 'at' | 'sentAfter'>): void
  /** A new GUID. */
  newId(): string
  /** Seed of everything that looks random. */
  readonly seed: number
  /** Audit records of something that happened in the tenant, now or at a moment; they land in the feed later. */
  raise(tenant: Tenant, records: readonly AuditRecord[], at?: Date): AuditContent[]
  /** A text that no other call gets, the same in every run. */
  serial(): string
  /** Called after any effect: remembers older worlds for `stale` and stores the state. */
  changed(tenantId: string): void
}

/** Every service exports a function of this shape. */
export type ServiceApp = (engine: Engine) => Hono
