/** What clients may do: delegated grants and app role assignments, and taking them away. */
import { assignmentChanged, grantChanged } from '../audit/permission-changes.ts'
import { audited } from '../audit/trail.ts'
import { graphAppId } from '../microsoft-resources.ts'
import type { AppRoleAssignment, OAuth2PermissionGrant } from '../world.ts'
import { checkAdministrator, permissionAdministrators, readable } from './application-access.ts'
import { findUser } from './directory.ts'
import { badRequest, notFound } from './errors.ts'
import { text } from './filter.ts'
import {
  changeAppRoles,
  changeAppRolesOfPeople,
  changePermissionGrants,
  readAppRolesOfPeople,
  readOwnedApplications,
  readPermissionGrants,
} from './permissions.ts'
import { type EntityShape, entityReply, listReply } from './query.ts'
import {
  type GraphReply,
  type GraphRequest,
  noContent,
  type Permissions,
  param,
  type QueryOption,
  type Route,
} from './route.ts'
import { displayNameOf, principalKeys, servicePrincipalOf } from './service-principals.ts'

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

const grants = { context: 'oauth2PermissionGrants', shape: grantShape }
const query: readonly QueryOption[] = ['$select', '$top', '$count']

// The page about this list names the permissions of the collection; that of the service principal is seen to suffice, too.
const readGrantsOfOne: Permissions = {
  application: [...readPermissionGrants.application, ...readOwnedApplications.application],
  delegated: [...readPermissionGrants.delegated, ...readOwnedApplications.delegated],
}

type End = 'principalId' | 'resourceId'

export const permissionGrantRoutes: readonly Route[] = [
  ...principalKeys.flatMap((key): Route[] => [
    ...([`${key}/appRoleAssignments`, `${key}/appRoleAssignedTo`] as const).flatMap((pattern): Route[] => {
      const end: End = pattern.endsWith('AssignedTo') ? 'resourceId' : 'principalId'
      return [
        {
          method: 'GET',
          pattern,
          permissions: readOwnedApplications,
          query,
          cost: 2,
          handler: (request) => assignmentsReply(request, end, readable(request, servicePrincipalOf(request)).id),
        },
        {
          method: 'DELETE',
          pattern: `${pattern}/{assignmentId}`,
          permissions: changeAppRoles,
          mutates: true,
          handler: (request) => removeAssignment(request, end, servicePrincipalOf(request).id),
        },
      ]
    }),
    {
      method: 'GET',
      pattern: `${key}/oauth2PermissionGrants`,
      permissions: readGrantsOfOne,
      query: ['$select', '$top'],
      cost: 2,
      handler: (request) => {
        const { id } = readable(request, servicePrincipalOf(request))
        return grantsReply(request, ({ clientId }) => clientId === id)
      },
    },
  ]),
  {
    method: 'GET',
    pattern: '/users/{id}/appRoleAssignments',
    permissions: readAppRolesOfPeople,
    query,
    handler: (request) => assignmentsReply(request, 'principalId', findUser(request.tenant, param(request, 'id')).id),
  },
  {
    method: 'DELETE',
    pattern: '/users/{id}/appRoleAssignments/{assignmentId}',
    permissions: changeAppRolesOfPeople,
    mutates: true,
    handler: (request) => removeAssignment(request, 'principalId', findUser(request.tenant, param(request, 'id')).id),
  },
  {
    method: 'GET',
    pattern: '/users/{id}/oauth2PermissionGrants',
    permissions: readPermissionGrants,
    query: ['$select', '$top'],
    cost: 2,
    handler: (request) => {
      const { id } = findUser(request.tenant, param(request, 'id'))
      return grantsReply(request, ({ principalId }) => principalId === id)
    },
  },
  {
    method: 'GET',
    pattern: '/oauth2PermissionGrants',
    permissions: readPermissionGrants,
    query: ['$select', '$filter', '$top'],
    filterable: { clientId: text, consentType: text, principalId: text, resourceId: text },
    cost: 2,
    handler: (request) => grantsReply(request, () => true),
  },
  {
    method: 'GET',
    pattern: '/oauth2PermissionGrants/{grantId}',
    permissions: readPermissionGrants,
    query: ['$select'],
    cost: 2,
    handler: (request) => entityReply(request, { ...grantOf(request) }, grants),
  },
  {
    method: 'DELETE',
    pattern: '/oauth2PermissionGrants/{grantId}',
    permissions: changePermissionGrants,
    mutates: true,
    handler: removeGrant,
  },
]

const grantsReply = (request: GraphRequest, fits: (grant: OAuth2PermissionGrant) => boolean): GraphReply =>
  listReply(request, request.tenant.oauth2PermissionGrants.filter(fits), grants)

function grantOf(request: GraphRequest): OAuth2PermissionGrant {
  const wanted = param(request, 'grantId')
  const grant = request.tenant.oauth2PermissionGrants.find(({ id }) => id === wanted)
  if (!grant) throw notFound(wanted)
  return grant
}

function removeGrant(request: GraphRequest): GraphReply {
  const { tenant } = request
  checkAdministrator(request)
  const grant = grantOf(request)
  tenant.oauth2PermissionGrants = tenant.oauth2PermissionGrants.filter((one) => one !== grant)
  audited(request, (story, by) => grantChanged(story, by, 'Remove', tenant, grant))
  return noContent()
}

function assignmentsReply(request: GraphRequest, end: End, id: string): GraphReply {
  const { tenant } = request
  const rows = tenant.appRoleAssignments.filter((one) => one[end] === id)
  const items = rows.map((row) => ({
    ...row,
    deletedDateTime: null,
    principalDisplayName: displayNameOf(tenant, row.principalId),
    resourceDisplayName: displayNameOf(tenant, row.resourceId),
  }))
  return listReply(request, items, { context: 'appRoleAssignments', shape: assignmentShape })
}

/** One that is not there, or no longer, is a bad request here and not a missing resource. */
function removeAssignment(request: GraphRequest, end: End, id: string): GraphReply {
  const { tenant } = request
  const wanted = param(request, 'assignmentId')
  const assignment = tenant.appRoleAssignments.find((one) => one[end] === id && one.id === wanted)
  checkAdministrator(request, assignment && isOfGraph(request, assignment) ? permissionAdministrators : undefined)
  if (!assignment) throw badRequest('EntitlementGrant being updated or deleted is not found.')
  tenant.appRoleAssignments = tenant.appRoleAssignments.filter((one) => one !== assignment)
  audited(request, (story, by) => assignmentChanged(story, by, 'Remove', tenant, assignment))
  return noContent()
}

const isOfGraph = ({ tenant }: GraphRequest, { resourceId }: AppRoleAssignment): boolean =>
  tenant.servicePrincipals.some(({ id, appId }) => id === resourceId && appId === graphAppId)
