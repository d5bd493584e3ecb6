/** Taking records in against a plain COPY of the same rows, and pages of events in a large table against a small one. */
import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { makeManyEvents } from '../test/support/many-events.ts'
import { type BenchDatabase, type BenchDatabases, withDatabases } from './databases.ts'
import { measureImport, showImport } from './event-import.ts'
import { measurePages, showPages } from './event-pages.ts'

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
    /** A folder where the tables stay for the next run. */
    dir: { type: 'string' },
  },
})
const settings = options.smoke
  ? { sizes: [500, 1_000, 2_000], records: 300, tenants: 20, rounds: 2, takes: 1 }
  : {
      sizes: [10_000, 200_000, Number(options.size)],
      records: Number(options.records),
      tenants: 2000,
      rounds: Number(options.rounds),
      takes: 9,
    }

async function pagesOf({ filled }: BenchDatabases) {
  const bases = new Map<number, BenchDatabase>()
  try {
    for (const events of settings.sizes.toSorted((a, b) => a - b)) {
      const fill = (ownerUrl: string) => makeManyEvents(ownerUrl, { events, tenants: settings.tenants })
      bases.set(events, await filled(`events_${events}`, fill))
    }
    return await measurePages(bases, settings)
  } finally {
    for (const base of bases.values()) await base.close()
  }
}

await withDatabases(
  async (databases) => {
    // A tenant's own feed, and a partner's file of all tenants.
    const imports = []
    for (const tenants of options.only === 'pages' ? [] : [1, settings.tenants])
      imports.push(await measureImport(databases.make, { ...settings, tenants }))
    const pages = options.only === 'import' ? [] : await pagesOf(databases)
    const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version }
    if (options.json) {
      console.log(JSON.stringify({ settings, machine, imports, pages }))
      return
    }
    const { cpu, cores, node } = machine
    console.log(`${cores} × ${cpu}, Node.js ${node}; medians of ${settings.rounds} rounds in turns (least–most)`)
    for (const measured of imports) showImport(measured)
    if (pages.length > 0) showPages(pages)
    const verdicts = [...imports, ...pages].flatMap(({ verdict }) => verdict ?? [])
    if (!options.smoke) console.log(`\n${verdicts.filter(({ met }) => met).length} of ${verdicts.length} goals met`)
  },
  { kept: options.dir },
)
