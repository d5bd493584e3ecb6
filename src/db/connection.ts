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
}

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Opens no connection yet: the first statement does, and rejects if there is no server. */
export function connect({ url, max = 10, applicationName = 'tourniquet' }: ConnectOptions): Database {
  const client = postgres(url, {
    max,
    prepare: true,
    connect_timeout: 10,
    onnotice: () => {},
    connection: { application_name: applicationName },
  })
  let sent = 0
  let uncounted = 0
  const db = drizzle(client, { logger: { logQuery: () => sent++ } })

  return {
    async withTenants(tenantIds, work) {
      const tenants = tenantIds.map(checkedTenantId).join(',')
      return withoutParameters(
        db.transaction(async (tx) => {
          uncounted += 1
          await tx.execute(sql`select set_config('app.tenants', ${tenants}, true)`)
          return work(tx)
        }),
      )
    },
    plain: (work) => withoutParameters(db.transaction(work)),
    single: (work) => withoutParameters(work(db)),
    listen(channel, { notified, listening }) {
      // Rejects while the database is away; the driver goes on trying.
      const begun = client.listen(channel, notified, listening).catch(() => null)
      return async () => {
        await (await begun)?.unlisten().catch(() => {})
      }
    },
    async ping() {
      uncounted += 1
      await withoutParameters(db.execute(sql`select 1`))
    },
    statements: () => sent - uncounted,
    close: () => client.end({ timeout: 5 }),
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
