/** Taking records in against a plain COPY of the same rows, and pages of events in a large table against a small one. */
import { makeManyEvents } from '../test/support/many-events.ts'
import { type BenchDatabase, type BenchDatabases, withDatabases } from './databases.ts'
import { measureImport } from './event-import.ts'
import { measurePages } from './event-pages.ts'
import { type Line, report } from './goals.ts'
import { readOptions } from './options.ts'

const { smoke, size, records, rounds, only, dir } = readOptions({ usualRounds: 5 })
const settings = smoke
  ? { sizes: [500, 1_000, size], records, tenants: 20, rounds, takes: 1 }
  : { sizes: [10_000, 200_000, size], records, tenants: 2000, rounds, takes: 9 }

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
    const lines: Line[] = []
    // A tenant's own feed, and a partner's file of all tenants.
    for (const tenants of only === 'pages' ? [] : [1, settings.tenants])
      lines.push(...(await measureImport(databases.make, { ...settings, tenants })))
    if (only !== 'import') lines.push(...(await pagesOf(databases)))
    report('events', lines, settings)
  },
  { kept: dir },
)
