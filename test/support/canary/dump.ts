import { openClient } from '../../../src/db/driver.ts'
import type { Collector } from './collect.ts'

/** The roles that own tables. */
export interface DatabaseOwners {
  ownerUrl: string
  jobsUrl: string
}

/** Hands over every value of every table, also what row-level security hides. The database stays as it is. */
export async function dumpDatabase({ ownerUrl, jobsUrl }: DatabaseOwners, canary: Collector): Promise<void> {
  const dumped = [...(await dumpAs(ownerUrl, canary)), ...(await dumpAs(jobsUrl, canary))]
  const client = connected(ownerUrl)
  try {
    const tables = await client<{ name: string }[]>`select ${client.unsafe(fullName)} as name ${client.unsafe(from)}`
    const left = tables.filter(({ name }) => !dumped.includes(name)).map(({ name }) => name)
    if (left.length > 0) throw new Error(`These tables belong to another role and were not scanned: ${left.join(', ')}`)
  } finally {
    await client.end({ timeout: 5 })
  }
}

const connected = (url: string) => openClient(url, { connection: { lock_timeout: 20_000 } })

const fullName = "format('%I.%I', n.nspname, c.relname)"
/** A partitioned table stands for its partitions. */
const from = `from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|information_schema$)'`

/** The tables that the role owns. */
async function dumpAs(url: string, canary: Collector): Promise<string[]> {
  const client = connected(url)
  const undone = new Error('Nothing of it stays')
  const names: string[] = []
  try {
    await client.begin(async (tx) => {
      const tables = await tx<{ name: string; values: string }[]>`
        select ${tx.unsafe(fullName)} as name, (
          select string_agg(format('coalesce(%I::text, '''')', a.attname)
            || case when a.atttypid = 'bytea'::regtype then format(', encode(%I, ''escape'')', a.attname) else '' end, ', ')
          from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as values
        ${tx.unsafe(from)} and c.relowner = (select oid from pg_roles where rolname = current_user)`
      for (const { name, values } of tables) {
        await tx.unsafe(`alter table ${name} no force row level security`)
        const rows = await tx.unsafe(`select concat_ws(E'\\n', ${values}) as text from ${name}`)
        canary.written('table', name, rows.map(({ text }) => text).join('\n'))
        names.push(name)
      }
      throw undone
    })
  } catch (error) {
    if (error !== undone) throw error
  } finally {
    await client.end({ timeout: 5 })
  }
  return names
}
