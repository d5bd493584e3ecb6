/** What all gateways together have used up of each rate limit. */
import { sql } from 'drizzle-orm'
import type { Tx } from './connection.ts'

export interface UsedUp {
  /** An operator or a tenant. */
  subject: string
  budget: string
  /** How long what was used takes to be free again. */
  ms: number
}

/** Adds what one gateway counted, and answers how long it takes from now until each budget is free as a whole. */
export async function settleRateLimits(tx: Tx, used: readonly UsedUp[]): Promise<UsedUp[]> {
  const column = <T>(of: (one: UsedUp) => T) => sql.param(used.map(of))
  // In one order, so that two gateways never wait for each other.
  const rows = await tx.execute<{ subject: string; budget: string; ms: number }>(sql`
    insert into rate_limit (subject, budget, full_at)
    select subject, budget, now() + ms * interval '1 millisecond'
    from unnest(${column(({ subject }) => subject)}::uuid[], ${column(({ budget }) => budget)}::text[], ${column(({ ms }) => ms)}::float8[])
      as used (subject, budget, ms)
    order by subject, budget
    on conflict (subject, budget) do update set full_at = greatest(rate_limit.full_at, now()) + (excluded.full_at - now())
    returning subject, budget, (extract(epoch from full_at - now()) * 1000)::float8 as ms`)
  return rows.map(({ subject, budget, ms }) => ({ subject, budget, ms }))
}
