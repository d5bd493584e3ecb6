/**
 * A client of the driver, for one connection. Set so that it never asks the server for its array types by itself: nobody waits for
 * that statement, and a server that goes away during it would end the process. What it would have learnt stands here.
 */
import { makePgArray } from 'drizzle-orm/pg-core'
import postgres, { type Options, type PostgresType, type Sql } from 'postgres'
import { parse } from 'postgres-array'

export type Client = Sql

/** What the server says when it refuses. */
export const { PostgresError } = postgres

const arrayOf = (oid: number, parsed: (text: string) => unknown = String): PostgresType => ({
  to: oid,
  from: [oid],
  // Drizzle's array columns are text already.
  serialize: (value: unknown) => (Array.isArray(value) ? makePgArray(value) : value),
  parse: (text: string) => parse(text, parsed),
})

/** By the numbers that PostgreSQL gives its types, the same in every database (pg_type.dat). */
const types = {
  texts: arrayOf(1009),
  uuids: arrayOf(2951),
  integers: arrayOf(1007, Number),
  doubles: arrayOf(1022, Number),
}

/** Opens no connection yet: the first statement does. Of `options` the driver's own, e.g. `connection.application_name`. */
export const openClient = (url: string, options: Options<Record<string, PostgresType>> = {}): Client =>
  postgres(url, { max: 1, onnotice: () => {}, ...options, fetch_types: false, types }) as unknown as Client
