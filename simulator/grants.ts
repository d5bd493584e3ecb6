/** What consent and role assignment leave in a tenant. Every function may be repeated: what is there stays as it is. */
import { guid, opaqueId } from './ids.ts'
import { type MicrosoftResource, microsoftResource, resourceServicePrincipal } from './microsoft-resources.ts'
import { aServicePrincipal } from './service-principal.ts'
import type { Application, RoleAssignment, ServicePrincipal, Tenant } from './world.ts'

export const servicePrincipalOf = (tenant: Tenant, appId: string): ServicePrincipal | undefined =>
  tenant.servicePrincipals.find((principal) => principal.appId === appId)

export function ensureServicePrincipal(tenant: Tenant, application: Application): ServicePrincipal {
  return (
    servicePrincipalOf(tenant, application.appId) ??
    added(
      tenant.servicePrincipals,
      aServicePrincipal({
        id: newPrincipalId(tenant, application.appId),
        appId: application.appId,
        displayName: application.displayName,
        appOwnerOrganizationId: application.homeTenantId,
        appRoles: structuredClone(application.api?.appRoles ?? []),
        verifiedPublisher: structuredClone(application.verifiedPublisher),
        replyUrls: [...application.redirectUris],
        tags: ['WindowsAzureActiveDirectoryIntegratedApp'],
      }),
    )
  )
}

/** An app that was deleted and is consented to again gets another object. */
function newPrincipalId({ id, deletedItems }: Tenant, appId: string): string {
  const earlier = deletedItems.filter(({ type, object }) => type === 'servicePrincipal' && object.appId === appId)
  return guid(id, 'servicePrincipal', appId, ...earlier.map(({ object }) => object.id))
}

export function ensureResource(tenant: Tenant, resource: MicrosoftResource): ServicePrincipal {
  return (
    servicePrincipalOf(tenant, resource.appId) ??
    added(tenant.servicePrincipals, resourceServicePrincipal(tenant.id, resource))
  )
}

/** Throws when the resource has no such permission. */
export function grantApplicationPermission(
  tenant: Tenant,
  client: ServicePrincipal,
  resourceAppId: string,
  permission: string,
  at: Date,
): void {
  const resource = ensureResource(tenant, knownResource(resourceAppId))
  const role = resource.appRoles.find(({ value }) => value === permission)
  if (!role) throw new Error(`${resource.displayName} has no application permission ${permission}.`)
  assignAppRole(tenant, { id: client.id, type: 'ServicePrincipal' }, resource, role.value, at)
}

/** Throws when the resource has no such app role. */
export function assignAppRole(
  tenant: Tenant,
  principal: { id: string; type: 'User' | 'Group' | 'ServicePrincipal' },
  resource: ServicePrincipal,
  roleValue: string,
  at: Date,
): void {
  const role = resource.appRoles.find(({ value }) => value === roleValue)
  if (!role) throw new Error(`${resource.displayName} has no app role ${roleValue}.`)
  const held = tenant.appRoleAssignments.some(
    (one) => one.principalId === principal.id && one.resourceId === resource.id && one.appRoleId === role.id,
  )
  if (held) return
  tenant.appRoleAssignments.push({
    id: opaqueId(principal.id, resource.id, role.id),
    principalId: principal.id,
    principalType: principal.type,
    resourceId: resource.id,
    appRoleId: role.id,
    createdDateTime: at.toISOString(),
  })
}

/** For everybody, or for one person. Scopes already granted stay. */
export function grantScopes(
  tenant: Tenant,
  client: ServicePrincipal,
  resourceAppId: string,
  scopes: readonly string[],
  principalId: string | null = null,
): void {
  const resource = ensureResource(tenant, knownResource(resourceAppId))
  const existing = tenant.oauth2PermissionGrants.find(
    (grant) =>
      grant.clientId === client.id && grant.resourceId === resource.id && (grant.principalId ?? null) === principalId,
  )
  if (existing) {
    existing.scope = [...new Set([...existing.scope.split(' ').filter(Boolean), ...scopes])].join(' ')
    return
  }
  tenant.oauth2PermissionGrants.push({
    id: opaqueId(client.id, resource.id, principalId ?? ''),
    clientId: client.id,
    consentType: principalId ? 'Principal' : 'AllPrincipals',
    principalId,
    resourceId: resource.id,
    scope: scopes.join(' '),
  })
}

/** Tenant-wide, by template id. */
export function assignDirectoryRole(tenant: Tenant, principalId: string, roleDefinitionId: string): RoleAssignment {
  const existing = tenant.roleAssignments.find(
    (one) => one.principalId === principalId && one.roleDefinitionId === roleDefinitionId,
  )
  return (
    existing ??
    added(tenant.roleAssignments, {
      id: `${opaqueId(tenant.id, principalId, roleDefinitionId)}-1`,
      principalId,
      roleDefinitionId,
      directoryScopeId: '/',
    })
  )
}

/** Names of the permissions that a client holds in a tenant, for `GET /control/state`. */
export function grantedPermissions(tenant: Tenant): object[] {
  const principal = (id: string): ServicePrincipal | undefined => tenant.servicePrincipals.find((one) => one.id === id)
  const application = tenant.appRoleAssignments
    .filter(({ principalType }) => principalType === 'ServicePrincipal')
    .map((assignment) => {
      const resource = principal(assignment.resourceId)
      return {
        type: 'Application',
        clientAppId: principal(assignment.principalId)?.appId ?? null,
        resourceAppId: resource?.appId ?? null,
        permission: resource?.appRoles.find(({ id }) => id === assignment.appRoleId)?.value ?? assignment.appRoleId,
      }
    })
  const delegated = tenant.oauth2PermissionGrants.flatMap((grant) =>
    grant.scope
      .split(' ')
      .filter(Boolean)
      .map((permission) => ({
        type: 'Delegated',
        clientAppId: principal(grant.clientId)?.appId ?? null,
        resourceAppId: principal(grant.resourceId)?.appId ?? null,
        permission,
        consentType: grant.consentType,
        principalId: grant.principalId,
      })),
  )
  return [...application, ...delegated]
}

function knownResource(appId: string): MicrosoftResource {
  const resource = microsoftResource(appId)
  if (!resource) throw new Error(`${appId} is no API of Microsoft's that the simulator knows.`)
  return resource
}

function added<T>(list: T[], item: T): T {
  list.push(item)
  return item
}
