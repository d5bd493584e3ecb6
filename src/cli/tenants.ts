/** `tourniquet tenants …` */

import { consentPage } from '../config.ts'
import { appendAudit } from '../db/audit.ts'
import { listAllTenants, setTenantStatus, tenantsByIds, upsertTenant } from '../db/tenants.ts'
import { byCommand } from './audit-entries.ts'
import { withDatabase } from './database.ts'
import { parseTenantId } from './operators.ts'
import { type Answer, CommandFault, table, wrongUse } from './output.ts'

/** Records a tenant as `PENDING`, or `CONNECTED` with `consented`. */
export async function connectTenant(options: {
  id: string
  name?: string
  consented?: boolean
  by: string
}): Promise<Answer> {
  const id = parseTenantId(options.id)
  return withDatabase(async (db) => {
    const tenant = await db.withTenants([id], async (tx) => {
      const [known] = await tenantsByIds(tx, [id])
      const name = options.name ?? known?.name
      if (name === undefined) throw wrongUse('A tenant that is new needs a name: add --name "Contoso".')
      const status = options.consented || known?.status === 'CONNECTED' ? 'CONNECTED' : 'PENDING'
      await upsertTenant(tx, { id, name, status })
      // Connecting again what was disconnected is said outright, for upserting alone keeps a status.
      if (known && known.status !== status) await setTenantStatus(tx, id, status)
      if (known?.status !== status) {
        await appendAudit(tx, [byCommand(id, 'tenant.connected', options.by, { name, status })])
      }
      return { id, name, status }
    })
    const page = tenant.status === 'PENDING' ? consentPage(id) : null
    const next =
      tenant.status === 'CONNECTED'
        ? "Its options are offered from now on; the tenant's health says what is missing."
        : `Let a Global Administrator of that tenant open ${page ?? "Entra's consent page for our application (set M365_CLIENT_ID to have it printed)"}, then run: tourniquet tenants connect ${id} --consented`
    return { json: { tenant, consentUrl: page }, text: `${tenant.name} is ${tenant.status}.\n${next}` }
  })
}

/** Every tenant with its status. */
export const listTenants = (): Promise<Answer> =>
  withDatabase(async (db) => {
    const tenants = await db.plain((tx) => listAllTenants(tx))
    return {
      json: { tenants },
      text:
        tenants.length === 0
          ? 'No tenant is known yet: connect one, or import audit records.'
          : table([['TENANT', 'STATUS', 'NAME'], ...tenants.map(({ id, status, name }) => [id, status, name])]),
    }
  })

/** Its options are greyed out from the next request on. */
export async function disconnectTenant(options: { id: string; by: string }): Promise<Answer> {
  const id = parseTenantId(options.id)
  return withDatabase((db) =>
    db.withTenants([id], async (tx) => {
      const [known] = await tenantsByIds(tx, [id])
      if (!known) throw new CommandFault(`No tenant ${id} is known: "tourniquet tenants list" shows those that are.`)
      if (known.status !== 'DISCONNECTED') {
        await setTenantStatus(tx, id, 'DISCONNECTED')
        await appendAudit(tx, [
          byCommand(id, 'tenant.disconnected', options.by, { name: known.name, was: known.status }),
        ])
      }
      const tenant = { id, name: known.name, status: 'DISCONNECTED' }
      return { json: { tenant }, text: `${known.name} is DISCONNECTED; its events and its audit stay.` }
    }),
  )
}
