/** `tourniquet audit …` */
import { type AuditEntryRow, appendAudit, pageOfAuditEntries, verifyAuditChain } from '../db/audit.ts'
import type { Database } from '../db/connection.ts'
import { listAllTenants } from '../db/tenants.ts'
import { byCommand } from './audit-entries.ts'
import { withDatabase } from './database.ts'
import { parseTenantId } from './operators.ts'
import { type Answer, CommandFault, table } from './output.ts'

const pageSize = 500

/** Checks the chain of one tenant or of all; exit status 1 when one is broken. */
export const verify = (options: { tenant?: string; by: string }): Promise<Answer> =>
  withDatabase(async (db) => {
    const tenants = await wanted(db, options.tenant)
    const chains = []
    for (const { id, name } of tenants) {
      chains.push(
        await db.withTenants([id], async (tx) => {
          const { rows, fault } = await verifyAuditChain(tx, id)
          await appendAudit(tx, [byCommand(id, 'audit.verified', options.by, { rows, fault })])
          return { tenantId: id, name, rows, fault }
        }),
      )
    }
    const broken = chains.filter(({ fault }) => fault !== null)
    const lines = chains.map((one) => [
      one.tenantId,
      one.rows,
      one.fault ? `entry ${one.fault.seq}: ${one.fault.what}` : 'sound',
      one.name,
    ])
    return {
      json: { sound: broken.length === 0, tenants: chains },
      text: `${table([['TENANT', 'ENTRIES', 'CHAIN', 'NAME'], ...lines])}${
        broken.length > 0
          ? '\n\nEntries were changed, removed or reordered: compare with an export, and find out who holds the role "owner".'
          : ''
      }`,
      exitStatus: broken.length === 0 ? 0 : 1,
    }
  })

/** All entries of a tenant, newest first: given to `onEntries` page by page, however many they are. */
export const exportEntries = (options: {
  tenant: string
  by: string
  onEntries(entries: ExportedEntry[]): void
}): Promise<{ tenantId: string; rows: number }> =>
  withDatabase(async (db) => {
    const [tenant] = await wanted(db, options.tenant)
    if (!tenant) throw new CommandFault('No tenant is known.')
    let rows = 0
    let after: number | undefined
    for (;;) {
      const page = await db.withTenants([tenant.id], (tx) =>
        pageOfAuditEntries(tx, tenant.id, { first: pageSize, after }),
      )
      options.onEntries(page.entries.map(exported))
      rows += page.entries.length
      after = page.entries.at(-1)?.seq
      if (!page.hasNextPage) break
    }
    await db.withTenants([tenant.id], (tx) =>
      appendAudit(tx, [byCommand(tenant.id, 'audit.exported', options.by, { rows })]),
    )
    return { tenantId: tenant.id, rows }
  })

type ExportedEntry = ReturnType<typeof exported>

/** Hashes in hex, times in UTC. */
const exported = ({ previousHash, hash, ...entry }: AuditEntryRow) => ({
  ...entry,
  previousHash: previousHash.toString('hex'),
  hash: hash.toString('hex'),
})

async function wanted(db: Database, tenant: string | undefined): Promise<{ id: string; name: string }[]> {
  const tenants = await db.plain((tx) => listAllTenants(tx))
  if (tenant === undefined) return tenants
  const id = parseTenantId(tenant)
  const found = tenants.filter((one) => one.id === id)
  if (found.length === 0)
    throw new CommandFault(`No tenant ${id} is known: "tourniquet tenants list" shows those that are.`)
  return found
}
