import { z } from 'zod'
import { UpstreamError } from '../../clients/errors.ts'
import type { GraphClient } from '../../clients/types.ts'
import { applicationPermissionName, resourceNames } from '../authority/permission-ids.ts'
import { isRiskyPermission } from '../authority/risky-permissions.ts'
import type { SubjectOf } from '../events/types.ts'
import { type FactReader, inFilters, known, type Reading, reading, sharedReading } from './fact.ts'
import { readResources } from './granted-permissions.ts'

/** An app as the tenant has it: its presence (enterprise application) and, where the tenant owns it, its registration. */
export interface ApplicationFact {
  appId: string
  displayName: string
  servicePrincipal: PresentObject | null
  registration: PresentObject | null
  kind: 'OWN' | 'MICROSOFT' | 'MANAGED_IDENTITY' | 'OTHER'
  /** What it may do now; null: it could not be read. */
  access: ApplicationGrants | null
}

export interface PresentObject {
  /** Object id. */
  id: string
  /** Everything that Graph tells of it. */
  definition: Record<string, unknown>
}

export interface ApplicationGrants {
  /** On behalf of users, by Graph's names. */
  oauth2PermissionGrants: readonly z.infer<typeof permissionGrant>[]
  /** Without any user, by Graph's names. */
  appRoleAssignments: readonly z.infer<typeof appRoleAssignment>[]
  /** The same for a person, risky first. */
  permissions: readonly {
    type: 'APPLICATION' | 'DELEGATED'
    permission: string
    resource: string | null
    userId: string | null
    isRisky: boolean
  }[]
}

const directoryObject = z.looseObject({
  id: z.string().toLowerCase(),
  appId: z.string().toLowerCase(),
  displayName: z.string().nullish(),
  servicePrincipalType: z.string().nullish(),
  appOwnerOrganizationId: z.string().toLowerCase().nullish(),
})
type DirectoryObject = z.infer<typeof directoryObject>
const permissionGrant = z.looseObject({
  consentType: z.string(),
  principalId: z.string().nullish(),
  resourceId: z.string().toLowerCase(),
  scope: z.string().nullish(),
})
const appRoleAssignment = z.looseObject({
  appRoleId: z.string().toLowerCase(),
  resourceId: z.string().toLowerCase(),
  resourceDisplayName: z.string().nullish(),
})

/** Tenants that own Microsoft's own apps (reference, section 6). */
const microsoftTenants = ['f8cdef31-a31e-4b4a-93e4-5f571e91255a', '72f988bf-86f1-41af-91ab-2d7cd011db47']

type Ids = SubjectOf<'APPLICATION'>['attributes']

/** Lists of 15 for the objects, two look-ups an app for what it may do, all in one wave. Keys are subject ids; null: nothing of it is there. */
export async function loadApplications(
  reader: FactReader,
  subjects: readonly SubjectOf<'APPLICATION'>[],
): Promise<Map<string, Reading<ApplicationFact | null>>> {
  if (subjects.length === 0) return new Map()
  const graph = reader.session.tenant(reader.tenantId).graph
  const ids = subjects.map(({ attributes }) => attributes)
  const [objects, resources, grants] = await Promise.all([
    reading(() => readObjects(reader, graph, ids)),
    reading(() => sharedReading(readResources, reader)),
    Promise.all(ids.map((one) => readGrants(graph, one, reader.fresh))),
  ])
  return new Map(
    subjects.map(({ id, attributes }, index): [string, Reading<ApplicationFact | null>] => {
      if (!objects.known) return [id, objects]
      const app = factOf(reader, attributes, objects.value)
      if (!app) return [id, known(null)]
      const own = grants[index] ?? objects.value.grants.get(app.appId)
      const access = own && resources.known ? { ...own, permissions: named(own, resources.value) } : null
      return [id, known({ ...app, access: app.servicePrincipal ? access : noAccess })]
    }),
  )
}

const noAccess: ApplicationGrants = { oauth2PermissionGrants: [], appRoleAssignments: [], permissions: [] }

interface Objects {
  principals: readonly DirectoryObject[]
  registrations: readonly DirectoryObject[]
  /** By appId, of the apps whose record told the registration alone. */
  grants: ReadonlyMap<string, Grants | null>
}

type Grants = Omit<ApplicationGrants, 'permissions'>

