/** Calls about Entra applications and Teams apps. */
import { aManagedIdentity, aRegisteredApp, aThirdPartyApp } from '../../simulator/apps.ts'
import { userOf } from '../../simulator/builders.ts'
import { deleteApplication, deleteServicePrincipal } from '../../simulator/deletion.ts'
import { aChat, aTeam, aTeamsApp, installTeamsApp } from '../../simulator/teams.ts'
import type { ServicePrincipal, TeamsScope } from '../../simulator/world.ts'
import type { GraphWorld } from '../support/graph-world.ts'
import { type Example, get, id, remove, unknownId } from './graph-example.ts'

const principal = ({ tenant }: GraphWorld, name: string): ServicePrincipal | undefined =>
  tenant.servicePrincipals.find(({ displayName }) => displayName === name)
const registration = ({ world }: GraphWorld, name: string): string =>
  world.applications.find(({ displayName }) => displayName === name)?.id ?? ''
const assignmentOf = ({ tenant }: GraphWorld, principalId = ''): string =>
  tenant.appRoleAssignments.find((one) => one.principalId === principalId)?.id ?? ''
const grantOf = (world: GraphWorld): string =>
  world.tenant.oauth2PermissionGrants.find(({ clientId }) => clientId === principal(world, 'Mailer')?.id)?.id ?? ''
const deletedId = ({ tenant }: GraphWorld, name: string): string =>
  tenant.deletedItems.find(({ object }) => object.displayName === name)?.object.id ?? ''
const deletedItem = '/directory/deletedItems/{directoryObject-id}'
const catalogApp = '/appCatalogs/teamsApps/{teamsApp-id}'
const placeOf = ({ tenant }: GraphWorld, scope: TeamsScope): string =>
  encodeURIComponent(tenant.teamsInstallations.find((one) => one.scope === scope)?.scopeId ?? '')
const installationOf = ({ tenant }: GraphWorld, scope: TeamsScope, name: string): string =>
  encodeURIComponent(
    tenant.teamsInstallations.find((one) => one.scope === scope && one.teamsApp.displayName === name)?.id ?? '',
  )

/** List, read, uninstall: the same in each scope, with what cannot be removed. */
function installedApps(scope: TeamsScope, template: string, id: string, path: Example['path']): Example[] {
  const one = (name: string) => (world: GraphWorld) => `${path(world)}/${installationOf(world, scope, name)}`
  return [
    get(template, path),
    get(template, (world) => `${path(world)}?$expand=teamsApp,teamsAppDefinition`),
    get(`${template}/{${id}}`, (world) => `${one('Poll Master')(world)}?$expand=teamsAppDefinition`),
    remove(`${template}/{${id}}`, (world) => `${path(world)}/${unknownId}`, 400),
    remove(`${template}/{${id}}`, one('Help Desk'), 403),
    remove(`${template}/{${id}}`, one('Prototype'), 412),
    remove(`${template}/{${id}}`, one('Poll Master')),
    remove(`${template}/{${id}}`, (world) => `${path(world)}/IyM%3D`, 404),
  ]
}

