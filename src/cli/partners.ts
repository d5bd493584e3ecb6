/** `tourniquet partners …` */
import type { Tx } from '../db/connection.ts'
import { listPartners as readPartners } from '../db/operator-lookups.ts'
import { upsertPartner } from '../db/operators.ts'
import { withDatabase } from './database.ts'
import { parseTenantId } from './operators.ts'
import { type Answer, CommandFault, table } from './output.ts'

/** Records a partner, or its new name. */
export async function createPartner(options: { name: string; tenant: string }): Promise<Answer> {
  const entraTenantId = parseTenantId(options.tenant)
  const partner = await withDatabase((db) => db.plain((tx) => upsertPartner(tx, { name: options.name, entraTenantId })))
  return {
    json: { partner: { id: partner.id, name: options.name, entraTenantId } },
    text: `${options.name} is partner ${partner.id}.\nNext: tourniquet access grant "partner:${options.name}" --tenant TENANT-ID --role Events.Read`,
  }
}

/** Every partner. */
export const listPartners = (): Promise<Answer> =>
  withDatabase(async (db) => {
    const partners = await db.plain((tx) => readPartners(tx))
    return {
      json: { partners },
      text:
        partners.length === 0
          ? 'There are no partners.'
          : table([
              ['PARTNER', 'ENTRA TENANT', 'NAME'],
              ...partners.map((one) => [one.id, one.entraTenantId, one.name]),
            ]),
    }
  })

/** The one partner of that name or id; throws a sentence otherwise. */
export async function findPartner(tx: Tx, nameOrId: string): Promise<{ id: string; name: string }> {
  const wanted = nameOrId.toLowerCase()
  const found = (await readPartners(tx)).filter((one) => one.id === wanted || one.name.toLowerCase() === wanted)
  const [partner, other] = found
  if (!partner) throw new CommandFault(`No partner is called "${nameOrId}": "tourniquet partners list" shows them.`)
  if (other)
    throw new CommandFault(
      `Several partners are called "${nameOrId}": use the id that "tourniquet partners list" shows.`,
    )
  return partner
}
