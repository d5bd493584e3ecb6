/** Teams apps where they are installed: for a person, in a team, in a chat. */

import { placeIn } from '../audit/teams-places.ts'
import { audited, now } from '../audit/trail.ts'
import type { TeamsInstallation, TeamsScope, Tenant } from '../world.ts'
import { GraphError } from './errors.ts'
import { exactText } from './filter.ts'
import { type EntityShape, entityReply, type Json, listReply, option } from './query.ts'
import { type GraphReply, type GraphRequest, isDelegated, noContent, param, type Route } from './route.ts'
import { installationPermissions, isSelfOnly } from './teams-permissions.ts'

const shape: EntityShape = {
  type: 'teamsAppInstallation',
  properties: ['id', 'consentedPermissionSet'],
  defaults: ['id'],
}
const paths: Record<TeamsScope, string> = {
  USER: '/users/{id}/teamwork/installedApps',
  TEAM: '/teams/{id}/installedApps',
  CHAT: '/chats/{id}/installedApps',
}
const common = { workload: 'teams', expandable: ['teamsApp', 'teamsAppDefinition'] } as const

export const teamsAppRoutes: readonly Route[] = (['USER', 'TEAM', 'CHAT'] as const).flatMap((scope): Route[] => {
  const pattern = paths[scope]
  const permissions = installationPermissions[scope]
  return [
    {
      ...common,
      method: 'GET',
      pattern,
      permissions: permissions.list,
      query: ['$select', '$filter', '$expand', '$top'],
      filterable: {
        'teamsApp/id': exactText,
        'teamsApp/externalId': exactText,
        'teamsAppDefinition/teamsAppId': exactText,
      },
      handler: (request) => {
        const place = placeOf(request, scope)
        const rows = installationsAt(request, scope, place)
          .filter((one) => reaches(request, one))
          .map((one) => ({
            'teamsApp/id': one.teamsApp.id,
            'teamsApp/externalId': one.teamsApp.externalId,
            'teamsAppDefinition/teamsAppId': one.teamsAppDefinition.teamsAppId,
            installation: one,
          }))
        const json = ({ installation }: (typeof rows)[number]): Json => installationJson(request, installation)
        return listReply(request, rows, { context: contextOf(scope, place), shape, json })
      },
    },
    {
      ...common,
      method: 'GET',
      pattern: `${pattern}/{installationId}`,
      permissions: permissions.get,
      query: ['$select', '$expand'],
      handler: (request) => {
        const place = placeOf(request, scope)
        const installation = installationOf(request, scope, place)
        return entityReply(request, installationJson(request, installation), {
          context: contextOf(scope, place),
          shape,
        })
      },
    },
    {
      ...common,
      method: 'DELETE',
      pattern: `${pattern}/{installationId}`,
      permissions: permissions.uninstall,
      mutates: true,
      handler: (request) => uninstall(request, installationOf(request, scope, placeOf(request, scope))),
    },
  ]
})

export const teamsNotFound = (what: string): GraphError => new GraphError(404, 'NotFound', `${what} was not found.`)

const contextOf = (scope: TeamsScope, place: string): string =>
  paths[scope].slice(1).replace('/{id}', `('${encodeURIComponent(place)}')`)

/** The id of the person, team or chat. Throws 404, and 403 for people whom it does not concern. */
function placeOf(request: GraphRequest, scope: TeamsScope): string {
  const { tenant, caller } = request
  const key = param(request, 'id')
  const found = findPlace(tenant, scope, key.toLowerCase())
  if (!found) throw teamsNotFound(`The ${scope.toLowerCase()} '${key}'`)
  if (isDelegated(caller) && !found.people.includes(caller.userId ?? '')) {
    throw new GraphError(403, 'Forbidden', 'The signed-in user has no access to it.')
  }
  return found.id
}

