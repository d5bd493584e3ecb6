/** `tourniquet partners …` */
import { appendAudit } from '../db/audit.ts'
import type { Database, Tx } from '../db/connection.ts'
import { listMembers, operatorByIdentity, listPartners as readPartners } from '../db/operator-lookups.ts'
import { type AccessGrantRow, listAccess, upsertOperator, upsertPartner } from '../db/operators.ts'
import { byCommand } from './audit-entries.ts'
import { withDatabase } from './database.ts'
import { nameOfOperator, parseGrantee, parseTenantId } from './operators.ts'
import { type Answer, CommandFault, table, wrongUse } from './output.ts'

/** Records a partner, or its new name. */
export async function createPartner(options: { name: string; tenant: string }): Promise<Answer> {
  const entraTenantId = parseTenantId(options.tenant)
  const partner = await withDatabase((db) => db.plain((tx) => upsertPartner(tx, { name: options.name, entraTenantId })))
  return {
    json: { partner: { id: partner.id, name: options.name, entraTenantId } },
    text: [
      `${options.name} is partner ${partner.id}.`,
      `Next, a tenant that it looks after:  tourniquet access grant "partner:${options.name}" --tenant TENANT-ID --role Events.Read`,
      `and each of its technicians:         tourniquet partners add-member "${options.name}" person:${entraTenantId}/OBJECT-ID --name NAME`,
    ].join('\n'),
  }
}

/** Every partner with its members. */
export const listPartners = (): Promise<Answer> =>
  withDatabase(async (db) => {
    const { partners, members } = await db.plain(async (tx) => ({
      partners: await readPartners(tx),
      members: await listMembers(tx),
    }))
    const all = partners.map((partner) => ({
      ...partner,
      members: members
        .filter(({ partnerId }) => partnerId === partner.id)
        .map((one) => ({ operator: nameOfOperator(one), name: one.displayName })),
    }))
    const rows = all.flatMap((one) => [
      [one.id, one.entraTenantId, one.name],
      ...one.members.map(({ operator, name }) => ['  member', operator, name]),
    ])
    return {
      json: { partners: all },
      text: all.length === 0 ? 'There are no partners.' : table([['PARTNER', 'ENTRA TENANT', 'NAME'], ...rows]),
    }
  })

/** Lets an operator act wherever the partner may; in the audit of each of those tenants. */
export const addMember = (options: {
  partner: string
  operator: string
  name?: string
  email?: string
  by: string
}): Promise<Answer> => {
  const identity = parseMember(options.operator)
  return withDatabase(async (db) => {
    const { partner, grants, known } = await lookUp(db, options.partner, identity)
    if (known?.partnerId && known.partnerId !== partner.id) {
      throw new CommandFault(
        `${options.operator} is a member of another partner, and nobody can be of two: remove it there first ("tourniquet partners list").`,
      )
    }
    const displayName = options.name ?? known?.displayName
    if (displayName === undefined) throw wrongUse('An operator that is new needs a name: add --name "Ada".')
    await db.withTenants(tenantsOf(grants), async (tx) => {
      await upsertOperator(tx, {
        ...identity,
        displayName,
        partnerId: partner.id,
        ...(options.email !== undefined && { email: options.email }),
      })
      if (known?.partnerId === partner.id) return
      await record(tx, grants, 'access.granted', options.by, { to: options.operator, through: partner.name })
    })
    return {
      json: { partner: partner.name, operator: options.operator, tenantIds: tenantsOf(grants) },
      text: `${displayName} is a member of ${partner.name} and may act in ${counted(grants)} as the partner may.`,
    }
  })
}

/** Takes it away again; what the operator holds by itself stays. */
export const removeMember = (options: { partner: string; operator: string; by: string }): Promise<Answer> => {
  const identity = parseMember(options.operator)
  return withDatabase(async (db) => {
    const { partner, grants, known } = await lookUp(db, options.partner, identity)
    if (known?.partnerId !== partner.id) {
      throw new CommandFault(
        `${options.operator} is no member of ${partner.name}: "tourniquet partners list" shows who is.`,
      )
    }
    await db.withTenants(tenantsOf(grants), async (tx) => {
      await upsertOperator(tx, { ...identity, displayName: known.displayName, partnerId: null })
      await record(tx, grants, 'access.revoked', options.by, { from: options.operator, through: partner.name })
    })
    return {
      json: { partner: partner.name, operator: options.operator, tenantIds: tenantsOf(grants) },
      text: `${known.displayName} is a member of ${partner.name} no more. Grants of its own stay: "tourniquet access list".`,
    }
  })
}

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

type MemberIdentity = { kind: 'PERSON' | 'APPLICATION'; tenantId: string; externalId: string }

function parseMember(text: string): MemberIdentity {
  const grantee = parseGrantee(text)
  if (grantee.kind === 'PARTNER') throw wrongUse('A member is a person or an application, not a partner.')
  return grantee
}

/** Everything is looked up before the transaction that changes it, because that one names the tenants it writes to. */
const lookUp = (db: Database, nameOrId: string, identity: MemberIdentity) =>
  db.plain(async (tx) => {
    const partner = await findPartner(tx, nameOrId.replace(/^partner:/, ''))
    const grants = await listAccess(tx, { partnerId: partner.id })
    return { partner, grants, known: await operatorByIdentity(tx, identity) }
  })

const record = (tx: Tx, grants: AccessGrantRow[], name: string, by: string, details: object) =>
  appendAudit(
    tx,
    grants.map(({ tenantId, roles }) => byCommand(tenantId, name, by, { ...details, roles })),
  )

const tenantsOf = (grants: AccessGrantRow[]) => grants.map(({ tenantId }) => tenantId)

const counted = (grants: AccessGrantRow[]) =>
  grants.length === 0 ? 'no tenant yet' : grants.length === 1 ? 'one tenant' : `${grants.length} tenants`
