import { openClient } from '../../src/db/driver.ts'
import type { TestDatabase } from './postgres.ts'

/** A statement as the owner, who here looks past row-level security: what is really stored. */
export async function ownerSql({ ownerUrl }: TestDatabase, statement: string): Promise<Record<string, unknown>[]> {
  const sql = openClient(ownerUrl)
  try {
    const [{ tenants } = { tenants: '' }] = await sql<{ tenants: string }[]>`
      select coalesce(string_agg(id::text, ','), '') as tenants from all_tenants()`
    return await sql.begin(async (tx) => {
      await tx`select set_config('app.tenants', ${tenants}, true)`
      return [...(await tx.unsafe(statement))]
    })
  } finally {
    await sql.end()
  }
}
