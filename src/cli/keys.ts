/** `tourniquet keys …` */
import { apiKeyById, createApiKey, listApiKeys, revokeApiKey } from '../db/api-keys.ts'
import { appendAudit } from '../db/audit.ts'
import { grantAccess, listAccess } from '../db/operators.ts'
import { keyLifetimeMsDefault, makeApiKey } from '../services/operators/api-key-form.ts'
import { parseRoles } from './access.ts'
import { byCommand } from './audit-entries.ts'
import { withDatabase } from './database.ts'
import { isGuid, parseTenantId } from './operators.ts'
import { type Answer, CommandFault, table, wrongUse } from './output.ts'

/** Makes a key that holds these roles in these tenants; the key is in the answer and nowhere else. */
export async function createKey(options: {
  name: string
  tenants: string[]
  roles: string[]
  /** A date, or `never`; undefined: in a year. */
  expires: string | undefined
  by: string
}): Promise<Answer> {
  const tenantIds = [...new Set(options.tenants.map(parseTenantId))]
  const roles = parseRoles(options.roles)
  const expiresAt = parseExpiry(options.expires)
  const { key, hash, lastFour } = makeApiKey()
  const made = await withDatabase((db) =>
    db.withTenants(tenantIds, async (tx) => {
      const created = await createApiKey(tx, { name: options.name, hash, lastFour, expiresAt })
      for (const tenantId of tenantIds) {
        await grantAccess(tx, { operatorId: created.operatorId, tenantId, roles, grantedBy: `command: ${options.by}` })
      }
      const details = {
        apiKeyId: created.id,
        name: options.name,
        lastFour,
        expiresAt: expiresAt?.toISOString() ?? null,
        roles,
      }
      await appendAudit(
        tx,
        tenantIds.map((tenantId) => byCommand(tenantId, 'api_key.created', options.by, details)),
      )
      return created
    }),
  )
  return {
    json: { key, id: made.id, name: options.name, tenantIds, roles, expiresAt },
    text: `${key}\n\nThis is the only time the key is shown. ${ending(expiresAt)} To end it: tourniquet keys revoke ${made.id}`,
  }
}

/** Every key, without the key itself. */
export const listKeys = (): Promise<Answer> =>
  withDatabase(async (db) => {
    const keys = await db.plain((tx) => listApiKeys(tx))
    const state = ({ revokedAt, expiresAt }: (typeof keys)[number]) => {
      if (revokedAt) return `revoked ${day(revokedAt)}`
      if (!expiresAt) return 'no end'
      return `${expiresAt.getTime() > Date.now() ? 'until' : 'ended'} ${day(expiresAt)}`
    }
    return {
      json: { keys },
      text:
        keys.length === 0
          ? 'There are no API keys.'
          : table([
              ['KEY', 'ENDS IN', 'STATE', 'LAST USED', 'NAME'],
              ...keys.map((one) => [one.id, `…${one.lastFour}`, state(one), lastUse(one), one.name]),
            ]),
    }
  })

/** Ends a key at once. */
export async function revokeKey(options: { id: string; by: string }): Promise<Answer> {
  if (!isGuid(options.id)) throw wrongUse(`"${options.id}" is no key's id: "tourniquet keys list" shows them.`)
  const id = options.id.toLowerCase()
  await withDatabase(async (db) => {
    const { key, tenantIds } = await db.plain(async (tx) => {
      const key = await apiKeyById(tx, id)
      const grants = key ? await listAccess(tx, { operatorId: key.operatorId }) : []
      return { key, tenantIds: grants.map(({ tenantId }) => tenantId) }
    })
    if (!key) throw new CommandFault(`There is no key ${id}: "tourniquet keys list" shows them.`)
    await db.withTenants(tenantIds, async (tx) => {
      if (!(await revokeApiKey(tx, id, new Date()))) throw new CommandFault(`The key ${id} was revoked before.`)
      const details = { apiKeyId: id, name: key.name, lastFour: key.lastFour }
      await appendAudit(
        tx,
        tenantIds.map((tenantId) => byCommand(tenantId, 'api_key.revoked', options.by, details)),
      )
    })
  })
  return { json: { id }, text: `The key ${id} is revoked; it counts no more.` }
}

function parseExpiry(text: string | undefined): Date | null {
  if (text === undefined) return new Date(Date.now() + keyLifetimeMsDefault)
  if (text === 'never') return null
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) throw wrongUse(`"${text}" is no date: write it as 2027-01-31, or "never".`)
  if (date.getTime() <= Date.now()) throw wrongUse(`${text} is past: a key ends in the future.`)
  return date
}

const ending = (expiresAt: Date | null) =>
  expiresAt === null
    ? 'It has no end: make a note to replace it, and watch its last use in "tourniquet keys list".'
    : `It works until ${day(expiresAt)}: make its successor before.`

const lastUse = ({ lastUsedAt }: { lastUsedAt: Date | null }) =>
  lastUsedAt ? lastUsedAt.toISOString().slice(0, 16).replace('T', ' ') : 'never'

const day = (date: Date) => date.toISOString().slice(0, 10)
