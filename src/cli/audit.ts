/** `tourniquet audit …` */
import { type AuditEntryRow, appendAudit, pageOfAuditEntries } from '../db/audit.ts'
import type { AuditFault } from '../db/audit-chain.ts'
import { recordVerified } from '../db/audit-checks.ts'
import type { Database } from '../db/connection.ts'
import { listAllTenants } from '../db/tenants.ts'
import { ocsfEventOf, ocsfEventOfHead } from '../services/audit/ocsf.ts'
import { type SignedHead, signHead } from '../services/audit/signed-heads.ts'
import { verifyTrail } from '../services/audit/verify.ts'
import { byCommand } from './audit-entries.ts'
import { sealingKeys, withDatabase } from './database.ts'
import { readKeptHeads } from './kept-heads.ts'
import { parseTenantId } from './operators.ts'
import { type Answer, CommandFault, table, wrongUse } from './output.ts'

const pageSize = 500
const rowsBetweenWords = 100_000

/** Checks the chain and the signed heads of one tenant or of all; exit status 1 when anything is wrong. */
export const verify = (options: { tenant?: string; head?: string; by: string }): Promise<Answer> =>
  withDatabase(async (db) => {
    const keys = sealingKeys()
    const kept = options.head === undefined ? [] : await readKeptHeads(options.head)
    const tenants = await toVerify(db, options, kept)
    const chains = []
    for (const { id, name } of tenants) {
      const onRows = (rows: number, total: number) => {
        if (rows > 0 && rows % rowsBetweenWords === 0)
          process.stderr.write(`${name ?? id}: ${rows} of ${total} entries so far\n`)
      }
      chains.push(
        await db.withTenants([id], async (tx) => {
          const ofTenant = kept.filter(({ tenantId }) => tenantId === id)
          const { rows, fault, ...heads } = await verifyTrail(tx, keys, id, { kept: ofTenant, onRows })
          if (name !== null)
            await appendAudit(tx, [byCommand(id, 'audit.verified', options.by, { rows, fault, ...heads })])
          // What only a kept head tells, the worker would not find again.
          if (name !== null && options.head === undefined) await recordVerified(tx, id, new Date(), fault)
          return { tenantId: id, name, rows, ...heads, keptHeads: ofTenant.length, fault }
        }),
      )
    }
    const broken = chains.filter(({ fault }) => fault !== null)
    const lines = chains.map((one) => [
      one.tenantId,
      one.rows,
      one.signedUpTo,
      one.fault ? `entry ${one.fault.seq}: ${one.fault.what}` : 'sound',
      one.name,
    ])
    return {
      json: { sound: broken.length === 0, tenants: chains },
      text: `${table([['TENANT', 'ENTRIES', 'SIGNED UP TO', 'CHAIN', 'NAME'], ...lines])}${
        broken.length > 0
          ? '\n\nEntries were changed, removed or reordered: compare with an export, and find out who holds the role "owner".'
          : ''
      }`,
      exitStatus: broken.length === 0 ? 0 : 1,
    }
  })

export type ExportFormat = 'jsonl' | 'ocsf'

/**
 * All entries of a tenant up to its signed head, newest first: given to `onEntries` page by page, however many they are. A
 * broken trail is exported as it is, without a head.
 */
export const exportEntries = (options: {
  tenant: string
  format: ExportFormat
  by: string
  /** The head itself, and as a line of the format. */
  onHead(head: SignedHead, line: object): void
  onEntries(entries: object[]): void
}): Promise<{ tenantId: string; rows: number; fault: AuditFault | null }> =>
  withDatabase(async (db) => {
    const isOcsf = options.format === 'ocsf'
    const lineOf: (entry: AuditEntryRow) => object = isOcsf ? ocsfEventOf : exported
    const keys = sealingKeys()
    const [tenant] = await wanted(db, options.tenant)
    if (!tenant) throw new CommandFault('No tenant is known.')
    const { head, fault } = await signHead({ db, sealingKeys: keys, now: () => new Date() }, tenant.id)
    if (head) options.onHead(head, isOcsf ? ocsfEventOfHead(head) : { head })
    let rows = 0
    let after = head === null ? undefined : head.seq + 1
    for (;;) {
      const page = await db.withTenants([tenant.id], (tx) =>
        pageOfAuditEntries(tx, tenant.id, { first: pageSize, after }),
      )
      options.onEntries(page.entries.map(lineOf))
      rows += page.entries.length
      after = page.entries.at(-1)?.seq
      if (!page.hasNextPage) break
    }
    await db.withTenants([tenant.id], (tx) =>
      appendAudit(tx, [byCommand(tenant.id, 'audit.exported', options.by, { rows, format: options.format, head })]),
    )
    return { tenantId: tenant.id, rows, fault }
  })

/** Hashes in hex, times in UTC. */
const exported = ({ previousHash, hash, ...entry }: AuditEntryRow) => ({
  ...entry,
  previousHash: previousHash.toString('hex'),
  hash: hash.toString('hex'),
})

interface Known {
  id: string
  /** Null for a tenant that only a kept head knows: its whole trail is gone. */
  name: string | null
}

async function toVerify(db: Database, options: { tenant?: string; head?: string }, kept: readonly SignedHead[]) {
  const tenants: Known[] = await wanted(db, options.tenant)
  if (options.tenant === undefined) {
    const ids = new Set(tenants.map(({ id }) => id))
    const lost = new Set(kept.map(({ tenantId }) => tenantId).filter((id) => !ids.has(id)))
    return [...tenants, ...[...lost].map((id): Known => ({ id, name: null }))]
  }
  if (options.head !== undefined && !kept.some(({ tenantId }) => tenantId === tenants[0]?.id))
    throw wrongUse(`${options.head} holds no signed head of the tenant ${options.tenant}.`)
  return tenants
}

async function wanted(db: Database, tenant: string | undefined): Promise<{ id: string; name: string }[]> {
  const tenants = await db.plain((tx) => listAllTenants(tx))
  if (tenant === undefined) return tenants
  const id = parseTenantId(tenant)
  const found = tenants.filter((one) => one.id === id)
  if (found.length === 0)
    throw new CommandFault(`No tenant ${id} is known: "tourniquet tenants list" shows those that are.`)
  return found
}
