/** `tourniquet access …` */
import { roles as allRoles, type Role } from '../context.ts'
import { appendAudit } from '../db/audit.ts'
import type { Tx } from '../db/connection.ts'
import { operatorByIdentity } from '../db/operator-lookups.ts'
import { grantAccess, listAccess, operatorsByIds, revokeAccess, upsertOperator } from '../db/operators.ts'
import { byCommand } from './audit-entries.ts'
import { withDatabase } from './database.ts'
import { type Grantee, nameOfOperator, parseGrantee, parseTenantId } from './operators.ts'
import { type Answer, CommandFault, table, wrongUse } from './output.ts'
import { findPartner } from './partners.ts'

/** Checks what was typed after `--role`. */
export function parseRoles(given: string[]): Role[] {
  const wrong = given.filter((name) => !allRoles.some((role) => role === name))
  if (wrong.length > 0) throw wrongUse(`"${wrong.join('", "')}" is no role. Roles: ${allRoles.join(', ')}.`)
  return allRoles.filter((role) => given.includes(role))
}

type GranteeRow = { operatorId: string } | { partnerId: string }

/** Adds roles in a tenant to those that an operator, or everybody of a partner, holds there. */
export async function grant(options: {
  operator: string
  tenant: string
  role: string[]
  name?: string
  email?: string
  by: string
}): Promise<Answer> {
  const grantee = parseGrantee(options.operator)
  const tenantId = parseTenantId(options.tenant)
  const roles = parseRoles(options.role)
  if (grantee.kind === 'PARTNER' && (options.name !== undefined || options.email !== undefined)) {
    throw wrongUse('--name and --email are for a person or an application, not for a partner.')
  }
  const held = await withDatabase((db) =>
    db.withTenants([tenantId], async (tx) => {
      const to = await granteeToBe(tx, grantee, options)
      const granted = await grantAccess(tx, { ...to, tenantId, roles, grantedBy: `command: ${options.by}` })
      await appendAudit(tx, [byCommand(tenantId, 'access.granted', options.by, { to: options.operator, roles })])
      return granted.roles
    }),
  )
  return {
    json: { operator: options.operator, tenantId, roles: held },
    text: `${options.operator} may now act in ${tenantId} as ${held.join(', ')}.`,
  }
}

/** Takes a grant away, with all its roles. */
export async function revoke(options: { operator: string; tenant: string; by: string }): Promise<Answer> {
  const grantee = parseGrantee(options.operator)
  const tenantId = parseTenantId(options.tenant)
  await withDatabase((db) =>
    db.withTenants([tenantId], async (tx) => {
      const from = await granteeThatIs(tx, grantee)
      if (from === null || !(await revokeAccess(tx, { ...from, tenantId, revokedAt: new Date() }))) {
        throw new CommandFault(
          `${options.operator} holds no grant in ${tenantId}: "tourniquet access list" shows those that count.`,
        )
      }
      await appendAudit(tx, [byCommand(tenantId, 'access.revoked', options.by, { from: options.operator })])
    }),
  )
  return {
    json: { operator: options.operator, tenantId },
    text: `${options.operator} may act in ${tenantId} no more.`,
  }
}

/** Every grant that counts. */
export async function list(options: { tenant?: string }): Promise<Answer> {
  const of = options.tenant === undefined ? {} : { tenantId: parseTenantId(options.tenant) }
  const grants = await withDatabase((db) =>
    db.plain(async (tx) => {
      const found = await listAccess(tx, of)
      const operators = await operatorsByIds(
        tx,
        found.flatMap(({ operatorId }) => operatorId ?? []),
      )
      return found.map(({ operatorId, granteeName, tenantId, roles, grantedBy, grantedAt }) => {
        const operator = operators.find(({ id }) => id === operatorId)
        return {
          operator: operator ? nameOfOperator(operator) : `partner:${granteeName}`,
          name: granteeName,
          tenantId,
          roles,
          grantedBy,
          grantedAt,
        }
      })
    }),
  )
  const rows = grants.map((one) => [one.operator, one.name, one.tenantId, one.roles.join(' ')])
  return {
    json: { grants },
    text:
      grants.length === 0
        ? "Nobody holds a grant. Roles in a token count in the token's own tenant without one."
        : table([['OPERATOR', 'NAME', 'TENANT', 'ROLES'], ...rows]),
  }
}

async function granteeToBe(tx: Tx, grantee: Grantee, said: { name?: string; email?: string }): Promise<GranteeRow> {
  if (grantee.kind === 'PARTNER') return { partnerId: (await findPartner(tx, grantee.nameOrId)).id }
  const known = await operatorByIdentity(tx, grantee)
  if (known && said.name === undefined && said.email === undefined) return { operatorId: known.id }
  const { id } = await upsertOperator(tx, {
    ...grantee,
    displayName: said.name ?? known?.displayName ?? grantee.externalId,
    ...(said.email !== undefined && { email: said.email }),
  })
  return { operatorId: id }
}

async function granteeThatIs(tx: Tx, grantee: Grantee): Promise<GranteeRow | null> {
  if (grantee.kind === 'PARTNER') return { partnerId: (await findPartner(tx, grantee.nameOrId)).id }
  const known = await operatorByIdentity(tx, grantee)
  return known && { operatorId: known.id }
}
