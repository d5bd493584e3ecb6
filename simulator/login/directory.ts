/** Who and what the login finds in the world: tenants, applications, people, resources. */
import { defaultUserRole, directoryRoles } from '../directory-roles.ts'
import { servicePrincipalOf } from '../grants.ts'
import { type MicrosoftResource, microsoftResources } from '../microsoft-resources.ts'
import { techniciansAt } from '../partners.ts'
import type { Application, ServicePrincipal, Tenant, User, World } from '../world.ts'
import { applicationDisabled, applicationNotFound, LoginError, tenantNotFound } from './errors.ts'

/** `any`: `common` or `organizations`, where the person's own tenant counts. */
export type Directory = Tenant | 'any'

/** By GUID, any domain, `common` or `organizations`. Throws AADSTS90002. */
export function directoryOf(world: World, name: string): Directory {
  const wanted = name.toLowerCase()
  if (wanted === 'common' || wanted === 'organizations') return 'any'
  const tenant = world.tenants.find(
    ({ id, domains }) => id === wanted || domains.some((domain) => domain.id === wanted),
  )
  if (!tenant) throw tenantNotFound(name)
  return tenant
}

export function applicationOf(world: World, clientId: string, directory: string): Application {
  const application = world.applications.find(({ appId }) => appId === clientId.toLowerCase())
  if (!application) throw applicationNotFound(clientId, directory)
  return application
}

/** The application's service principal. Throws AADSTS700016 (not in the tenant) or AADSTS7000112 (disabled). */
export function clientIn(tenant: Tenant, application: Application): ServicePrincipal {
  const isForeign = !application.multiTenant && application.homeTenantId !== tenant.id
  const principal = isForeign ? undefined : servicePrincipalOf(tenant, application.appId)
  if (!principal) throw applicationNotFound(application.appId, tenant.displayName)
  if (!principal.accountEnabled) throw applicationDisabled(application.appId, principal.displayName)
  return principal
}

/** A person who can sign in at a tenant: one of its users, or a technician of a partner (GDAP), whose account is elsewhere. */
export interface Identity {
  tenant: Tenant
  homeTenant: Tenant
  user: User
  isPartner: boolean
  /** Directory roles held in `tenant`, by template id. */
  roles: string[]
}

export function identitiesOf(world: World, tenant: Tenant): Identity[] {
  const own = tenant.users.map((user) => ({
    tenant,
    homeTenant: tenant,
    user,
    isPartner: false,
    roles: rolesOf(tenant, user.id),
  }))
  const partnerIds = new Set(tenant.partnerRelationships.map(({ partnerTenantId }) => partnerTenantId))
  const partners = world.tenants
    .filter(({ id }) => partnerIds.has(id))
    .flatMap((homeTenant) =>
      techniciansAt(tenant, homeTenant).map(({ user, roles }) => ({
        tenant,
        homeTenant,
        user,
        isPartner: true,
        roles,
      })),
    )
  return [...own, ...partners]
}

export function identitiesIn(world: World, directory: Directory): Identity[] {
  if (directory !== 'any') return identitiesOf(world, directory)
  return world.tenants.flatMap((tenant) =>
    identitiesOf(world, tenant).filter(({ isPartner, user }) => !isPartner && user.userType === 'Member'),
  )
}

/** Throws AADSTS50034. */
export function identityOf(world: World, directory: Directory, userId: string): Identity {
  const identity = identitiesIn(world, directory).find(({ user }) => user.id === userId.toLowerCase())
  if (!identity)
    throw new LoginError(50034, 'invalid_grant', `The user account ${userId} does not exist in the directory.`)
  return identity
}

export const isGlobalAdministrator = ({ roles, isPartner }: Identity): boolean =>
  !isPartner && roles.includes(directoryRoles['Global Administrator'])

/** Tenant-wide directory roles of a user or service principal, also through role-assignable groups. */
export function rolesOf(tenant: Tenant, principalId: string): string[] {
  const groups = tenant.groups.filter((group) => group.isAssignableToRole && group.members.includes(principalId))
  const holders = new Set([principalId, ...groups.map(({ id }) => id)])
  const held = tenant.roleAssignments.filter((one) => one.directoryScopeId === '/' && holders.has(one.principalId))
  return [...new Set(held.map(({ roleDefinitionId }) => roleDefinitionId))]
}

/** The `wids` claim. */
export const widsOf = ({ user, roles }: Identity): string[] =>
  user.userType === 'Member' ? [...roles, defaultUserRole] : roles

/** What an access token is for. */
export type Resource =
  | { kind: 'microsoft'; appId: string; audience: string; microsoft: MicrosoftResource }
  | { kind: 'api'; appId: string; audience: string; application: Application }

/** By URL, `api://…` or app id; a trailing slash does not matter. Null: unknown. */
export function resourceNamed(world: World, name: string): Resource | null {
  const wanted = name.replace(/\/$/, '').toLowerCase()
  for (const microsoft of microsoftResources) {
    const audience = microsoft.audiences.find((one) => one === wanted)
    if (audience || microsoft.appId === wanted) {
      return { kind: 'microsoft', appId: microsoft.appId, audience: audience ?? microsoft.audiences[0], microsoft }
    }
  }
  const application = world.applications.find(
    ({ api, appId }) => api && (wanted === appId || wanted === `api://${appId}`),
  )
  return application ? { kind: 'api', appId: application.appId, audience: application.appId, application } : null
}

/** The resource's service principal in a tenant. Throws AADSTS500011. */
export function resourceIn(tenant: Tenant, resource: Resource | null, name: string): ServicePrincipal {
  const principal = resource ? servicePrincipalOf(tenant, resource.appId) : undefined
  if (principal) return principal
  throw new LoginError(
    500011,
    'invalid_resource',
    `The resource principal named ${name} was not found in the tenant named ${tenant.displayName}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.`,
  )
}
