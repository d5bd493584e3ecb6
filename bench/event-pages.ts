/** Pages of events in a large table, against those of a table that is just large enough to fill them. */
import { sql } from 'drizzle-orm'
import type { EventFilter, EventPageRequest } from '../src/db/event-search.ts'
import { eventPageStatement, indexesOnly, pageOfEvents } from '../src/db/events.ts'
import { newId } from '../src/db/ids.ts'
import { manyTenantIds, userOf } from '../test/support/many-events.ts'
import type { BenchDatabase } from './databases.ts'
import type { Line } from './goals.ts'
import { type Measured, millisecondsOf, note, shown, spreadOf } from './rounds.ts'

const timesMax = 1.2
const first = 50

const filters: Record<string, EventFilter> = {
  all: {},
  'HIGH only': { minSeverity: 'HIGH' },
  'one type': { types: ['ROLE_ASSIGNED'] },
  'one user': { userPrincipalName: userOf(1, 1).userPrincipalName },
}

/**
 * How many times the milliseconds of the smallest table that fills the page as the largest one does, if there is one; beside it the blocks that
 * its statement looks at, which no noise changes. `bases` by their number of events, in ascending order.
 */
export async function measurePages(
  bases: ReadonlyMap<number, BenchDatabase>,
  { tenants, rounds, takes }: { tenants: number; rounds: number; takes: number },
): Promise<Line[]> {
  const requests = pagesOf(tenants)
  const sizes = [...bases.keys()]
  const largest = sizes.at(-1) ?? 0
  const ms: Record<string, Measured> = {}
  // The first round only warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const [name, request] of requests) {
      // Take by take in turns: what else the machine does slows all of them down alike.
      const all = new Map([...bases.keys()].map((size): [number, number[]] => [size, []]))
      for (let take = 0; take < takes; take++) {
        for (const [size, { db }] of bases) {
          const page = () => db.withTenants(request.tenantIds, (tx) => pageOfEvents(tx, request))
          all.get(size)?.push(await millisecondsOf(page))
        }
      }
      ms[name] ??= {}
      if (round > 0) for (const [size, taken] of all) note(ms[name], String(size), spreadOf(taken).median)
    }
  }
  const lines: Line[] = []
  for (const [name, request] of requests) {
    const work = new Map<number, PageWork>()
    for (const [size, base] of bases) work.set(size, await workOf(base, request))
    const told = (size: number) =>
      `${size}: ${shown(spreadOf(ms[name]?.[size] ?? []))} ms, ${work.get(size)?.blocks} blocks`
    const { rows } = work.get(largest) ?? {}
    const small = sizes.find((size) => size < largest && work.get(size)?.rows === rows)
    const times = (ms[name]?.[largest] ?? []).map(
      (time, round) => time / (ms[name]?.[small ?? 0]?.[round] ?? Number.NaN),
    )
    lines.push(
      small === undefined
        ? { what: `${name}: ${rows} rows, not judged`, values: [], beside: told(largest) }
        : {
            goal: 'events at size',
            what: `${name}, times that of a small table`,
            values: times,
            limit: { atMost: timesMax },
            beside: `${told(small)}; ${told(largest)}`,
          },
    )
  }
  return lines
}

function pagesOf(tenants: number): Map<string, EventPageRequest> {
  const ids = manyTenantIds(tenants)
  const scopes = { 'one tenant': ids.slice(0, 1), '50 tenants': ids.slice(0, 50), [`${tenants} tenants`]: ids }
  const places = { first: undefined, deep: newId(new Date(Date.now() - 180 * 86_400_000)) }
  const pages = new Map<string, EventPageRequest>()
  for (const [scope, tenantIds] of Object.entries(scopes))
    for (const [filtered, filter] of Object.entries(filters))
      for (const [place, after] of Object.entries(places))
        pages.set(`${scope}, ${filtered}, ${place} page`, { tenantIds, filter, first, after })
  return pages
}

interface PageWork {
  /** One more than the page shows, if there is one. */
  rows: number
  blocks: number
}

async function workOf({ db }: BenchDatabase, request: EventPageRequest): Promise<PageWork> {
  return db.withTenants(request.tenantIds, async (tx) => {
    await tx.execute(indexesOnly)
    const [row] = await tx.execute<{ 'QUERY PLAN': { Plan: Record<string, number> }[] }>(
      sql`explain (analyze, buffers, timing off, format json) ${eventPageStatement(request)}`,
    )
    const plan = row?.['QUERY PLAN'][0]?.Plan ?? {}
    return {
      rows: plan['Actual Rows'] ?? 0,
      blocks: (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0),
    }
  })
}
