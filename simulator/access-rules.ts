/**
 * Who may act on whom: the tables "Who can perform sensitive actions" and "Who can reset passwords" of
 * https://learn.microsoft.com/entra/identity/role-based-access-control/privileged-roles-permissions, as data.
 */
import { type DirectoryRoleName, defaultUserRole, directoryRoles } from './directory-roles.ts'
import type { Tenant } from './world.ts'

/** Everything that decides how high a target stands. */
export interface TargetRank {
  /** Role template ids, direct and by group; ids of custom roles too. */
  roles: readonly string[]
  isInRoleAssignableGroup: boolean
  /** Holds a role within an administrative unit: which units are restricted is not modelled, so each counts as restricted. */
  holdsScopedRole: boolean
}

export interface AccessTable {
  /** May act on every row. */
  unlimited: readonly DirectoryRoleName[]
  /** May act on people without any role that are in no role-assignable group. */
  onNoRole: readonly DirectoryRoleName[]
  /** By the target's role. A role without a row, built-in or custom, is for the unlimited only. */
  onRole: Partial<Record<DirectoryRoleName, readonly DirectoryRoleName[]>>
}

const unlimited = ['Privileged Authentication Administrator', 'Global Administrator'] as const
const authentication = 'Authentication Administrator'
const helpdesk = 'Helpdesk Administrator'
const password = 'Password Administrator'
const user = 'User Administrator'

/** `accountEnabled`, delete, restore and other sensitive changes. */
export const sensitiveActions: AccessTable = {
  unlimited,
  onNoRole: [authentication, user, 'Security Administrator', 'Security Operator'],
  onRole: {
    'Authentication Administrator': [authentication],
    'Directory Readers': [authentication, user],
    'Groups Administrator': [user],
    'Guest Inviter': [authentication, user],
    'Helpdesk Administrator': [user],
    'Message Center Reader': [authentication, user],
    'Password Administrator': [authentication, user],
    'Reports Reader': [authentication, user],
    'User Administrator': [user],
    'User Experience Success Manager': [authentication, user],
    'Usage Summary Reports Reader': [authentication, user],
  },
}

const onEveryWeakRole = [helpdesk, authentication, user] as const

/** Passwords; the same rule governs the end of a person's sessions. */
export const passwordActions: AccessTable = {
  unlimited: [...unlimited, 'Partner Tier2 Support'],
  onNoRole: [password, ...onEveryWeakRole, 'Partner Tier1 Support'],
  onRole: {
    'Authentication Administrator': [authentication],
    'Directory Readers': [password, ...onEveryWeakRole],
    'Groups Administrator': [user],
    'Guest Inviter': [password, ...onEveryWeakRole],
    'Helpdesk Administrator': [helpdesk, user],
    'Message Center Reader': onEveryWeakRole,
    'Password Administrator': [password, ...onEveryWeakRole],
    'Reports Reader': onEveryWeakRole,
    'User Administrator': [user],
    'User Experience Success Manager': onEveryWeakRole,
    'Usage Summary Reports Reader': onEveryWeakRole,
  },
}

/** `passwordProfile`: what is sensitive, without the roles that only end accounts and sessions. */
export const passwordProfileActions: AccessTable = { ...sensitiveActions, onNoRole: [authentication, user] }

/** `resetPassword` on the password method: of the password table, authentication administrators only. */
export const resetActions: AccessTable = {
  unlimited,
  onNoRole: [authentication],
  onRole: Object.fromEntries(
    Object.entries(passwordActions.onRole).map(([role, actors]) => [
      role,
      actors.filter((actor) => actor === authentication),
    ]),
  ),
}

/** The password table, and the security roles that may end sessions of people without a role. */
export const sessionActions: AccessTable = {
  ...passwordActions,
  onNoRole: [...passwordActions.onNoRole, 'Security Administrator', 'Security Operator'],
}

/** Whether one of the template ids is that of a named role. */
export const holdsRole = (roles: readonly string[], names: readonly DirectoryRoleName[]): boolean =>
  names.some((name) => roles.includes(directoryRoles[name]))

/** An application changes nobody's password without one of these, not even of people without a role. */
export const atLeastUserAdministrator: readonly DirectoryRoleName[] = [user, ...unlimited]

/** Whether one of the actor's roles (template ids) suffices for the strictest of the target's rows. */
export function mayActOn(
  actorRoles: readonly string[],
  target: TargetRank,
  table: AccessTable = sensitiveActions,
): boolean {
  const holdsOneOf = (names: readonly DirectoryRoleName[]): boolean => holdsRole(actorRoles, names)
  if (holdsOneOf(table.unlimited)) return true
  if (target.isInRoleAssignableGroup || target.holdsScopedRole) return false
  if (target.roles.length === 0) return holdsOneOf(table.onNoRole)
  return target.roles.every((role) => {
    const name = nameByTemplateId.get(role)
    return holdsOneOf((name && table.onRole[name]) ?? [])
  })
}

/** Whether an application's permission alone is not enough: the target holds a role or is in a role-assignable group. */
export const isPrivileged = (target: TargetRank): boolean => target.roles.length > 0 || target.isInRoleAssignableGroup

const nameByTemplateId = new Map<string, DirectoryRoleName>()
for (const name of Object.keys(directoryRoles) as DirectoryRoleName[]) nameByTemplateId.set(directoryRoles[name], name)

/** Display name of a built-in role. */
export const roleNameOf = (templateId: string): DirectoryRoleName | undefined => nameByTemplateId.get(templateId)

/** How high somebody stands in a tenant now. */
export function rankOf(tenant: Tenant, principalId: string): TargetRank {
  const groups = tenant.groups.filter(
    (group) => group.isAssignableToRole && (group.members.includes(principalId) || group.owners.includes(principalId)),
  )
  const holders = [principalId, ...groups.filter(({ members }) => members.includes(principalId)).map(({ id }) => id)]
  const held = tenant.roleAssignments.filter((assignment) => holders.includes(assignment.principalId))
  return {
    roles: [...new Set(held.map(({ roleDefinitionId }) => roleDefinitionId))].filter((id) => id !== defaultUserRole),
    isInRoleAssignableGroup: groups.length > 0,
    holdsScopedRole: held.some(({ directoryScopeId }) => directoryScopeId.startsWith('/administrativeUnits/')),
  }
}

/** Object ids of enabled people who are Global Administrator of the whole tenant, directly or by group. */
export function enabledGlobalAdministrators(tenant: Tenant): string[] {
  const holders = tenant.roleAssignments
    .filter((one) => one.roleDefinitionId === directoryRoles['Global Administrator'] && one.directoryScopeId === '/')
    .map(({ principalId }) => principalId)
  const byGroup = tenant.groups.filter(({ id }) => holders.includes(id)).flatMap(({ members }) => members)
  return tenant.users
    .filter((one) => one.accountEnabled && [...holders, ...byGroup].includes(one.id))
    .map(({ id }) => id)
}
