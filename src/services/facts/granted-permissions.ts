import { z } from 'zod'
import { UpstreamError } from '../../clients/errors.ts'
import { applicationPermissionName, resources } from '../authority/permission-ids.ts'
import { type FactReader, inFilters, type Reading, sharedReading } from './fact.ts'

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
    const [own, delegated] = await Promise.all([sharedReading(readOwnGrants, reader), delegatedOrNull(reader)])
    return { known: true, value: own ? { state: 'CONSENTED', ...own, delegated } : { state: 'APP_DISABLED' } }
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    if (error.kind === 'NOT_CONSENTED') return { known: true, value: { state: 'NOT_CONSENTED' } }
    if (error.kind === 'APP_DISABLED') return { known: true, value: { state: 'APP_DISABLED' } }
    return { known: false, error }
  }
}

const ownPath = (clientId: string) => `/servicePrincipals(appId='${encodeURIComponent(clientId)}')`

/** Null: the application is disabled. */
async function readOwnGrants(
  reader: FactReader,
): Promise<{ servicePrincipalId: string; application: ReadonlySet<string> } | null> {
  const { session, tenantId, clientId, fresh } = reader
  const { graph } = session.tenant(tenantId)
  const [self, assignments, appIdOfResource] = await Promise.all([
    graph.get(`${ownPath(clientId)}?$select=id,accountEnabled`, { fresh }),
    graph.list(`${ownPath(clientId)}/appRoleAssignments?$select=appRoleId,resourceId`, { fresh }),
    readResources(reader),
  ])
  const { id, accountEnabled } = servicePrincipal.parse(self.body)
  if (accountEnabled === false) return null
  const application = assignments
    .map((row) => appRoleAssignment.parse(row))
    .map((row) => applicationPermissionName(appIdOfResource.get(row.resourceId), row.appRoleId))
  return { servicePrincipalId: id, application: new Set(application) }
}

async function readDelegatedGrants({ session, tenantId, clientId, fresh }: FactReader): Promise<ReadonlySet<string>> {
  const grants = await session.tenant(tenantId).graph.list(`${ownPath(clientId)}/oauth2PermissionGrants`, { fresh })
  const names = grants
    .map((row) => permissionGrant.parse(row))
    .filter((row) => row.consentType === 'AllPrincipals')
    .flatMap((row) => (row.scope ?? '').split(' ').filter((name) => name !== ''))
  return new Set(names)
}

/** Reading the grants takes more than `Application.Read.All`: where that is refused, the rest is known all the same. */
async function delegatedOrNull(reader: FactReader): Promise<ReadonlySet<string> | null> {
  try {
    return await sharedReading(readDelegatedGrants, reader)
  } catch (error) {
    if (error instanceof UpstreamError && error.service === 'graph') return null
    throw error
  }
}

/** Application ids of Microsoft's APIs by the object ids that they have in this tenant. */
export async function readResources({ session, tenantId, fresh }: FactReader): Promise<ReadonlyMap<string, string>> {
  const [{ filter } = { filter: '' }] = inFilters('appId', Object.values(resources))
  const { graph } = session.tenant(tenantId)
  const rows = await graph.list(`/servicePrincipals?$filter=${filter}&$select=id,appId`, { fresh })
  return new Map(rows.map((row) => resource.parse(row)).map((row) => [row.id, row.appId]))
}
