/** Pages of events in a large table, against those of a table that is just large enough to fill them. */
import { sql } from 'drizzle-orm'
import type { EventFilter, EventPageRequest } from '../src/db/event-search.ts'
import { eventPageStatement, indexesOnly, pageOfEvents } from '../src/db/events.ts'
import { newId } from '../src/db/ids.ts'
import { manyTenantIds, userOf } from '../test/support/many-events.ts'
import type { BenchDatabase } from './databases.ts'
import { type Measured, millisecondsOf, note, type Spread, shown, spreadOf, type Verdict, verdictOf } from './rounds.ts'

const timesMax = 1.2
const first = 50

const filters: Record<string, EventFilter> = {
  all: {},
  'HIGH only': { minSeverity: 'HIGH' },
  'one type': { types: ['ROLE_ASSIGNED'] },
  'one user': { userPrincipalName: userOf(1, 1).userPrincipalName },
}

export interface PageMeasured {
  name: string
  /** Events of the smallest table that fills the page as the largest one does: what the page is compared with, if there is one. */
  comparedWith: number | null
  /** By the number of events: rows that the page holds, and blocks that its statement looks at, which no noise changes. */
  rows: Record<number, number>
  blocks: Record<number, number>
  ms: Record<number, Spread>
  times: Spread | null
  verdict: Verdict | null
}

/** `bases` by their number of events, in ascending order. */
export async function measurePages(
  bases: ReadonlyMap<number, BenchDatabase>,
  { tenants, rounds, takes }: { tenants: number; rounds: number; takes: number },
): Promise<PageMeasured[]> {
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
  const measured: PageMeasured[] = []
  for (const [name, request] of requests) {
    const [rows, blocks]: [Record<number, number>, Record<number, number>] = [{}, {}]
    for (const [size, base] of bases) [rows[size], blocks[size]] = await workOf(base, request)
    const comparedWith = sizes.find((size) => size < largest && rows[size] === rows[largest]) ?? null
    const [small = [], large = []] = [ms[name]?.[comparedWith ?? largest], ms[name]?.[largest]]
    const ratios = spreadOf(large.map((time, round) => time / (small[round] ?? Number.NaN)))
    const times = comparedWith === null ? null : ratios
    measured.push({
      name,
      comparedWith,
      rows,
      blocks,
      ms: Object.fromEntries(sizes.map((size) => [size, spreadOf(ms[name]?.[size] ?? [])])),
      times,
      verdict: times && verdictOf(times, { atMost: timesMax }),
    })
  }
  return measured
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

/** Rows of the page, one more than it shows, and blocks. */
async function workOf({ db }: BenchDatabase, request: EventPageRequest): Promise<[rows: number, blocks: number]> {
  return db.withTenants(request.tenantIds, async (tx) => {
    await tx.execute(indexesOnly)
    const [row] = await tx.execute<{ 'QUERY PLAN': { Plan: Record<string, number> }[] }>(
      sql`explain (analyze, buffers, timing off, format json) ${eventPageStatement(request)}`,
    )
    const plan = row?.['QUERY PLAN'][0]?.Plan ?? {}
    return [plan['Actual Rows'] ?? 0, (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0)]
  })
}

export function showPages(pages: readonly PageMeasured[]): void {
  const largest = Math.max(...Object.keys(pages[0]?.ms ?? {}).map(Number))
  console.log(
    `\nPages of ${first} at ${largest} events and in the smallest table that fills them: ms and blocks; how many times the ms`,
  )
  for (const { name, comparedWith, ms, blocks, rows, times, verdict } of pages) {
    const told = (size: number) =>
      `${(ms[size] ? shown(ms[size]) : '').padEnd(18)} ${String(blocks[size]).padStart(6)} blocks`
    const small = comparedWith === null ? '' : `${comparedWith}: ${told(comparedWith)}`
    const ratio = times === null ? `not judged: ${rows[largest]} rows` : shown(times)
    console.log(
      `  ${name.padEnd(36)} ${told(largest)}   ${small.padEnd(42)} ${ratio.padEnd(18)} ${verdict?.said ?? ''}`,
    )
  }
}
