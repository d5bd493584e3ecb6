/** Small functions for the kinds of app that a tenant can have. */
import { anApplication, type ConsentOptions, userOf, withApp } from './builders.ts'
import { grantScopes } from './grants.ts'
import { guid } from './ids.ts'
import { graphAppId, microsoftServicesTenantId } from './microsoft-resources.ts'
import { aServicePrincipal } from './service-principal.ts'
import type { Application, ServicePrincipal, Tenant, World } from './world.ts'

export interface AppGrants extends ConsentOptions {
  /** Scopes of Microsoft Graph that people consented to for themselves, by display name. */
  consents?: Record<string, readonly string[]>
}

/** Puts an application into a tenant with the consents of single people. */
export function withConsents(tenant: Tenant, application: Application, grants: AppGrants): ServicePrincipal {
  const { consents = {}, ...options } = grants
  const principal = withApp(tenant, application, options)
  for (const [name, scopes] of Object.entries(consents)) {
    grantScopes(tenant, principal, graphAppId, scopes, userOf(tenant, name).id)
  }
  return principal
}

/** Of a publisher elsewhere: only its service principal is in the tenant. */
export const aThirdPartyApp = (tenant: Tenant, displayName: string, grants: AppGrants = {}): ServicePrincipal =>
  withConsents(tenant, anApplication({ displayName, homeTenantId: guid('tenant', `${displayName} publisher`) }), grants)

/** Registered in the tenant itself: an application and its service principal. */
export function aRegisteredApp(
  world: World,
  tenant: Tenant,
  displayName: string,
  grants: AppGrants = {},
): { application: Application; principal: ServicePrincipal } {
  const application = anApplication({ displayName, homeTenantId: tenant.id, multiTenant: false })
  world.applications.push(application)
  return { application, principal: withConsents(tenant, application, grants) }
}

/** Of an Azure resource: a service principal without a registration. */
export function aManagedIdentity(tenant: Tenant, displayName: string, grants: AppGrants = {}): ServicePrincipal {
  const principal = withConsents(tenant, anApplication({ displayName, homeTenantId: tenant.id }), grants)
  return Object.assign(principal, {
    appOwnerOrganizationId: null,
    servicePrincipalType: 'ManagedIdentity',
    replyUrls: [],
    tags: [],
  } satisfies Partial<ServicePrincipal>)
}

/** Of Microsoft's own. */
export function aMicrosoftApp(tenant: Tenant, displayName: string, appId: string): ServicePrincipal {
  const principal = aServicePrincipal({
    id: guid(tenant.id, 'servicePrincipal', appId),
    appId,
    displayName,
    appOwnerOrganizationId: microsoftServicesTenantId,
  })
  tenant.servicePrincipals.push(principal)
  return principal
}
