import { z } from 'zod'
import { UpstreamError } from '../../clients/errors.ts'
import type { GraphClient } from '../../clients/types.ts'
import { applicationPermissionName, resources } from '../authority/permission-ids.ts'
import { type FactReader, inFilters, type Reading } from './fact.ts'

/** What the tenant granted to our application (reference, section 13). */
export type GrantedPermissions =
  /** No service principal of ours: consent was never given, or was taken back. */
  | { state: 'NOT_CONSENTED' }
  | { state: 'APP_DISABLED' }
  | {
      state: 'CONSENTED'
      servicePrincipalId: string
      /** Names of application permissions; an id that is in no table of ours is kept as it is. */
      application: ReadonlySet<string>
      /** Names of delegated permissions granted for the whole organisation; null where Microsoft does not let us read them. */
      delegated: ReadonlySet<string> | null
    }

const servicePrincipal = z.object({ id: z.string().toLowerCase(), accountEnabled: z.boolean().nullish() })
const appRoleAssignment = z.object({ appRoleId: z.string().toLowerCase(), resourceId: z.string().toLowerCase() })
const permissionGrant = z.object({ consentType: z.string(), scope: z.string().nullish() })
const resource = z.object({ id: z.string().toLowerCase(), appId: z.string().toLowerCase() })

/** Our own grants in one wave of four reads. Without a token (no consent, app disabled) the answer is known all the same. */
export async function loadGrantedPermissions(reader: FactReader): Promise<Reading<GrantedPermissions>> {
  try {
    return { known: true, value: await readGrantedPermissions(reader) }
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    if (error.kind === 'NOT_CONSENTED') return { known: true, value: { state: 'NOT_CONSENTED' } }
    if (error.kind === 'APP_DISABLED') return { known: true, value: { state: 'APP_DISABLED' } }
    return { known: false, error }
  }
}

async function readGrantedPermissions({ session, tenantId, clientId, fresh }: FactReader): Promise<GrantedPermissions> {
  const { graph } = session.tenant(tenantId)
  const own = `/servicePrincipals(appId='${encodeURIComponent(clientId)}')`
  const [self, assignments, delegated, appIdOfResource] = await Promise.all([
    graph.get(`${own}?$select=id,accountEnabled`, { fresh }),
    graph.list(`${own}/appRoleAssignments?$select=appRoleId,resourceId`, { fresh }),
    delegatedGrants(graph, own, fresh),
    readResources(graph, fresh),
  ])
  const { id, accountEnabled } = servicePrincipal.parse(self.body)
  if (accountEnabled === false) return { state: 'APP_DISABLED' }

  const application = assignments
    .map((row) => appRoleAssignment.parse(row))
    .map((row) => applicationPermissionName(appIdOfResource.get(row.resourceId), row.appRoleId))
  return {
    state: 'CONSENTED',
    servicePrincipalId: id,
    application: new Set(application),
    delegated,
  }
}

/** Application ids of Microsoft's APIs by the object ids that they have in this tenant. */
export async function readResources(graph: GraphClient, fresh: boolean): Promise<ReadonlyMap<string, string>> {
  const [{ filter } = { filter: '' }] = inFilters('appId', Object.values(resources))
  const rows = await graph.list(`/servicePrincipals?$filter=${filter}&$select=id,appId`, { fresh })
  return new Map(rows.map((row) => resource.parse(row)).map((row) => [row.id, row.appId]))
}

/** Reading the grants takes more than `Application.Read.All`: where that is refused, the rest is known all the same. */
async function delegatedGrants(graph: GraphClient, own: string, fresh: boolean): Promise<ReadonlySet<string> | null> {
  try {
    const grants = await graph.list(`${own}/oauth2PermissionGrants`, { fresh })
    const names = grants
      .map((row) => permissionGrant.parse(row))
      .filter((row) => row.consentType === 'AllPrincipals')
      .flatMap((row) => (row.scope ?? '').split(' ').filter((name) => name !== ''))
    return new Set(names)
  } catch (error) {
    if (error instanceof UpstreamError && error.service === 'graph') return null
    throw error
  }
}
