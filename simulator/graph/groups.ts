import type { Group } from '../world.ts'
import { findById, groupJson, groupShape, servicePrincipalShape, userShape } from './directory.ts'
import { flag, text } from './filter.ts'
import { readGroups } from './permissions.ts'
import { directoryObjectsJson, objectsReply, transitiveMemberIds } from './principals.ts'
import { entityReply, type Json, listReply, option } from './query.ts'
import { type GraphReply, type GraphRequest, param, type QueryOption, type Route } from './route.ts'

const groups = { context: 'groups', shape: groupShape }
const query: readonly QueryOption[] = ['$select', '$top', '$count']
// Graph expands at most this many members, without a link to the rest.
const expandedMax = 20

export const groupRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/groups',
    permissions: readGroups,
    query: [...query, '$filter', '$expand'],
    expandable: ['members', 'owners'],
    filterable: { id: text, displayName: text, isAssignableToRole: flag, securityEnabled: flag },
    handler: (request) =>
      listReply(
        request,
        request.tenant.groups.map((group) => expanded(request, group)),
        groups,
      ),
  },
  {
    method: 'GET',
    pattern: '/groups/{id}',
    permissions: readGroups,
    query: ['$select', '$expand'],
    expandable: ['members', 'owners'],
    handler: (request) => entityReply(request, expanded(request, groupOf(request)), groups),
  },
  ...(['members', 'owners', 'transitiveMembers'] as const).flatMap((relation) => {
    const route = (cast?: typeof userShape): Route => ({
      method: 'GET',
      pattern: `/groups/{id}/${relation}${cast ? `/microsoft.graph.${cast.type}` : ''}`,
      permissions: readGroups,
      query,
      advanced: cast !== undefined,
      cost: relation === 'transitiveMembers' ? 5 : 3,
      handler: (request) => peopleReply(request, relation, cast),
    })
    return [route(), route(userShape), route(groupShape), route(servicePrincipalShape)]
  }),
]

const groupOf = (request: GraphRequest): Group => findById(request.tenant.groups, param(request, 'id'))

function peopleReply(
  request: GraphRequest,
  relation: 'members' | 'owners' | 'transitiveMembers',
  cast?: typeof userShape,
): GraphReply {
  const group = groupOf(request)
  const ids = relation === 'transitiveMembers' ? transitiveMemberIds(request.tenant, group) : group[relation]
  return objectsReply(request, ids, cast)
}

function expanded(request: GraphRequest, group: Group): Json {
  const json = groupJson(group)
  const relation = option(request, '$expand')
  if (relation !== 'members' && relation !== 'owners') return json
  return { ...json, [relation]: directoryObjectsJson(request.tenant, group[relation].slice(0, expandedMax)) }
}
