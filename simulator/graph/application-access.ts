/** Whose applications and service principals a caller reaches, beyond what its permissions say. */
import { holdsRole } from '../access-rules.ts'
import type { DirectoryRoleName } from '../directory-roles.ts'
import { insufficientPrivileges } from './errors.ts'
import { type GraphRequest, hasPermission, isDelegated } from './route.ts'

interface Owned {
  owners: readonly string[]
}

const administrators: readonly DirectoryRoleName[] = [
  'Application Administrator',
  'Cloud Application Administrator',
  'Global Administrator',
]
/** Permissions of Microsoft Graph are given and taken by these alone. */
export const permissionAdministrators: readonly DirectoryRoleName[] = [
  'Privileged Role Administrator',
  'Global Administrator',
]

const owns = ({ caller }: GraphRequest, { owners }: Owned): boolean =>
  owners.includes(caller.userId ?? caller.servicePrincipalId ?? '')

/** Whether the token holds nothing of the route's but the permission for owned ones. */
function isLimitedToOwned({ caller, route: { permissions } }: GraphRequest): boolean {
  if (isDelegated(caller) || typeof permissions === 'function') return false
  const all = permissions.application.filter((name) => name !== 'Application.ReadWrite.OwnedBy')
  return !hasPermission(caller, { ...permissions, application: all })
}

export const mayRead = (request: GraphRequest, object: Owned): boolean =>
  !isLimitedToOwned(request) || owns(request, object)

/** Throws 403. */
export function readable<T extends Owned>(request: GraphRequest, object: T): T {
  if (!mayRead(request, object)) throw insufficientPrivileges()
  return object
}

/** A person needs a role, or to own it. Throws 403. */
export function changeable<T extends Owned>(request: GraphRequest, object: T): T {
  if (isDelegated(request.caller) && !owns(request, object)) checkAdministrator(request)
  return readable(request, object)
}

/** For what nobody owns. Throws 403 for people without one of the roles. */
export function checkAdministrator({ caller }: GraphRequest, roles = administrators): void {
  if (isDelegated(caller) && !holdsRole(caller.wids, roles)) throw insufficientPrivileges()
}
