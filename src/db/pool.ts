/**
 * Connections, each for one transaction at a time. The driver's own pool would do, but for what it does when a connection is lost
 * in a transaction: it sends ROLLBACK on what is gone, which ends the process (https://github.com/porsager/postgres/issues/1208),
 * and lets what the transaction still sends run in the next one on that connection, which is of another tenant
 * (https://github.com/porsager/postgres/pull/1155). So each connection is a client of its own: thrown away once it is lost, and
 * deaf to a transaction that is over.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { DrizzleQueryError } from 'drizzle-orm'
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type { Sql } from 'postgres'

/** A running transaction. */
export type Tx = Parameters<Parameters<PostgresJsDatabase['transaction']>[0]>[0]

export interface Pool {
  /** `begin` are statements without parameters, sent together; null: each statement of the work is a transaction of its own. */
  transaction<T>(begin: string | null, work: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * For work that only reads, and a `begin` that says `read only`: its first statement goes along with `begin`, and nobody
   * waits for COMMIT. Should `begin` fail, the work fails, whatever came of that statement.
   */
  reading<T>(begin: string, work: (tx: Tx) => Promise<T>): Promise<T>
  /** After the transactions under way, which have five seconds. */
  close(): Promise<void>
}

export interface PoolOptions {
  max: number
  /** Opens a client of one connection; its end is told. */
  open(onClosed: () => void): Sql
  onStatement(): void
  /** After this time the connection of a transaction is given up; null: it takes as long as it takes. */
  transactionMs: number | null
}

interface Connection {
  client: Sql
  openedAt: number
  /** It has answered before. Until it is open, the driver may send what waits on another connection than BEGIN. */
  isOpen: boolean
  /** Texts of the statements that the server has prepared for it. */
  prepared: Set<string>
  isLost: boolean
  /** Of the transaction that holds it. */
  onLost: () => void
}

/** So that what a connection of the server remembers does not grow for ever. */
const lifetimeMs = 45 * 60_000
/** The first so many of a connection are prepared: what is asked for often is among them. */
const preparedMax = 200
const closingMs = 5_000

const fault = (code: string, message: string): Error => Object.assign(new Error(message), { code })
const connectionLost = () => fault('CONNECTION_CLOSED', 'The connection to the database was lost.')

export function createPool({ max, open, onStatement, transactionMs }: PoolOptions): Pool {
  const all = new Set<Connection>()
  const idle: Connection[] = []
  const waiting: ((connection: Connection) => void)[] = []
  let isClosing = false

  function make(): Connection {
    const connection: Connection = {
      client: open(() => discard(connection)),
      openedAt: Date.now(),
      isOpen: false,
      prepared: new Set(),
      isLost: false,
      onLost: () => {},
    }
    all.add(connection)
    return connection
  }

  function discard(connection: Connection): void {
    if (connection.isLost) return
    connection.isLost = true
    all.delete(connection)
    connection.onLost()
    void connection.client.end({ timeout: 0 })
  }

  async function take(): Promise<Connection> {
    if (isClosing) throw fault('CONNECTION_ENDED', 'The connection to the database was closed.')
    for (let found = idle.pop(); found; found = idle.pop()) {
      if (found.isLost) continue
      if (Date.now() - found.openedAt < lifetimeMs) return found
      discard(found)
    }
    return all.size < max ? make() : new Promise((resolve) => waiting.push(resolve))
  }

  function give(connection: Connection): void {
    connection.onLost = () => {}
    if (connection.isLost) {
      if (all.size < max) waiting.shift()?.(make())
      return
    }
    const next = waiting.shift()
    if (next) next(connection)
    else if (isClosing) discard(connection)
    else idle.push(connection)
  }

  async function run<T>(begin: string | null, work: (tx: Tx) => Promise<T>, isReading: boolean): Promise<T> {
    const connection = await take()
    const { client } = connection
    const lost = Promise.withResolvers<never>()
    lost.promise.catch(() => {})
    connection.onLost = () => lost.reject(connectionLost())
    const orLost = <R>(sent: Promise<R>): Promise<R> => Promise.race([sent, lost.promise])
    let isOver = false
    let beginFault: unknown = null
    let firstFault: unknown = null
    const unsafe = (...statement: Parameters<Sql['unsafe']>) => {
      if (connection.isLost) throw connectionLost()
      if (isOver) throw fault('25P01', 'The transaction is over: this statement came too late.')
      if (beginFault) throw beginFault
      onStatement()
      const [text, parameters = []] = statement
      const prepare = parameters.length > 0 && isPrepared(connection, text)
      const sent = client.unsafe(text, parameters, { prepare })
      sent.catch((error: unknown) => {
        firstFault ??= error
      })
      return sent
    }
    const timer =
      transactionMs === null
        ? undefined
        : setTimeout(() => {
            lost.reject(fault('CONNECTION_TIMEOUT', 'The database did not answer in time'))
            discard(connection)
          }, transactionMs)
    const release = () => {
      clearTimeout(timer)
      give(connection)
    }
    let ending: Promise<unknown> | null = null
    try {
      const begun: Promise<unknown> = begin === null ? Promise.resolve() : client.unsafe(begin)
      begun.catch((error: unknown) => {
        beginFault = error
      })
      if (!isReading || !connection.isOpen) await orLost(begun)
      // Async, because the work may return drizzle's query itself, which runs again for each who waits for it.
      const working = (async () => work(txOver({ unsafe, options: client.options })))()
      working.catch(() => {})
      await orLost(begun)
      const result = await orLost(working)
      isOver = true
      connection.isOpen = true
      // COMMIT after a statement that failed would undo everything without a word.
      if (firstFault) throw firstFault
      if (begin !== null) {
        const committed = orLost(client.unsafe('commit'))
        if (isReading) ending = committed
        else await committed
      }
      return result
    } catch (error) {
      isOver = true
      if (begin !== null && !connection.isLost) await orLost(client.unsafe('rollback')).catch(() => discard(connection))
      throw firstFault && isAborted(error) ? firstFault : error
    } finally {
      if (ending === null) release()
      else void ending.catch(() => discard(connection)).then(release)
    }
  }

  return {
    transaction: (begin, work) => run(begin, work, false),
    reading: (begin, work) => run(begin, work, true),
    async close() {
      isClosing = true
      for (const connection of idle.splice(0)) discard(connection)
      const until = Date.now() + closingMs
      while (all.size > 0 && Date.now() < until) await sleep(10)
      for (const connection of [...all]) discard(connection)
    },
  }
}

/** Whether the server has prepared it, or does so now. */
function isPrepared({ prepared }: Connection, text: string): boolean {
  if (prepared.size < preparedMax) prepared.add(text)
  return prepared.has(text)
}

/** Drizzle wants a whole client and uses these two members of it. */
function txOver(client: Pick<Sql, 'options'> & { unsafe(...statement: Parameters<Sql['unsafe']>): unknown }): Tx {
  return drizzle(client as Sql) as unknown as Tx
}

/** Said of each statement after the one that failed. */
function isAborted(error: unknown): boolean {
  const cause = error instanceof DrizzleQueryError ? error.cause : error
  return cause instanceof Error && 'code' in cause && cause.code === '25P02'
}
