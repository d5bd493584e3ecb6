/** Taking records in, against a plain COPY of the very rows that were stored. */
import { classify } from '../src/services/events/classify.ts'
import { importRecords } from '../src/services/events/import.ts'
import type { ImportLine } from '../src/services/events/lines.ts'
import { type Accepted, introduceTenantsOf, storeAccepted, tenantsIn } from '../src/services/events/store.ts'
import { auditLines } from './audit-lines.ts'
import { type BenchDatabase, copyAll } from './databases.ts'
import type { Line } from './goals.ts'
import { type Measured, millisecondsOf, note, shown, spreadOf } from './rounds.ts'

/** How much of a COPY's speed an import has to keep, all told. */
const goals = { oneTenant: 0.35, manyTenants: 0.25 }

/** The speed of each stage as a part of a COPY's, and records a second beside it. */
export async function measureImport(
  make: () => Promise<BenchDatabase>,
  { tenants, records, rounds }: { tenants: number; records: number; rounds: number },
): Promise<Line[]> {
  const [perSecond, ofCopy]: [Measured, Measured] = [{}, {}]
  for (let round = 0; round < rounds; round++) {
    const lines = auditLines({ records, tenants, seed: round + 1 })
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
  const of = `${records} records of ${tenants} tenant${tenants === 1 ? '' : 's'}`
  const goal = { atLeast: tenants === 1 ? goals.oneTenant : goals.manyTenants }
  return Object.entries(ofCopy).map(([stage, values]) => ({
    what: `${of}: ${stage}, part of a plain COPY's speed`,
    values,
    ...(stage === 'both' && { goal: 'events at size' as const, limit: goal }),
    beside: `${shown(spreadOf(perSecond[stage] ?? []))} a second`,
  }))
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
