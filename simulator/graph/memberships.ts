/** What a person belongs to. */
import { directoryRoleId, directoryRoleShape, findUser, groupJson, groupShape } from './directory.ts'
import { badRequest } from './errors.ts'
import { flag, text } from './filter.ts'
import { checkMembers, readMemberOf, readTransitiveMemberOf } from './permissions.ts'
import { groupsOf, objectsReply, rolesHeldBy } from './principals.ts'
import { listReply } from './query.ts'
import { type GraphReply, type GraphRequest, ok, param, type QueryOption, type Route } from './route.ts'

const query: readonly QueryOption[] = ['$select', '$top', '$count']
const withFilter: readonly QueryOption[] = [...query, '$filter']
const checkedIdsMax = 20

export const membershipRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/users/{id}/memberOf',
    permissions: readMemberOf,
    query,
    cost: 2,
    handler: (request) => objectsReply(request, memberships(request, false)),
  },
  {
    method: 'GET',
    pattern: '/users/{id}/memberOf/microsoft.graph.directoryRole',
    permissions: readMemberOf,
    query,
    advanced: true,
    cost: 2,
    handler: (request) => objectsReply(request, memberships(request, false), directoryRoleShape),
  },
  {
    method: 'GET',
    pattern: '/users/{id}/transitiveMemberOf',
    permissions: readTransitiveMemberOf,
    query,
    cost: 2,
    handler: (request) => objectsReply(request, memberships(request, true)),
  },
  {
    method: 'GET',
    pattern: '/users/{id}/transitiveMemberOf/microsoft.graph.group',
    permissions: readTransitiveMemberOf,
    query: withFilter,
    filterable: { id: text, isAssignableToRole: flag },
    advanced: true,
    cost: 2,
    handler: (request) => {
      const user = findUser(request.tenant, param(request, 'id'))
      const groups = groupsOf(request.tenant, user.id, true)
      return listReply(request, groups.map(groupJson), { context: 'groups', shape: groupShape })
    },
  },
  {
    method: 'GET',
    pattern: '/users/{id}/transitiveMemberOf/microsoft.graph.directoryRole',
    permissions: readTransitiveMemberOf,
    query,
    advanced: true,
    cost: 2,
    handler: (request) => objectsReply(request, memberships(request, true), directoryRoleShape),
  },
  {
    method: 'GET',
    pattern: '/users/{id}/ownedObjects/microsoft.graph.group',
    permissions: readTransitiveMemberOf,
    query: withFilter,
    filterable: { id: text, isAssignableToRole: flag },
    advanced: true,
    cost: 2,
    handler: (request) => {
      const user = findUser(request.tenant, param(request, 'id'))
      const groups = request.tenant.groups.filter(({ owners }) => owners.includes(user.id))
      return listReply(request, groups.map(groupJson), { context: 'groups', shape: groupShape })
    },
  },
  {
    method: 'POST',
    pattern: '/users/{id}/checkMemberObjects',
    permissions: checkMembers,
    cost: 4,
    handler: checkMemberObjects,
  },
]

/** Ids of groups and of roles held directly: sources disagree whether roles held by group belong here, so they do not. */
function memberships(request: GraphRequest, transitively: boolean): string[] {
  const { tenant } = request
  const user = findUser(tenant, param(request, 'id'))
  const groups = groupsOf(tenant, user.id, transitively).map(({ id }) => id)
  const roles = rolesHeldBy(tenant, [user.id]).map((templateId) => directoryRoleId(tenant, templateId))
  return [...groups, ...roles]
}

function checkMemberObjects(request: GraphRequest): GraphReply {
  const { tenant } = request
  const ids = idsIn(request.body, checkedIdsMax)
  const user = findUser(tenant, param(request, 'id'))
  const groups = groupsOf(tenant, user.id, true).map(({ id }) => id)
  const roles = rolesHeldBy(tenant, [user.id, ...groups])
  const held = new Set([...groups, ...roles, ...roles.map((templateId) => directoryRoleId(tenant, templateId))])
  return ok({
    '@odata.context': `${request.root}/$metadata#Collection(Edm.String)`,
    value: ids.filter((id) => held.has(id.toLowerCase())),
  })
}

/** `ids` of a body: texts, at least one, at most `max`. Throws 400. */
export function idsIn(body: unknown, max: number): string[] {
  const ids = typeof body === 'object' && body !== null && 'ids' in body ? body.ids : null
  if (!Array.isArray(ids) || ids.length === 0 || !ids.every((id) => typeof id === 'string')) {
    throw badRequest("The parameter 'ids' must be a list of object ids.")
  }
  if (ids.length > max) throw badRequest(`Too many elements in 'ids': ${ids.length}. At most ${max} are allowed.`)
  return ids
}
