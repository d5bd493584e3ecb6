/** The connection to Postgres. Nothing outside `src/db` sees the driver: services pass `Tx` on to repositories. */
import { DrizzleQueryError, sql } from 'drizzle-orm'
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'

/** A running transaction. */
export type Tx = Parameters<Parameters<PostgresJsDatabase['transaction']>[0]>[0]

export interface Database {
  /**
   * One transaction that sees and changes only rows of these tenants (row-level security). The setting ends with the
   * transaction, so the next user of the connection starts with no tenant at all. Rejects with what `work` throws; a
   * statement that fails rejects with the driver's error, whose `code` is Postgres' own.
   */
  withTenants<T>(tenantIds: readonly string[], work: (tx: Tx) => Promise<T>): Promise<T>
  /** One transaction without tenants: identity tables only, every other table is empty in it. */
  plain<T>(work: (tx: Tx) => Promise<T>): Promise<T>
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
  let sent = 0
  let uncounted = 0
  const createPool = () => {
    const client = postgres(url, {
      max,
      prepare: true,
      connect_timeout: 10,
      onnotice: () => {},
      connection: {
        application_name: applicationName,
        ...(timing && {
          statement_timeout: timing.statementMs,
          idle_in_transaction_session_timeout: timing.statementMs,
        }),
      },
    })
    return { client, db: drizzle(client, { logger: { logQuery: () => sent++ } }) }
  }
  let pool = createPool()
  // Its one connection hears until it is told not to.
  const { client: listener } = createPool()

  /** Statements of a connection that stands still are answered by nobody, not even with an error: all of its pool make way. */
  async function answered<T>(work: (db: PostgresJsDatabase) => Promise<T>): Promise<T> {
    const used = pool
    const working = withoutParameters(work(used.db))
    if (!timing) return working
    let timer: NodeJS.Timeout | undefined
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        if (pool === used) {
          pool = createPool()
          // Those that are answered may end.
          used.client.end({ timeout: 5 }).catch(() => {})
        }
        reject(new Error('The database did not answer in time'))
      }, timing.transactionMs)
    })
    return Promise.race([working, silence]).finally(() => clearTimeout(timer))
  }

  return {
    async withTenants(tenantIds, work) {
      const tenants = tenantIds.map(checkedTenantId).join(',')
      return answered((db) =>
        db.transaction(async (tx) => {
          uncounted += 1
          await tx.execute(sql`select set_config('app.tenants', ${tenants}, true)`)
          return work(tx)
        }),
      )
    },
    plain: (work) => answered((db) => db.transaction(work)),
    listen(channel, { notified, listening }) {
      // Rejects while the database is away; the driver goes on trying.
      const begun = listener.listen(channel, notified, listening).catch(() => null)
      return async () => {
        await (await begun)?.unlisten().catch(() => {})
      }
    },
    async ping() {
      uncounted += 1
      await answered((db) => db.execute(sql`select 1`))
    },
    statements: () => sent - uncounted,
    async close() {
      await Promise.all([pool.client, listener].map((client) => client.end({ timeout: 5 })))
    },
  }
}

/** The setting is a list by commas, so nothing but a GUID may enter it. */
function checkedTenantId(tenantId: string): string {
  if (!guid.test(tenantId)) throw new TypeError(`Not a tenant id in lower case: ${JSON.stringify(tenantId)}`)
  return tenantId
}

/** Drizzle writes every parameter into its message, and messages end in logs: what is thrown is the driver's own error. */
async function withoutParameters<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw error instanceof DrizzleQueryError ? (error.cause ?? new Error('The database refused a statement.')) : error
  }
}
