import { roleNameOf } from '../access-rules.ts'
import { directoryRoles } from '../directory-roles.ts'
import type { RoleAssignment, Tenant } from '../world.ts'
import { directoryRoleJson, directoryRoleShape } from './directory.ts'
import { notFound } from './errors.ts'
import { text } from './filter.ts'
import { readRoleManagement, readRoles } from './permissions.ts'
import { activatedRoles, objectsReply } from './principals.ts'
import { type EntityShape, entityReply, type Json, listReply, option } from './query.ts'
import { type GraphReply, type GraphRequest, param, type Route } from './route.ts'

const assignmentProperties = ['id', 'principalId', 'directoryScopeId', 'roleDefinitionId']
const assignmentShape: EntityShape = {
  type: 'unifiedRoleAssignment',
  properties: [...assignmentProperties, 'appScopeId', 'condition'],
  defaults: assignmentProperties,
}
const definitionProperties = [
  ...['id', 'description', 'displayName', 'isBuiltIn', 'isEnabled', 'resourceScopes', 'rolePermissions'],
  ...['templateId', 'version'],
]
const definitionShape: EntityShape = {
  type: 'unifiedRoleDefinition',
  properties: definitionProperties,
  defaults: definitionProperties,
}
const assignments = { context: 'roleManagement/directory/roleAssignments', shape: assignmentShape }
const definitions = { context: 'roleManagement/directory/roleDefinitions', shape: definitionShape }
const filterable = { principalId: text, roleDefinitionId: text }

export const roleRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/directoryRoles',
    permissions: readRoles,
    query: ['$select', '$filter'],
    filterable: { roleTemplateId: text },
    handler: (request) =>
      listReply(
        request,
        activatedRoles(request.tenant).map((templateId) => directoryRoleJson(request.tenant, templateId)),
        { context: 'directoryRoles', shape: directoryRoleShape },
      ),
  },
  {
    method: 'GET',
    pattern: "/directoryRoles(roleTemplateId='{roleTemplateId}')/members",
    permissions: readRoles,
    query: ['$select', '$count'],
    handler: (request) => roleMembers(request, 'roleTemplateId'),
  },
  {
    method: 'GET',
    pattern: '/directoryRoles/{id}/members',
    permissions: readRoles,
    query: ['$select', '$count'],
    handler: (request) => roleMembers(request, 'id'),
  },
  {
    method: 'GET',
    pattern: '/roleManagement/directory/roleAssignments',
    permissions: readRoleManagement,
    workload: 'roleManagement',
    query: ['$select', '$filter', '$expand', '$top'],
    filterable,
    expandable: ['roleDefinition'],
    handler: (request) =>
      listReply(
        request,
        request.tenant.roleAssignments.map((one) => assignmentJson(request, one)),
        assignments,
      ),
  },
  {
    method: 'GET',
    pattern: '/roleManagement/directory/roleDefinitions',
    permissions: readRoleManagement,
    workload: 'roleManagement',
    query: ['$select', '$filter', '$top'],
    filterable: { id: text, templateId: text, displayName: text },
    handler: (request) =>
      listReply(
        request,
        definitionIds(request.tenant).map((id) => definitionJson(request.tenant, id)),
        definitions,
      ),
  },
  {
    method: 'GET',
    pattern: '/roleManagement/directory/roleDefinitions/{id}',
    permissions: readRoleManagement,
    workload: 'roleManagement',
    query: ['$select'],
    handler: (request) => {
      const id = param(request, 'id').toLowerCase()
      if (!definitionIds(request.tenant).includes(id)) throw notFound(id)
      return entityReply(request, definitionJson(request.tenant, id), definitions)
    },
  },
]

/** Under `/beta` only. A role held by a group shows the group as its principal. */
export const betaRoleRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/roleManagement/directory/transitiveRoleAssignments',
    permissions: readRoleManagement,
    workload: 'roleManagement',
    query: ['$select', '$filter', '$count'],
    filterable,
    advanced: true,
    handler: (request) => {
      const rows = request.tenant.roleAssignments.flatMap((one) => {
        const holders = request.tenant.groups.find(({ id }) => id === one.principalId)?.members ?? []
        return [one.principalId, ...holders].map((holder) => ({ holder, json: assignmentJson(request, one) }))
      })
      const byHolder = rows.map(({ holder, json }) => ({ ...json, principalId: holder, groupId: json.principalId }))
      const reply = listReply(request, byHolder, assignments)
      return { ...reply, body: withGroupAsPrincipal(reply.body) }
    },
  },
]

function withGroupAsPrincipal(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('value' in body) || !Array.isArray(body.value)) return body
  const value = body.value.map(({ groupId, ...row }: Json) =>
    'principalId' in row ? { ...row, principalId: groupId } : row,
  )
  return { ...body, value }
}

function roleMembers(request: GraphRequest, key: 'id' | 'roleTemplateId'): GraphReply {
  const { tenant } = request
  const wanted = param(request, key).toLowerCase()
  const templateId = activatedRoles(tenant).find((one) =>
    key === 'id' ? directoryRoleJson(tenant, one).id === wanted : one === wanted,
  )
  if (!templateId) throw notFound(wanted)
  const held = tenant.roleAssignments.filter(
    (one) => one.roleDefinitionId === templateId && one.directoryScopeId === '/',
  )
  return objectsReply(
    request,
    held.map(({ principalId }) => principalId),
  )
}

function assignmentJson(request: GraphRequest, assignment: RoleAssignment): Json {
  const json = { ...assignment, appScopeId: null, condition: null }
  if (option(request, '$expand') !== 'roleDefinition') return json
  return { ...json, roleDefinition: definitionJson(request.tenant, assignment.roleDefinitionId) }
}

const definitionIds = (tenant: Tenant): string[] => [
  ...Object.values(directoryRoles),
  ...tenant.customRoleDefinitions.map(({ id }) => id),
]

function definitionJson(tenant: Tenant, id: string): Json {
  const builtInName = roleNameOf(id)
  const custom = tenant.customRoleDefinitions.find((one) => one.id === id)
  return {
    id,
    description: null,
    displayName: builtInName ?? custom?.displayName ?? null,
    isBuiltIn: builtInName !== undefined,
    isEnabled: true,
    resourceScopes: ['/'],
    rolePermissions: [],
    templateId: id,
    version: builtInName ? '1' : null,
  }
}