function findPlace({ users, groups, chats }: Tenant, scope: TeamsScope, key: string) {
  switch (scope) {
    case 'USER': {
      const user = users.find((one) => one.id === key || one.userPrincipalName.toLowerCase() === key)
      return user && { id: user.id, people: [user.id] }
    }
    case 'TEAM': {
      const team = groups.find((one) => one.hasTeam && one.id === key)
      return team && { id: team.id, people: [...team.members, ...team.owners] }
    }
    case 'CHAT': {
      const chat = chats.find((one) => one.id.toLowerCase() === key)
      return chat && { id: chat.id, people: chat.members }
    }
  }
}

const installationsAt = ({ tenant }: GraphRequest, scope: TeamsScope, place: string): TeamsInstallation[] =>
  tenant.teamsInstallations.filter((one) => one.scope === scope && one.scopeId === place)

/** An id of the catalogue or of a manifest is no installation's. Throws 400, 404 and 403. */
function installationOf(request: GraphRequest, scope: TeamsScope, place: string): TeamsInstallation {
  const id = param(request, 'installationId')
  if (!isInstallationId(id)) throw new GraphError(400, 'BadRequest', `Invalid id '${id}' provided.`)
  const found = installationsAt(request, scope, place).find((one) => one.id === id)
  if (!found) throw teamsNotFound('The installed app')
  if (!reaches(request, found)) throw new GraphError(403, 'Forbidden', 'The application may act on itself only.')
  return found
}

const isInstallationId = (id: string): boolean =>
  /^[A-Za-z0-9+/_-]+={0,2}$/.test(id) && Buffer.from(id, 'base64').toString().includes('##')

/** Whether one of the token's permissions is for every app, or the app is the calling application itself. */
function reaches({ caller, route: { permissions } }: GraphRequest, installation: TeamsInstallation): boolean {
  if (typeof permissions === 'function') return false
  const needed = (isDelegated(caller) ? permissions.delegated : permissions.application).flat()
  const given = isDelegated(caller) ? caller.scopes : caller.roles
  if (needed.some((name) => given.includes(name) && !isSelfOnly(name))) return true
  return installation.teamsAppDefinition.authorization.clientAppId === caller.appId
}

function installationJson(request: GraphRequest, { id, teamsApp, teamsAppDefinition }: TeamsInstallation): Json {
  const expanded = (option(request, '$expand') ?? '').split(',').map((name) => name.trim())
  return {
    id,
    consentedPermissionSet: teamsAppDefinition.authorization.requiredPermissionSet,
    ...(expanded.includes('teamsApp') ? { teamsApp } : {}),
    ...(expanded.includes('teamsAppDefinition') ? { teamsAppDefinition } : {}),
  }
}

function uninstall(request: GraphRequest, installation: TeamsInstallation): GraphReply {
  const { tenant } = request
  if (installation.isPreinstalled) throw pinned(request)
  const { resourceSpecificPermissions } = installation.teamsAppDefinition.authorization.requiredPermissionSet
  if (installation.teamsApp.distributionMethod === 'sideloaded' && resourceSpecificPermissions.length > 0) {
    throw new GraphError(
      412,
      'PreconditionFailed',
      'The resource-specific consent of a sideloaded app cannot be taken back.',
    )
  }
  tenant.teamsInstallations = tenant.teamsInstallations.filter((one) => one !== installation)
  audited(request, (story, by) =>
    story.teamsApp(now, 'AppUninstalled', by, installation, placeIn(tenant, installation)),
  )
  return noContent()
}

/** Seen in the message and in the inner error; here they take turns. */
function pinned({ state }: GraphRequest): GraphError {
  state.pinnedRefusals += 1
  const reason = 'AppIsTenantAdminPreinstalled'
  return state.pinnedRefusals % 2 === 1
    ? new GraphError(403, 'Forbidden', `${reason}: the app was installed by the administrator of the tenant.`)
    : new GraphError(403, 'Forbidden', 'Forbidden', {}, { code: reason, message: 'Installed by an administrator.' })
}
