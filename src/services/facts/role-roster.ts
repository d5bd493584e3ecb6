import { z } from 'zod'
import { type FactReader, inFilters, type Reading, reading, sharedReading } from './fact.ts'

export const globalAdministratorRoleId = '62e90394-69f5-4237-9190-012177145e10'

/** Who holds which directory role in the tenant, directly or by a role-assignable group (reference, section 8). */
export interface RoleRoster {
  /** Template ids of directory roles (of any rank and scope) by the holder's object id; holders may be service principals. */
  rolesOf(objectId: string): readonly string[]
  /** Display names of the same roles. */
  roleNamesOf(objectId: string): readonly string[]
  /** Member or owner of a role-assignable group, whether or not the group holds a role (B11). */
  isInRoleAssignableGroup(objectId: string): boolean
  /** Object ids of the users that hold Global Administrator for the whole tenant, are enabled, and are not disabled by a run of ours (B13). */
  enabledGlobalAdministrators: ReadonlySet<string>
}

/** What the rules ask about one user. */
export interface AdminStanding {
  /** Any directory role, whatever its rank, or member or owner of a role-assignable group (B11). */
  isAdministrator: boolean
  roleNames: readonly string[]
  isGlobalAdministrator: boolean
  /** A Global Administrator, and nobody else who is enabled is one (B13). */
  isLastEnabledGlobalAdministrator: boolean
}

const roleAssignment = z.object({
  principalId: z.string().toLowerCase(),
  roleDefinitionId: z.string().toLowerCase(),
  directoryScopeId: z.string().nullish(),
  roleDefinition: z.object({ displayName: z.string().nullish(), templateId: z.string().nullish() }).nullish(),
})
const group = z.object({ id: z.string().toLowerCase() })
/** The type is told where members may be of several. */
const principal = z.object({
  '@odata.type': z.string().nullish(),
  id: z.string().toLowerCase(),
  accountEnabled: z.boolean().nullish(),
})

/**
 * The whole tenant's roster in two waves: assignments and role-assignable groups, then those groups' people and the state of the
 * Global Administrators. It costs the same for one user and for a page.
 */
export async function readRoleRoster(reader: FactReader): Promise<RoleRoster> {
  const { graph } = reader.session.tenant(reader.tenantId)
  const { fresh } = reader
  const [assignmentRows, groupRows] = await Promise.all([
    graph.list('/roleManagement/directory/roleAssignments?$expand=roleDefinition', { fresh }),
    graph.list(`/groups?$filter=${encodeURIComponent('isAssignableToRole eq true')}&$select=id`, { fresh }),
  ])
  const assignments = assignmentRows.map((row) => roleAssignment.parse(row))
  const groupIds = groupRows.map((row) => group.parse(row).id)
  const groups = new Set(groupIds)
  const holdsGlobalAdministrator = assignments.filter(
    ({ roleDefinitionId, directoryScopeId }) =>
      roleDefinitionId === globalAdministratorRoleId && (directoryScopeId ?? '/') === '/',
  )
  const directHolders = holdsGlobalAdministrator.map((row) => row.principalId).filter((id) => !groups.has(id))

  const people = (path: string) => graph.list(path, { fresh }).then((rows) => rows.map((row) => principal.parse(row)))
  const [members, owners, holders] = await Promise.all([
    Promise.all(groupIds.map((id) => people(`/groups/${id}/members?$select=id,accountEnabled`))),
    Promise.all(groupIds.map((id) => people(`/groups/${id}/owners?$select=id`))),
    Promise.all(
      inFilters('id', directHolders).map(({ filter }) => people(`/users?$filter=${filter}&$select=id,accountEnabled`)),
    ),
  ])

  const rolesByHolder = new Map<string, Map<string, string>>()
  const addRole = (holder: string, { roleDefinitionId, roleDefinition }: z.infer<typeof roleAssignment>) => {
    const roles = rolesByHolder.get(holder) ?? new Map<string, string>()
    rolesByHolder.set(holder, roles.set(roleDefinitionId, roleDefinition?.displayName ?? roleDefinitionId))
  }
  const inRoleAssignableGroup = new Set<string>()
  const enabledGlobalAdministrators = new Set<string>()
  groupIds.forEach((groupId, index) => {
    const held = assignments.filter((row) => row.principalId === groupId)
    const makesGlobalAdministrators = holdsGlobalAdministrator.some((row) => row.principalId === groupId)
    for (const member of members[index] ?? []) {
      inRoleAssignableGroup.add(member.id)
      for (const row of held) addRole(member.id, row)
      // A service principal is enabled, too, and signs nobody in (B13).
      const isUser = member['@odata.type'] === '#microsoft.graph.user'
      if (makesGlobalAdministrators && isUser && member.accountEnabled) enabledGlobalAdministrators.add(member.id)
    }
    for (const owner of owners[index] ?? []) inRoleAssignableGroup.add(owner.id)
  })
  for (const row of assignments) addRole(row.principalId, row)
  for (const holder of holders.flat()) if (holder.accountEnabled) enabledGlobalAdministrators.add(holder.id)
  for (const id of reader.disabledByRuns ?? []) enabledGlobalAdministrators.delete(id)

  return {
    rolesOf: (objectId) => [...(rolesByHolder.get(objectId)?.keys() ?? [])],
    roleNamesOf: (objectId) => [...(rolesByHolder.get(objectId)?.values() ?? [])],
    isInRoleAssignableGroup: (objectId) => inRoleAssignableGroup.has(objectId),
    enabledGlobalAdministrators,
  }
}

export const loadRoleRoster = (reader: FactReader): Promise<Reading<RoleRoster>> =>
  reading(() => sharedReading(readRoleRoster, reader))

export function adminStanding(roster: RoleRoster, objectId: string): AdminStanding {
  const roleNames = roster.roleNamesOf(objectId)
  const isGlobalAdministrator = roster.rolesOf(objectId).includes(globalAdministratorRoleId)
  return {
    isAdministrator: roleNames.length > 0 || roster.isInRoleAssignableGroup(objectId),
    roleNames,
    isGlobalAdministrator,
    isLastEnabledGlobalAdministrator: isGlobalAdministrator && !hasGlobalAdministratorBesides(roster, objectId),
  }
}

export const hasGlobalAdministratorBesides = (
  { enabledGlobalAdministrators }: Pick<RoleRoster, 'enabledGlobalAdministrators'>,
  objectId: string,
): boolean => [...enabledGlobalAdministrators].some((id) => id !== objectId)
