/** The clients as services see them. Calls are app-only unless a session is delegated, in one tenant, and throw `UpstreamError`. */
import type { CallHeard } from './bounds.ts'
import type { EntraSignIn } from './entra/sign-in.ts'

/** What happens beside the answers: without names, paths or tokens. */
export interface ClientLog {
  warn(details: object, message: string): void
}

export interface Answer<T = unknown> {
  status: number
  body: T
  /** The service's `request-id`. */
  requestId: string | null
  /** Of writes that go on after their answer (202): where to ask how it went, as a path for `get`. */
  location?: string
}

export interface ReadOptions {
  /** Extra headers of this item, e.g. `{ ConsistencyLevel: 'eventual' }`. */
  headers?: Record<string, string>
  /** Set for Outlook resources: at most four such items travel in one batch. */
  mailbox?: boolean
  /** Ask again although this session already read it: for plans, runs and read-back. */
  fresh?: boolean
}

export interface WriteOptions {
  /** Whether the call may be sent again after a 429, 503, 504 or a cut connection. Default false. */
  repeatable?: boolean
}

export interface GraphClient {
  /** Reads of one tick leave together as `$batch`; equal reads of a session are sent once. `path` is relative to `/v1.0`, query included. */
  get(path: string, options?: ReadOptions): Promise<Answer>
  /** As `get`, following `@odata.nextLink` on the configured host only: all items of `value`. */
  list(path: string, options?: ReadOptions): Promise<unknown[]>
  /** A reading POST (`getByIds`, `checkMemberObjects`): batched as `get` is. */
  query(path: string, body: unknown, options?: ReadOptions): Promise<Answer>
  post(path: string, body?: unknown, options?: WriteOptions): Promise<Answer>
  patch(path: string, body: unknown, options?: WriteOptions): Promise<Answer>
  delete(path: string, options?: WriteOptions): Promise<Answer>
}

export interface CmdletAnswer {
  /** The objects; annotations (`@odata.type` and the like) are left out. 64-bit integers come as text. */
  value: Record<string, unknown>[]
  warnings: string[]
  requestId: string | null
  /** More objects than one page holds (1,000), and only the first was asked for. */
  hasMore?: boolean
}

export interface CmdletOptions extends WriteOptions {
  /** The mailbox's user principal name or id, for `X-AnchorMailbox`; default is the system mailbox. */
  anchor?: string
  select?: string[]
  /** Do not follow `@odata.nextLink`. */
  firstPageOnly?: boolean
  fresh?: boolean
}

export interface ExchangeClient {
  /** `Get-…` cmdlets of one tick leave together as `$batch` of at most 10; others go alone, at once. An empty `Identity` is refused. */
  invoke(cmdlet: string, parameters: Record<string, unknown>, options?: CmdletOptions): Promise<CmdletAnswer>
}

export interface ActivitySubscription {
  /** E.g. `Audit.Exchange`. */
  contentType: string
  /** `enabled` or `disabled`. */
  status: string
}

/** A blob of audit records that can be fetched. */
export interface ActivityContent {
  contentId: string
  /** On the configured host, below the tenant's feed. */
  contentUri: string
  /** When the blob was made, not when its records were. */
  createdAt: Date
  expiresAt: Date
}

export interface ContentWindow {
  contentType: string
  /** Whole seconds, at most 24 hours apart and 7 days back; `until` does not belong to the window. */
  from: Date
  until: Date
}

/** The Office 365 Management Activity API. */
export interface ManagementActivityClient {
  /** Our own application's in the tenant, whatever their status. */
  subscriptions(options?: Pick<ReadOptions, 'fresh'>): Promise<ActivitySubscription[]>
  /** Subscribes to a type of content; whether that changed anything, or it was subscribed to already (`AF20024`). */
  start(contentType: string): Promise<'STARTED' | 'ALREADY_ENABLED'>
  /** What was made in a window, page by page, in no order. */
  content(window: ContentWindow): AsyncGenerator<ActivityContent[]>
  /** The records of a blob as they are: nothing is known of their form. */
  blob(contentUri: string): Promise<unknown[]>
}

export interface TenantClients {
  graph: GraphClient
  exchange: ExchangeClient
  managementActivity: ManagementActivityClient
  /**
   * What is true of the whole tenant: `read` is called unless another session is reading the same or did so some seconds ago. `what` is one
   * object for one kind of reading. Anything that we change in the tenant ends it; with a person's token nothing is shared.
   */
  shared<T>(what: object, read: () => Promise<T>): Promise<T>
}

/** Loaders of one request: never outlives it, never mixes tenants. */
export interface MicrosoftSession {
  tenant(tenantId: string): TenantClients
}

export interface SessionOptions {
  /** Epoch milliseconds after which calls fail with `TIMEOUT`. */
  deadlineAt?: number
  /** Aborts what is under way. */
  signal?: AbortSignal
  /** Graph in this tenant is called with a person's token instead of our own; once refused (401) it is not replaced. */
  delegated?: { tenantId: string; accessToken: string }
  /** Told of each call that left, when it is over. */
  heard?: (call: CallHeard) => void
}

export interface Microsoft {
  session(options?: SessionOptions): MicrosoftSession
  /** Forgets our own tokens of a tenant, which do not hold what a later consent granted, and what was shared of it. */
  forgetTokens(tenantId: string): void
  /** People who sign in. */
  signIn: EntraSignIn
  close(): Promise<void>
}
