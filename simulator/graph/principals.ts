/** Lists whose items may be of several types, and who is a member of what. */
import { roleNameOf } from '../access-rules.ts'
import { directoryRoles } from '../directory-roles.ts'
import type { Caller } from '../engine-types.ts'
import type { Group, Tenant } from '../world.ts'
import {
  directoryRoleJson,
  directoryRoleShape,
  groupJson,
  groupShape,
  servicePrincipalJson,
  servicePrincipalShape,
  userJson,
  userShape,
} from './directory.ts'
import { readApplications, readGroups, readUsers } from './permissions.ts'
import { type EntityShape, type Json, listReply } from './query.ts'
import { type GraphReply, type GraphRequest, hasPermission, type Permissions } from './route.ts'

const shapes = [userShape, groupShape, servicePrincipalShape, directoryRoleShape]
const objectShape: EntityShape = {
  type: 'directoryObject',
  properties: ['id', 'deletedDateTime'],
  defaults: ['id', 'deletedDateTime'],
}

const typeOf = (shape: EntityShape): string => `#microsoft.graph.${shape.type}`
const typed = (shape: EntityShape, item: Json): Json => ({ '@odata.type': typeOf(shape), ...item })

/** An object of any type with its `@odata.type`; null when the tenant has none of that id. */
export function directoryObjectJson(tenant: Tenant, id: string): Json | null {
  const key = id.toLowerCase()
  const user = tenant.users.find((one) => one.id === key)
  if (user) return typed(userShape, userJson(tenant, user))
  const group = tenant.groups.find((one) => one.id === key)
  if (group) return typed(groupShape, groupJson(group))
  const principal = tenant.servicePrincipals.find((one) => one.id === key)
  if (principal) return typed(servicePrincipalShape, servicePrincipalJson(principal))
  const role = activatedRoles(tenant).find((templateId) => directoryRoleJson(tenant, templateId).id === key)
  return role ? typed(directoryRoleShape, directoryRoleJson(tenant, role)) : null
}

export const directoryObjectsJson = (tenant: Tenant, ids: readonly string[]): Json[] =>
  ids.map((id) => directoryObjectJson(tenant, id)).filter((item) => item !== null)

/** Answers with objects of several types, or of the one that the path's cast names. */
export function objectsReply(request: GraphRequest, ids: readonly string[], cast?: EntityShape): GraphReply {
  const objects = directoryObjectsJson(request.tenant, ids)
  if (cast) {
    const items = objects
      .filter((item) => item['@odata.type'] === typeOf(cast))
      .map(({ '@odata.type': _, ...item }) => item)
    return listReply(request, items, { context: `${cast.type}s`, shape: cast })
  }
  const items = objects.map((item) => withLimits(request.caller, item))
  return listReply(request, items, {
    context: 'directoryObjects',
    shape: objectShape,
    mixedWith: shapes,
    shapeOf: (item) => shapes.find((shape) => typeOf(shape) === item['@odata.type']) ?? objectShape,
  })
}

const readPermissions: Record<string, Permissions> = {
  [typeOf(userShape)]: readUsers,
  [typeOf(groupShape)]: readGroups,
  [typeOf(servicePrincipalShape)]: readApplications,
}

/** Members of a type that the caller may not read come with type and id only; everything else is null. */
function withLimits(caller: Caller, item: Json): Json {
  const permissions = readPermissions[String(item['@odata.type'])]
  if (!permissions || hasPermission(caller, permissions)) return item
  const entries = Object.entries(item)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, name === '@odata.type' || name === 'id' ? value : null]),
  )
}

/** Template ids of the roles that the tenant has used: only they have a `directoryRole`. */
export function activatedRoles(tenant: Tenant): string[] {
  const used = tenant.roleAssignments.map(({ roleDefinitionId }) => roleDefinitionId).filter((id) => roleNameOf(id))
  return [...new Set([directoryRoles['Global Administrator'], ...used])]
}

/** Groups that hold the object, directly or through other groups. */
export function groupsOf(tenant: Tenant, id: string, transitively: boolean): Group[] {
  const found = new Set<Group>()
  const add = (memberId: string): void => {
    for (const group of tenant.groups) {
      if (found.has(group) || !group.members.includes(memberId)) continue
      found.add(group)
      if (transitively) add(group.id)
    }
  }
  add(id)
  return [...found]
}

/** Template ids of built-in roles held at the tenant by any of the principals. */
export function rolesHeldBy(tenant: Tenant, principalIds: readonly string[]): string[] {
  const held = tenant.roleAssignments.filter((one) => principalIds.includes(one.principalId))
  return [...new Set(held.map(({ roleDefinitionId }) => roleDefinitionId))].filter((id) => roleNameOf(id))
}

/** Ids of everything inside a group, groups in it included. */
export function transitiveMemberIds(tenant: Tenant, group: Group): string[] {
  const found = new Set<string>()
  const add = ({ members }: Group): void => {
    for (const id of members) {
      if (found.has(id)) continue
      found.add(id)
      const inner = tenant.groups.find((one) => one.id === id)
      if (inner) add(inner)
    }
  }
  add(group)
  return [...found]
}
