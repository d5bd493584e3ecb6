/** What an administrator's consent leaves in the tenant. */
import type { SimulatorEngine } from '../engine.ts'
import { ensureServicePrincipal, grantApplicationPermission, grantScopes } from '../grants.ts'
import type { Application, Tenant } from '../world.ts'
import { type Identity, isGlobalAdministrator, resourceIn } from './directory.ts'
import { accountDisabled, LoginError } from './errors.ts'
import { parseScopes } from './scopes.ts'

/** Throws AADSTS90094 (not a Global Administrator of the tenant itself) or AADSTS50057. */
export function assertMayConsent(identity: Identity): void {
  if (!identity.user.accountEnabled) throw accountDisabled()
  if (isGlobalAdministrator(identity)) return
  throw new LoginError(
    90094,
    'access_denied',
    'Need admin approval: only a Global Administrator of this organisation can grant these permissions.',
    403,
  )
}

/** With `.default`, or without a scope (the older form), all that is registered; else the named delegated permissions. */
export function grantConsent(
  engine: SimulatorEngine,
  tenant: Tenant,
  application: Application,
  scope: string | null,
): void {
  const scopes = scope ? parseScopes(engine.world, scope) : null
  const client = ensureServicePrincipal(tenant, application)
  if (scopes && !scopes.isDefault) {
    const resource = resourceIn(tenant, scopes.resource, scopes.resourceName)
    grantScopes(tenant, client, resource.appId, [...scopes.permissions, ...scopes.openId])
  } else {
    for (const { resourceAppId, application: roles, delegated } of application.requiredResourceAccess) {
      for (const role of roles) grantApplicationPermission(tenant, client, resourceAppId, role, engine.now())
      if (delegated.length > 0) grantScopes(tenant, client, resourceAppId, delegated)
    }
  }
  engine.changed(tenant.id)
}