async function readObjects({ tenantId, fresh }: FactReader, graph: GraphClient, ids: readonly Ids[]): Promise<Objects> {
  const list = async (
    path: 'servicePrincipals' | 'applications',
    property: 'id' | 'appId',
    values: readonly string[],
  ) => {
    const pages = inFilters(property, values).map(({ filter }) => graph.list(`/${path}?$filter=${filter}`, { fresh }))
    return (await Promise.all(pages)).flat().map((row) => directoryObject.parse(row))
  }
  const appIds = present(ids, 'appId')
  const withoutAppId = ids.filter(({ appId }) => appId === undefined)
  const [byAppId, byId, registered, registeredById] = await Promise.all([
    list('servicePrincipals', 'appId', appIds),
    list('servicePrincipals', 'id', present(withoutAppId, 'servicePrincipalId')),
    list('applications', 'appId', appIds),
    list('applications', 'id', present(withoutAppId, 'applicationId')),
  ])
  // Records that do not tell the appId: the other object is found by the one that was.
  const owned = byId
    .filter(({ appOwnerOrganizationId }) => appOwnerOrganizationId === tenantId)
    .map(({ appId }) => appId)
  const late = registeredById.map(({ appId }) => appId)
  const [more, registeredMore, grants] = await Promise.all([
    list('servicePrincipals', 'appId', late),
    list('applications', 'appId', owned),
    Promise.all(late.map(async (appId) => [appId, await readGrants(graph, { appId }, fresh)] as const)),
  ])
  return {
    principals: [...byAppId, ...byId, ...more],
    registrations: [...registered, ...registeredById, ...registeredMore],
    grants: new Map(grants),
  }
}

const present = (ids: readonly Ids[], name: 'appId' | 'servicePrincipalId' | 'applicationId'): string[] =>
  ids.flatMap((one) => one[name]?.toLowerCase() ?? [])

function factOf(
  { clientId }: FactReader,
  ids: Ids,
  { principals, registrations }: Objects,
): Omit<ApplicationFact, 'access'> | null {
  const is = (one: DirectoryObject, id: string | undefined) =>
    ids.appId === undefined ? one.id === id?.toLowerCase() : one.appId === ids.appId.toLowerCase()
  const own = principals.find((one) => is(one, ids.servicePrincipalId))
  const ownRegistration = registrations.find((one) => is(one, ids.applicationId))
  const appId = own?.appId ?? ownRegistration?.appId
  const principal = own ?? principals.find((one) => one.appId === appId)
  const registration = ownRegistration ?? registrations.find((one) => one.appId === appId)
  if (appId === undefined) return null
  return {
    appId,
    displayName: principal?.displayName ?? registration?.displayName ?? appId,
    servicePrincipal: principal ? { id: principal.id, definition: principal } : null,
    registration: registration ? { id: registration.id, definition: registration } : null,
    kind: kindOf(appId, principal, clientId),
  }
}

function kindOf(appId: string, principal: DirectoryObject | undefined, clientId: string): ApplicationFact['kind'] {
  if (appId === clientId.toLowerCase()) return 'OWN'
  if (microsoftTenants.includes(principal?.appOwnerOrganizationId ?? '')) return 'MICROSOFT'
  return principal?.servicePrincipalType === 'ManagedIdentity' ? 'MANAGED_IDENTITY' : 'OTHER'
}

/** Null where the record names no service principal, or where Microsoft does not let us read them. */
async function readGrants(
  graph: GraphClient,
  { appId, servicePrincipalId }: Ids,
  fresh: boolean,
): Promise<Grants | null> {
  const key = appId === undefined ? servicePrincipalId && `/${servicePrincipalId}` : `(appId='${appId}')`
  if (!key) return null
  try {
    const [grants, assignments] = await Promise.all([
      graph.list(`/servicePrincipals${key}/oauth2PermissionGrants`, { fresh }),
      graph.list(`/servicePrincipals${key}/appRoleAssignments`, { fresh }),
    ])
    return {
      oauth2PermissionGrants: grants.map((row) => permissionGrant.parse(row)),
      appRoleAssignments: assignments.map((row) => appRoleAssignment.parse(row)),
    }
  } catch (error) {
    if (error instanceof UpstreamError) return null
    throw error
  }
}

function named(
  { oauth2PermissionGrants, appRoleAssignments }: Grants,
  resources: ReadonlyMap<string, string>,
): ApplicationGrants['permissions'] {
  const nameOf = (resourceId: string) => resourceNames[resources.get(resourceId) ?? ''] ?? null
  const application = appRoleAssignments.map(({ appRoleId, resourceId, resourceDisplayName }) => ({
    type: 'APPLICATION' as const,
    permission: applicationPermissionName(resources.get(resourceId), appRoleId),
    resource: resourceDisplayName ?? nameOf(resourceId),
    userId: null,
  }))
  const delegated = oauth2PermissionGrants.flatMap(({ scope, consentType, principalId, resourceId }) =>
    (scope ?? '')
      .split(' ')
      .filter((name) => name !== '')
      .map((permission) => ({
        type: 'DELEGATED' as const,
        permission,
        resource: nameOf(resourceId),
        userId: consentType === 'AllPrincipals' ? null : (principalId ?? null),
      })),
  )
  return [...application, ...delegated]
    .map((one) => ({ ...one, isRisky: isRiskyPermission(one.permission) }))
    .sort((a, b) => Number(b.isRisky) - Number(a.isRisky))
}
