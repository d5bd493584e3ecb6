import type { ServicePrincipal, Tenant } from '../world.ts'
import { findById, servicePrincipalJson, servicePrincipalShape } from './directory.ts'
import { notFound } from './errors.ts'
import { text } from './filter.ts'
import { readApplications, readPermissionGrants } from './permissions.ts'
import { type EntityShape, entityReply, listReply } from './query.ts'
import type { GraphRequest, Permissions, QueryOption, Route } from './route.ts'

const assignmentProperties = [
  ...['id', 'deletedDateTime', 'appRoleId', 'createdDateTime', 'principalDisplayName', 'principalId'],
  ...['principalType', 'resourceDisplayName', 'resourceId'],
]
const assignmentShape: EntityShape = {
  type: 'appRoleAssignment',
  properties: assignmentProperties,
  defaults: assignmentProperties,
}
const grantProperties = ['clientId', 'consentType', 'id', 'principalId', 'resourceId', 'scope']
const grantShape: EntityShape = {
  type: 'oAuth2PermissionGrant',
  properties: grantProperties,
  defaults: grantProperties,
}

const principals = { context: 'servicePrincipals', shape: servicePrincipalShape }
const grants = { context: 'oauth2PermissionGrants', shape: grantShape }
const query: readonly QueryOption[] = ['$select', '$top', '$count']

// The page about this list names the permissions of the collection; that of the service principal is seen to suffice, too.
const readGrantsOfOne: Permissions = {
  application: [...readPermissionGrants.application, ...readApplications.application],
  delegated: [...readPermissionGrants.delegated, ...readApplications.delegated],
}

/** The same resource by object id and by application id. */
const keys = ['/servicePrincipals/{id}', "/servicePrincipals(appId='{appId}')"] as const

export const servicePrincipalRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/servicePrincipals',
    permissions: readApplications,
    query: [...query, '$filter'],
    filterable: { id: text, appId: text, displayName: text },
    handler: (request) =>
      listReply(request, request.tenant.servicePrincipals, { ...principals, json: servicePrincipalJson }),
  },
  ...keys.flatMap((key): Route[] => [
    {
      method: 'GET',
      pattern: key,
      permissions: readApplications,
      query: ['$select'],
      handler: (request) => entityReply(request, servicePrincipalJson(servicePrincipalOf(request)), principals),
    },
    {
      method: 'GET',
      pattern: `${key}/appRoleAssignments`,
      permissions: readApplications,
      query,
      cost: 2,
      handler: (request) => assignmentsReply(request, 'principalId'),
    },
    {
      method: 'GET',
      pattern: `${key}/appRoleAssignedTo`,
      permissions: readApplications,
      query,
      cost: 2,
      handler: (request) => assignmentsReply(request, 'resourceId'),
    },
    {
      method: 'GET',
      pattern: `${key}/oauth2PermissionGrants`,
      permissions: readGrantsOfOne,
      query: ['$select', '$top'],
      cost: 2,
      handler: (request) => {
        const { id } = servicePrincipalOf(request)
        const own = request.tenant.oauth2PermissionGrants.filter(({ clientId }) => clientId === id)
        return listReply(request, own, grants)
      },
    },
  ]),
  {
    method: 'GET',
    pattern: '/oauth2PermissionGrants',
    permissions: readPermissionGrants,
    query: ['$select', '$filter', '$top'],
    filterable: { clientId: text, consentType: text, principalId: text, resourceId: text },
    cost: 2,
    handler: (request) => listReply(request, request.tenant.oauth2PermissionGrants, grants),
  },
]

function servicePrincipalOf({ tenant, params }: GraphRequest): ServicePrincipal {
  if (params.id !== undefined) return findById(tenant.servicePrincipals, params.id)
  const appId = params.appId ?? ''
  const found = tenant.servicePrincipals.find((one) => one.appId === appId.toLowerCase())
  if (!found) throw notFound(appId)
  return found
}

function assignmentsReply(request: GraphRequest, end: 'principalId' | 'resourceId') {
  const { tenant } = request
  const principal = servicePrincipalOf(request)
  const rows = tenant.appRoleAssignments.filter((one) => one[end] === principal.id)
  const items = rows.map((row) => ({
    ...row,
    deletedDateTime: null,
    principalDisplayName: displayNameOf(tenant, row.principalId),
    resourceDisplayName: displayNameOf(tenant, row.resourceId),
  }))
  return listReply(request, items, { context: 'appRoleAssignments', shape: assignmentShape })
}

const displayNameOf = ({ users, groups, servicePrincipals }: Tenant, id: string): string | null =>
  [...users, ...groups, ...servicePrincipals].find((one) => one.id === id)?.displayName ?? null
