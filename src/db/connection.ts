/** The connection to Postgres. Nothing outside `src/db` sees the driver: services pass `Tx` on to repositories. */
import { setTimeout as sleep } from 'node:timers/promises'
import { DrizzleQueryError } from 'drizzle-orm'
import { inSpan } from '../trace.ts'
import { appendAlone } from './audit.ts'
import { createAuditLane, type Recorded } from './audit-lane.ts'
import { openClient, PostgresError } from './driver.ts'
import { createPool, type Tx } from './pool.ts'

export type { Tx } from './pool.ts'

export interface Database {
  /**
   * One transaction that sees and changes only rows of these tenants (row-level security). The setting ends with the
   * transaction, so the next user of the connection starts with no tenant at all. Rejects with what `work` throws; a
   * statement that fails rejects with the driver's error, whose `code` is Postgres' own.
   */
  withTenants<T>(tenantIds: readonly string[], work: (tx: Tx) => Promise<T>): Promise<T>
  /** As `withTenants`, for what only reads: PostgreSQL refuses to write in it, and it takes two round trips less. */
  reading<T>(tenantIds: readonly string[], work: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * As `withTenants` for one tenant, whose audit entries are appended last. Units of one tenant are committed together when they come
   * together, and see what the others do: each must be of rows that no other changes. `work` may be called again. Entries without
   * any work are given as they are: they take one round trip.
   */
  audited<T>(tenantId: string, work: Recorded<T> | ((tx: Tx) => Promise<Recorded<T>>)): Promise<T>
  /** One transaction without tenants: identity tables only, every other table is empty in it. */
  plain<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** As `plain`, for one statement alone: it is its own transaction, in one round trip instead of three. */
  single<T>(work: (tx: Pick<Tx, 'execute'>) => Promise<T>): Promise<T>
  /**
   * Hears notifications of the channel from now on, on a connection of its own. After a lost connection it listens again by
   * itself and calls `onListening`, also the first time: what was notified in between is lost. Ends with the returned function.
   */
  listen(channel: string, on: { notified(payload: string): void; listening(): void }): () => Promise<void>
  /** Resolves when the database answers, rejects otherwise. */
  ping(): Promise<void>
  /** SQL statements sent so far, without BEGIN, the tenants of the transaction, COMMIT and pings. */
  statements(): number
  /** Ends all connections, after at most five seconds with force. */
  close(): Promise<void>
}

export interface ConnectOptions {
  url: string
  /** Connections at most, 10 if not said. */
  max?: number
  applicationName?: string
  /** Default: whatever it takes. */
  timing?: DatabaseTiming | null
}

/** So that nothing waits for ever on a database or a network that stands still, and nothing that stands still is waited for. */
export interface DatabaseTiming {
  /** After this time PostgreSQL ends a statement, and a transaction that does nothing: its locks are free then. */
  statementMs: number
  /** Longer than any transaction takes while statements are answered: after this time its connection is given up. */
  transactionMs: number
}

export const databaseTiming: DatabaseTiming = { statementMs: 15_000, transactionMs: 30_000 }

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Opens no connection yet: the first statement does, and rejects if there is no server. */
export function connect(options: ConnectOptions): Database {
  const { url, max = 10, applicationName = 'tourniquet', timing = null } = options
  const common = {
    prepare: true,
    connect_timeout: 10,
    connection: {
      application_name: applicationName,
      ...(timing && {
        statement_timeout: timing.statementMs,
        idle_in_transaction_session_timeout: timing.statementMs,
      }),
    },
  }
  const listener = openClient(url, common)
  let sent = 0
  const pool = createPool({
    max,
    open: (onclose) => openClient(url, { ...common, onclose, max_lifetime: null }),
    onStatement: () => sent++,
    transactionMs: timing?.transactionMs ?? null,
  })

  async function withTenants<T>(tenantIds: readonly string[], work: (tx: Tx) => Promise<T>): Promise<T> {
    const begin = `begin; ${settings(tenantIds)}`
    return inTransactionSpan(() => pool.transaction(begin, work))
  }
  const lane = createAuditLane({
    transaction: (tenantId, work) => withTenants([tenantId], work),
    append: (tenantId, rows) =>
      inTransactionSpan(() => pool.transaction(null, (tx) => appendAlone(tx, checkedTenantId(tenantId), rows))),
    // What has no code did not come from the driver.
    isOfWork: (error) => isRefusedWork(error) || !(error instanceof Error && 'code' in error),
  })

  return {
    withTenants,
    audited: lane.commit,
    async reading(tenantIds, work) {
      const begin = `begin read only; ${settings(tenantIds)}`
      return inTransactionSpan(() => pool.reading(begin, work))
    },
    plain: (work) => inTransactionSpan(() => pool.transaction(`begin; ${planAnew}`, work)),
    single: (work) => inTransactionSpan(() => pool.transaction(null, work)),
    listen(channel, { notified, listening }) {
      // Rejects while the database is away; the driver goes on trying.
      const begun = listener.listen(channel, notified, listening).catch(() => null)
      return async () => {
        await (await begun)?.unlisten().catch(() => {})
      }
    },
    ping: () => pool.transaction('begin; select 1', async () => {}),
    statements: () => sent,
    async close() {
      await Promise.race([lane.drained(), sleep(5_000, undefined, { ref: false })])
      await Promise.all([pool.close(), listener.end({ timeout: 5 })])
    },
  }
}

/** Whether the database refused this very work and may take other work; not that it is away, full or ending. */
export const isRefusedWork = (error: unknown): boolean =>
  error instanceof PostgresError && /^(2|4|54|55|P0)/.test(error.code)

/** A statement that is prepared is parsed once, but its plan is made for the values that it has: a page's depends on them. */
const planAnew = 'set local plan_cache_mode to force_custom_plan'

const settings = (tenantIds: readonly string[]): string =>
  `set local app.tenants to '${tenantIds.map(checkedTenantId).join(',')}'; ${planAnew}`

/** The setting is a list by commas, so nothing but a GUID may enter it. */
function checkedTenantId(tenantId: string): string {
  if (!guid.test(tenantId)) throw new TypeError(`Not a tenant id in lower case: ${JSON.stringify(tenantId)}`)
  return tenantId
}

/** A span for each transaction: what its statements are called says less than how long they take together. */
const inTransactionSpan = <T>(run: () => Promise<T>): Promise<T> =>
  inSpan('transaction', { kind: 'CLIENT', attributes: { 'db.system.name': 'postgresql' } }, () =>
    withoutParameters(run()),
  )

/** Drizzle writes every parameter into its message, and messages end in logs: what is thrown is the driver's own error. */
async function withoutParameters<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw error instanceof DrizzleQueryError ? (error.cause ?? new Error('The database refused a statement.')) : error
  }
}
