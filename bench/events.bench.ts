/** Taking records in against a plain COPY of the same rows, and pages of events in a large table against a small one. */
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import type { EventFilter } from '../src/db/event-search.ts'
import { pageOfEvents } from '../src/db/events.ts'
import { newId } from '../src/db/ids.ts'
import { classify } from '../src/services/events/classify.ts'
import { importRecords } from '../src/services/events/import.ts'
import type { ImportLine } from '../src/services/events/lines.ts'
import { type Accepted, introduceTenantsOf, storeAccepted, tenantsIn } from '../src/services/events/store.ts'
import { makeManyEvents, manyTenantIds, userOf } from '../test/support/many-events.ts'
import { auditLines } from './audit-lines.ts'
import { type BenchDatabase, copyAll, withDatabases } from './databases.ts'
import { millisecondsOf, type Spread, shown, spreadOf } from './rounds.ts'

const { values: options } = parseArgs({
  args: process.argv.slice(2).filter((_, index, all) => all.slice(0, index + 1).some((one) => one.startsWith('-'))),
  options: {
    /** Events of the large table. */
    size: { type: 'string', default: '1000000' },
    records: { type: 'string', default: '3000' },
    rounds: { type: 'string', default: '5' },
    /** Tiny: shows that it runs, measures nothing. */
    smoke: { type: 'boolean', default: false },
    /** `import` or `pages`. */
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const settings = options.smoke
  ? { small: 500, large: 2_000, records: 300, tenants: 20, rounds: 2 }
  : {
      small: 10_000,
      large: Number(options.size),
      records: Number(options.records),
      tenants: 2000,
      rounds: Number(options.rounds),
    }
const { rounds, tenants } = settings

type Measured = Record<string, number[]>
const note = (measured: Measured, name: string, value: number) => {
  measured[name] ??= []
  measured[name].push(value)
}
const spreads = (measured: Measured): Record<string, Spread> =>
  Object.fromEntries(Object.entries(measured).map(([name, all]) => [name, spreadOf(all)]))

/** Records a second of each stage, and of the COPY; and each as a part of that COPY's. */
async function measureImport(make: () => Promise<BenchDatabase>, tenants: number) {
  const [perSecond, ofCopy]: [Measured, Measured] = [{}, {}]
  for (let round = 0; round < rounds; round++) {
    const lines = auditLines({ records: settings.records, tenants, seed: round + 1 })
    const bases = [await make(), await make(), await make()] as const
    const [alone, whole, copied] = bases
    const accepted: Accepted[] = []
    const times = {
      classify: await millisecondsOf(async () => {
        for (const line of lines) {
          const classified = classify(JSON.parse(line))
          if ('tenantId' in classified) accepted.push(classified)
        }
      }),
      store: await millisecondsOf(() => storeAll(alone, accepted)),
      both: await millisecondsOf(() =>
        importRecords({ db: whole.db, now: () => new Date() }, asLines(lines), { source: 'FEED' }),
      ),
      copy: await copyAll(whole, copied),
    }
    for (const [stage, time] of Object.entries(times)) {
      note(perSecond, stage, (lines.length / time) * 1000)
      note(ofCopy, stage, times.copy / time)
    }
    for (const base of bases) await base.close()
  }
  return { perSecond: spreads(perSecond), ofCopy: spreads(ofCopy) }
}

async function* asLines(texts: readonly string[]): AsyncGenerator<ImportLine> {
  for (const [index, text] of texts.entries()) yield { line: index + 1, text }
}

/** In the batches of an import. */
async function storeAll({ db }: BenchDatabase, accepted: readonly Accepted[]): Promise<void> {
  for (let begin = 0; begin < accepted.length; begin += 500) {
    const batch = accepted.slice(begin, begin + 500)
    await db.withTenants(tenantsIn(batch), async (tx) => {
      await introduceTenantsOf(tx, batch)
      await storeAccepted(tx, batch, 'FEED')
    })
  }
}

const filters: Record<string, EventFilter> = {
  all: {},
  'HIGH only': { minSeverity: 'HIGH' },
  'one type': { types: ['ROLE_ASSIGNED'] },
  'one user': { userPrincipalName: userOf(1, 1).userPrincipalName },
}
const ids = manyTenantIds(tenants)
const scopes = { 'one tenant': ids.slice(0, 1), '50 tenants': ids.slice(0, 50), [`${tenants} tenants`]: ids }

/** Milliseconds of a page of 50 in either table, and how many times those of the small one the large one takes. */
async function measurePages(make: () => Promise<BenchDatabase>) {
  const bases = { small: await make(), large: await make() }
  await makeManyEvents(bases.small.ownerUrl, { events: settings.small, tenants })
  await makeManyEvents(bases.large.ownerUrl, { events: settings.large, tenants })
  const deep = newId(new Date(Date.now() - 180 * 86_400_000))
  const [times, ratios]: [Record<'small' | 'large', Measured>, Measured] = [{ small: {}, large: {} }, {}]
  // The first round only warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const [scope, tenantIds] of Object.entries(scopes)) {
      for (const [filtered, filter] of Object.entries(filters)) {
        for (const [place, after] of [
          ['first', undefined],
          ['deep', deep],
        ] as const) {
          const name = `${scope}, ${filtered}, ${place} page`
          const measure = (base: BenchDatabase) =>
            medianOf(options.smoke ? 1 : 9, () =>
              base.db.withTenants(tenantIds, (tx) => pageOfEvents(tx, { tenantIds, filter, first: 50, after })),
            )
          const [small, large] = [await measure(bases.small), await measure(bases.large)]
          if (round === 0) continue
          note(times.small, name, small)
          note(times.large, name, large)
          note(ratios, name, large / small)
        }
      }
    }
  }
  return { small: spreads(times.small), large: spreads(times.large), ratio: spreads(ratios) }
}

async function medianOf(times: number, work: () => Promise<unknown>): Promise<number> {
  const all: number[] = []
  for (let n = 0; n < times; n++) all.push(await millisecondsOf(work))
  return spreadOf(all).median
}

type Taken = Awaited<ReturnType<typeof measureImport>>
type Pages = Awaited<ReturnType<typeof measurePages>>

function showImport({ perSecond, ofCopy }: Taken, tenants: number): void {
  console.log(
    `\nTaking in ${settings.records} records of ${tenants} tenant${tenants === 1 ? '' : 's'}: records a second, and how much of a plain COPY's`,
  )
  for (const [stage, spread] of Object.entries(perSecond)) {
    const part = ofCopy[stage]
    console.log(`  ${stage.padEnd(10)} ${shown(spread).padEnd(28)} ${part ? shown(part) : ''}`)
  }
}

function showPages({ small, large, ratio }: Pages): void {
  console.log(`\nPages of 50: ms at ${settings.small} events, ms at ${settings.large}, ratio`)
  for (const [name, times] of Object.entries(ratio)) {
    const columns = [small[name], large[name]].map((spread) => (spread ? shown(spread) : '').padEnd(20))
    console.log(`  ${name.padEnd(36)} ${columns.join(' ')} ${shown(times)}`)
  }
}

await withDatabases(async (make) => {
  // A tenant's own feed, and a partner's file of all tenants.
  const oneTenant = options.only === 'pages' ? null : await measureImport(make, 1)
  const allTenants = options.only === 'pages' ? null : await measureImport(make, tenants)
  const pages = options.only === 'import' ? null : await measurePages(make)
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version }
  if (options.json) {
    console.log(JSON.stringify({ settings, machine, import: { oneTenant, allTenants }, pages }))
    return
  }
  const { cpu, cores, node } = machine
  console.log(`${cores} × ${cpu}, Node.js ${node}; medians of ${rounds} rounds in turns (least–most)`)
  if (oneTenant) showImport(oneTenant, 1)
  if (allTenants) showImport(allTenants, tenants)
  if (pages) showPages(pages)
})
