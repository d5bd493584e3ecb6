/** Deleting applications and service principals, and bringing them back. */
import { microsoftTenantIds } from './microsoft-resources.ts'
import type { Application, DeletedItem, ServicePrincipal, Tenant, World } from './world.ts'

const keptMs = 30 * 86_400_000

/** Microsoft's own app, whoever uses it. */
export const isMicrosofts = ({ appOwnerOrganizationId }: ServicePrincipal): boolean =>
  appOwnerOrganizationId !== null && microsoftTenantIds.includes(appOwnerOrganizationId)

/** Items that can still be restored. */
export const keptItems = ({ deletedItems }: Tenant, now: Date): DeletedItem[] =>
  deletedItems.filter(({ deletedDateTime }) => Date.parse(deletedDateTime) + keptMs > now.getTime())

/** Its grants and assignments go with it, both what it held and what others held of it. */
export function deleteServicePrincipal(tenant: Tenant, principal: ServicePrincipal, at: Date): void {
  const isAbout = (...ids: string[]): boolean => ids.includes(principal.id)
  const [oauth2PermissionGrants, otherGrants] = parted(tenant.oauth2PermissionGrants, (one) =>
    isAbout(one.clientId, one.resourceId),
  )
  const [appRoleAssignments, otherAssignments] = parted(tenant.appRoleAssignments, (one) =>
    isAbout(one.principalId, one.resourceId),
  )
  const [roleAssignments, otherRoles] = parted(tenant.roleAssignments, (one) => isAbout(one.principalId))
  tenant.deletedItems.push({
    type: 'servicePrincipal',
    deletedDateTime: at.toISOString(),
    object: principal,
    oauth2PermissionGrants,
    appRoleAssignments,
    roleAssignments,
  })
  tenant.servicePrincipals = tenant.servicePrincipals.filter((one) => one !== principal)
  tenant.oauth2PermissionGrants = otherGrants
  tenant.appRoleAssignments = otherAssignments
  tenant.roleAssignments = otherRoles
}

/** Its service principal in the home tenant goes, too; those in other tenants stay. */
export function deleteApplication(world: World, home: Tenant, application: Application, at: Date): void {
  home.deletedItems.push({ type: 'application', deletedDateTime: at.toISOString(), object: application })
  world.applications = world.applications.filter((one) => one !== application)
  const principal = home.servicePrincipals.find(({ appId }) => appId === application.appId)
  if (principal) deleteServicePrincipal(home, principal, at)
}

export function purge(tenant: Tenant, item: DeletedItem): void {
  tenant.deletedItems = tenant.deletedItems.filter((one) => one !== item)
}

/** Brings back this object alone: neither the application of a service principal nor the other way round. */
export function restore(world: World, tenant: Tenant, item: DeletedItem): void {
  purge(tenant, item)
  if (item.type === 'application') {
    world.applications.push(item.object)
    return
  }
  tenant.servicePrincipals.push(item.object)
  if (world.switches?.restoreWithoutGrants) return
  const isHere = (id: string): boolean => tenant.servicePrincipals.some((one) => one.id === id)
  tenant.oauth2PermissionGrants.push(
    ...item.oauth2PermissionGrants.filter(({ clientId, resourceId }) => isHere(clientId) && isHere(resourceId)),
  )
  tenant.appRoleAssignments.push(
    ...item.appRoleAssignments.filter(
      ({ principalId, principalType, resourceId }) =>
        isHere(resourceId) && (principalType !== 'ServicePrincipal' || isHere(principalId)),
    ),
  )
  tenant.roleAssignments.push(...item.roleAssignments)
}

function parted<T>(list: readonly T[], fits: (item: T) => boolean): [T[], T[]] {
  return [list.filter(fits), list.filter((item) => !fits(item))]
}
