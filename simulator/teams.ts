/** Small functions for Teams: apps, teams, chats, and what is installed where. */
import { aGroup } from './builders.ts'
import { guid } from './ids.ts'
import type { CatalogApp, Chat, Group, TeamsApp, TeamsInstallation, TeamsScope, Tenant } from './world.ts'

export interface TeamsAppOptions extends Partial<TeamsApp> {
  /** Its Entra identity; default: none. */
  clientAppId?: string | null
  version?: string
  /** Resource-specific permissions that it asks for. */
  resourcePermissions?: readonly string[]
}

/** A store app; with `distributionMethod: 'organization'` it has a manifest id besides that of the catalogue. */
export function aTeamsApp(displayName: string, options: TeamsAppOptions = {}): CatalogApp {
  const { clientAppId = null, version = '1.0.0', resourcePermissions = [], ...given } = options
  const distributionMethod = given.distributionMethod ?? 'store'
  const id = given.id ?? guid('teamsApp', displayName)
  return {
    teamsApp: {
      id,
      externalId: distributionMethod === 'store' ? null : guid('teamsApp manifest', displayName),
      displayName,
      distributionMethod,
      ...given,
    },
    teamsAppDefinition: {
      id: guid(id, 'definition', version),
      teamsAppId: id,
      displayName,
      version,
      publishingState: 'published',
      shortDescription: displayName,
      description: null,
      authorization: {
        clientAppId,
        requiredPermissionSet: {
          resourceSpecificPermissions: resourcePermissions.map((permissionValue) => ({
            permissionValue,
            permissionType: 'application',
          })),
        },
      },
    },
  }
}

export const aTeam = (tenant: Tenant, displayName: string, options: Partial<Group> = {}): Group =>
  aGroup(tenant, displayName, { securityEnabled: false, hasTeam: true, ...options })

export function aChat(tenant: Tenant, topic: string, options: Partial<Chat> = {}): Chat {
  const chat: Chat = {
    id: `19:${guid(tenant.id, 'chat', topic).replaceAll('-', '')}@thread.v2`,
    topic,
    chatType: 'group',
    members: [],
    ...options,
  }
  tenant.chats.push(chat)
  return chat
}

export interface InstallationOptions {
  /** By a setup policy. */
  isPinned?: boolean
  /** The form without the place in it, which newer installations have. */
  hasNewerId?: boolean
}

/** Installs an app for a person, in a team or in a chat; sideloaded ones are in no catalogue. */
export function installTeamsApp(
  tenant: Tenant,
  app: CatalogApp,
  scope: TeamsScope,
  { id: scopeId }: { id: string },
  { isPinned = false, hasNewerId = false }: InstallationOptions = {},
): TeamsInstallation {
  const { teamsApp, teamsAppDefinition } = app
  const parts = hasNewerId ? [teamsApp.id, teamsAppDefinition.version, 'Published'] : [scopeId, teamsApp.id]
  const installation: TeamsInstallation = {
    id: Buffer.from(parts.join('##')).toString('base64'),
    scope,
    scopeId,
    isPreinstalled: isPinned,
    teamsApp,
    teamsAppDefinition,
  }
  tenant.teamsInstallations.push(installation)
  if (teamsApp.distributionMethod !== 'sideloaded') publishTeamsApp(tenant, app)
  return installation
}

export function publishTeamsApp(tenant: Tenant, app: CatalogApp): void {
  if (tenant.teamsApps.some(({ teamsApp }) => teamsApp.id === app.teamsApp.id)) return
  tenant.teamsApps.push(structuredClone(app))
}
