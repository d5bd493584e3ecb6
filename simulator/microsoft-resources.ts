/** Microsoft's own APIs as resources of access tokens and of consent. */
import { graphApplicationPermissions, graphDelegatedPermissions } from './graph-permissions.ts'
import { guid } from './ids.ts'
import { aServicePrincipal } from './service-principal.ts'
import type { ServicePrincipal } from './world.ts'

export const graphAppId = '00000003-0000-0000-c000-000000000000'
export const exchangeAppId = '00000002-0000-0ff1-ce00-000000000000'
export const managementAppId = 'c5393580-f805-4401-95e8-94b7a6ef2fc2'
/** The tenant that owns Microsoft's services. */
export const microsoftServicesTenantId = 'f8cdef31-a31e-4b4a-93e4-5f571e91255a'
/** Tenants of Microsoft's: apps that they own are its own. */
export const microsoftTenantIds: readonly string[] = [microsoftServicesTenantId, '72f988bf-86f1-41af-91ab-2d7cd011db47']

export interface MicrosoftResource {
  appId: string
  displayName: string
  /** `aud` of its tokens, and first of the names that a scope may begin with. */
  audiences: readonly [string, ...string[]]
  application: Record<string, string>
  delegated: Record<string, string>
}

export const microsoftResources: readonly MicrosoftResource[] = [
  {
    appId: graphAppId,
    displayName: 'Microsoft Graph',
    audiences: [
      'https://graph.microsoft.com',
      'https://graph.microsoft.us',
      'https://dod-graph.microsoft.us',
      'https://microsoftgraph.chinacloudapi.cn',
    ],
    application: graphApplicationPermissions,
    delegated: graphDelegatedPermissions,
  },
  {
    appId: exchangeAppId,
    displayName: 'Office 365 Exchange Online',
    audiences: [
      'https://outlook.office365.com',
      'https://outlook.office.com',
      'https://outlook.office365.us',
      'https://outlook-dod.office365.us',
      'https://outlook.office365.cn',
      'https://partner.outlook.cn',
    ],
    application: { 'Exchange.ManageAsApp': 'dc50a0fb-09a3-484d-be87-e023b12c6440' },
    delegated: { 'Exchange.Manage': 'ab4f2b77-0b06-4fc1-a9de-02113fc2ab7c' },
  },
  {
    appId: managementAppId,
    displayName: 'Office 365 Management APIs',
    audiences: [
      'https://manage.office.com',
      'https://manage-gcc.office.com',
      'https://manage.office365.us',
      'https://manage.protection.apps.mil',
      'https://manage.office365.cn',
    ],
    application: {
      'ActivityFeed.Read': '594c1fb6-4f81-4475-ae41-0c394909246c',
      'ActivityFeed.ReadDlp': '4807a72c-ad38-4250-94c9-4eabfe26cd55',
      'ServiceHealth.Read': 'e2cea78f-e743-4d8f-a16a-75b629a038ae',
    },
    delegated: {},
  },
]

export const microsoftResource = (appId: string): MicrosoftResource | undefined =>
  microsoftResources.find((resource) => resource.appId === appId)

/** The resource's service principal as every tenant has it; its object id differs from tenant to tenant. */
export function resourceServicePrincipal(tenantId: string, resource: MicrosoftResource): ServicePrincipal {
  return aServicePrincipal({
    id: guid(tenantId, 'servicePrincipal', resource.appId),
    appId: resource.appId,
    displayName: resource.displayName,
    appOwnerOrganizationId: microsoftServicesTenantId,
    appRoles: Object.entries(resource.application).map(([value, id]) => ({
      id,
      value,
      displayName: value,
      allowedMemberTypes: ['Application'],
      isEnabled: true,
    })),
    oauth2PermissionScopes: Object.entries(resource.delegated).map(([value, id]) => ({ id, value, isEnabled: true })),
  })
}
