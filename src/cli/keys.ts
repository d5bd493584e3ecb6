/** `tourniquet keys …` */
import { randomBytes } from 'node:crypto'
import { apiKeyById, createApiKey, listApiKeys, revokeApiKey } from '../db/api-keys.ts'
import { appendAudit } from '../db/audit.ts'
import { grantAccess, listAccess } from '../db/operators.ts'
import { apiKeyPrefix, hashOfApiKey } from '../services/operators/authenticate.ts'
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
  expires: string | null
  by: string
}): Promise<Answer> {
  const tenantIds = [...new Set(options.tenants.map(parseTenantId))]
  const roles = parseRoles(options.roles)
  const expiresAt = options.expires === null ? null : parseDate(options.expires)
  const key = `${apiKeyPrefix}${randomBytes(32).toString('base64url')}`
  const lastFour = key.slice(-4)
  const made = await withDatabase((db) =>
    db.withTenants(tenantIds, async (tx) => {
      const created = await createApiKey(tx, { name: options.name, hash: hashOfApiKey(key), lastFour, expiresAt })
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
    text: `${key}\n\nThis is the only time the key is shown. To end it: tourniquet keys revoke ${made.id}`,
  }
}

/** Every key, without the key itself. */
export const listKeys = (): Promise<Answer> =>
  withDatabase(async (db) => {
    const keys = await db.plain((tx) => listApiKeys(tx))
    const state = (one: (typeof keys)[number]) =>
      one.revokedAt ? `revoked ${day(one.revokedAt)}` : one.expiresAt ? `until ${day(one.expiresAt)}` : 'no end'
    return {
      json: { keys },
      text:
        keys.length === 0
          ? 'There are no API keys.'
          : table([
              ['KEY', 'ENDS IN', 'STATE', 'NAME'],
              ...keys.map((one) => [one.id, `…${one.lastFour}`, state(one), one.name]),
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

function parseDate(text: string): Date {
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) throw wrongUse(`"${text}" is no date: write it as 2027-01-31.`)
  if (date.getTime() <= Date.now()) throw wrongUse(`${text} is past: a key ends in the future.`)
  return date
}

const day = (date: Date) => date.toISOString().slice(0, 10)