export const appExamples: Example[] = [
  get('/oauth2PermissionGrants/{oAuth2PermissionGrant-id}', (world) => `/oauth2PermissionGrants/${grantOf(world)}`),
  get('/users/{user-id}/oauth2PermissionGrants', (world) => `/users/${id(world, 'Ada')}/oauth2PermissionGrants`),
  get('/users/{user-id}/appRoleAssignments', (world) => `/users/${id(world, 'Ada')}/appRoleAssignments`),
  remove(
    '/users/{user-id}/appRoleAssignments/{appRoleAssignment-id}',
    (world) => `/users/${id(world, 'Ada')}/appRoleAssignments/none`,
    400,
  ),
  get(
    "/servicePrincipals(appId='{appId}')",
    (world) => `/servicePrincipals(appId='${principal(world, 'Mailer')?.appId}')`,
  ),
  ...['/servicePrincipals/{servicePrincipal-id}', "/servicePrincipals(appId='{appId}')"].map(
    (template): Example => ({
      method: 'PATCH',
      template,
      path: (world) =>
        template.includes('appId')
          ? `/servicePrincipals(appId='${principal(world, 'Mailer')?.appId}')`
          : `/servicePrincipals/${principal(world, 'Mailer')?.id}`,
      body: () => ({ accountEnabled: false }),
      status: 204,
    }),
  ),
  remove(
    '/servicePrincipals/{servicePrincipal-id}/appRoleAssignments/{appRoleAssignment-id}',
    (world) =>
      `/servicePrincipals/${principal(world, 'Mailer')?.id}/appRoleAssignments/${assignmentOf(world, principal(world, 'Mailer')?.id)}`,
  ),
  remove(
    '/servicePrincipals/{servicePrincipal-id}/appRoleAssignedTo/{appRoleAssignment-id}',
    (world) => `/servicePrincipals/${principal(world, 'Microsoft Graph')?.id}/appRoleAssignedTo/none`,
    400,
  ),
  remove('/oauth2PermissionGrants/{oAuth2PermissionGrant-id}', (world) => `/oauth2PermissionGrants/${grantOf(world)}`),
  remove(
    '/servicePrincipals/{servicePrincipal-id}',
    (world) => `/servicePrincipals/${principal(world, 'backup')?.id}`,
    400,
  ),
  remove('/servicePrincipals/{servicePrincipal-id}', (world) => `/servicePrincipals/${principal(world, 'Mailer')?.id}`),
  remove("/servicePrincipals(appId='{appId}')", () => `/servicePrincipals(appId='${unknownId}')`, 404),
  remove(
    "/servicePrincipals(appId='{appId}')",
    (world) => `/servicePrincipals(appId='${principal(world, 'Helper')?.appId}')`,
  ),
  get('/applications', () => '/applications'),
  get('/applications/{application-id}', (world) => `/applications/${registration(world, 'Intranet')}`),
  get("/applications(appId='{appId}')", () => `/applications(appId='${unknownId}')`, 404),
  get(
    "/applications(appId='{appId}')",
    (world) => `/applications(appId='${principal(world, 'Intranet')?.appId}')?$select=id,appId,displayName`,
  ),
  remove('/applications/{application-id}', (world) => `/applications/${registration(world, 'Intranet')}`),
  remove("/applications(appId='{appId}')", (world) => `/applications(appId='${principal(world, 'Payroll')?.appId}')`),
  ...['application', 'servicePrincipal'].map((type) =>
    get(`/directory/deletedItems/microsoft.graph.${type}`, () => `/directory/deletedItems/microsoft.graph.${type}`),
  ),
  get(deletedItem, (world) => `/directory/deletedItems/${deletedId(world, 'Old mailer')}`),
  {
    method: 'POST',
    template: `${deletedItem}/restore`,
    path: (world) => `/directory/deletedItems/${deletedId(world, 'Old mailer')}/restore`,
  },
  {
    method: 'POST',
    template: `${deletedItem}/restore`,
    path: (world) => `/directory/deletedItems/${deletedId(world, 'Old intranet')}/restore`,
  },
  remove(deletedItem, (world) => `/directory/deletedItems/${deletedId(world, 'Old intranet')}`),
  remove(deletedItem, () => `/directory/deletedItems/${unknownId}`, 404),
  ...installedApps(
    'USER',
    '/users/{user-id}/teamwork/installedApps',
    'userScopeTeamsAppInstallation-id',
    (world) => `/users/${placeOf(world, 'USER')}/teamwork/installedApps`,
  ),
  ...installedApps(
    'TEAM',
    '/teams/{team-id}/installedApps',
    'teamsAppInstallation-id',
    (world) => `/teams/${placeOf(world, 'TEAM')}/installedApps`,
  ),
  ...installedApps(
    'CHAT',
    '/chats/{chat-id}/installedApps',
    'teamsAppInstallation-id',
    (world) => `/chats/${placeOf(world, 'CHAT')}/installedApps`,
  ),
  get('/appCatalogs/teamsApps', () => '/appCatalogs/teamsApps?$expand=appDefinitions'),
  get(catalogApp, ({ tenant }) => `/appCatalogs/teamsApps/${tenant.teamsApps[0]?.teamsApp.id}`),
  remove(catalogApp, ({ tenant }) => `/appCatalogs/teamsApps/${tenant.teamsApps[0]?.teamsApp.id}`, 403),
  remove(
    catalogApp,
    ({ tenant }) =>
      `/appCatalogs/teamsApps/${tenant.teamsApps.find(({ teamsApp }) => teamsApp.externalId !== null)?.teamsApp.id}`,
    204,
    'Gloria',
  ),
]

/** Something of each kind to look at and to delete. */
export function addApps({ tenant, world }: GraphWorld): void {
  const ada = userOf(tenant, 'Ada')
  const grants = { permissions: ['User.Read.All'], consents: { Ada: ['Mail.Read'] } }
  const mailer = aThirdPartyApp(tenant, 'Mailer', grants)
  mailer.verifiedPublisher = {
    displayName: 'Litware',
    verifiedPublisherId: '42',
    addedDateTime: '2025-01-01T00:00:00Z',
  }
  aThirdPartyApp(tenant, 'Helper', grants)
  aManagedIdentity(tenant, 'backup')
  for (const name of ['Intranet', 'Payroll']) aRegisteredApp(world, tenant, name, grants)
  deleteServicePrincipal(tenant, aThirdPartyApp(tenant, 'Old mailer', grants), new Date())
  const old = aRegisteredApp(world, tenant, 'Old intranet', grants)
  deleteApplication(world, tenant, old.application, new Date())

  const places = {
    USER: ada,
    TEAM: aTeam(tenant, 'Marketing', { members: [ada.id] }),
    CHAT: aChat(tenant, 'Campaign', { members: [ada.id] }),
  }
  for (const scope of ['USER', 'TEAM', 'CHAT'] as const) {
    const place = places[scope]
    installTeamsApp(tenant, aTeamsApp('Poll Master', { clientAppId: mailer.appId }), scope, place)
    installTeamsApp(tenant, aTeamsApp('Help Desk', { distributionMethod: 'organization' }), scope, place, {
      isPinned: true,
    })
    const sideloaded = { distributionMethod: 'sideloaded', resourcePermissions: ['Chat.Manage.Chat'] } as const
    installTeamsApp(tenant, aTeamsApp('Prototype', sideloaded), scope, place)
  }
}
