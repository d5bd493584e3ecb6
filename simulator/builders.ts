/** Small functions to make a world. Ids follow from names, so that two runs have the same ones. */
import { type DirectoryRoleName, directoryRoles } from './directory-roles.ts'
import {
  assignAppRole,
  assignDirectoryRole,
  ensureResource,
  ensureServicePrincipal,
  grantApplicationPermission,
  grantScopes,
} from './grants.ts'
import { guid } from './ids.ts'
import { microsoftResources } from './microsoft-resources.ts'
import type { Application, AppRole, Group, Mailbox, ServicePrincipal, Tenant, User, World } from './world.ts'

const longAgo = '2025-03-03T08:00:00Z'
const exchangePlanId = 'efb87545-963c-4e0d-99df-69c6916d9eb0'

export interface PersonOptions extends Partial<User> {
  /** The part of the address before the `@`; default: the name in lower case, words joined by dots. */
  alias?: string
  /** One of the tenant's domains; default: its first that is not `.onmicrosoft.com`. */
  domain?: string
  disabled?: boolean
  /** The address at home: makes the person a guest. */
  guestOf?: string
  synchronised?: boolean
  roles?: DirectoryRoleName[]
  /** Roles held through a role-assignable group that is made for the purpose. */
  rolesByGroup?: DirectoryRoleName[]
  /** Default: members have one, guests have none. */
  mailbox?: boolean | Partial<Mailbox>
}

export interface PersonDraft {
  name: string
  options: PersonOptions
}

export const person = (name: string, options: PersonOptions = {}): PersonDraft => ({ name, options })

export interface TenantOptions {
  name?: string
  id?: string
  /** Custom domain; default: made of the name. */
  domain?: string
  federatedDomain?: string
  people?: PersonDraft[]
}

/** A tenant with Microsoft's own service principals and its people. */
export function aTenant(options: TenantOptions = {}): Tenant {
  const name = options.name ?? 'Contoso'
  const word = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const tenant: Tenant = {
    id: options.id ?? guid('tenant', name),
    displayName: name,
    domains: [
      { id: `${word}.onmicrosoft.com`, isInitial: true, authenticationType: 'Managed' },
      { id: options.domain ?? `${word}.com`, isInitial: false, authenticationType: 'Managed' },
    ],
    users: [],
    groups: [],
    roleAssignments: [],
    customRoleDefinitions: [],
    servicePrincipals: [],
    oauth2PermissionGrants: [],
    appRoleAssignments: [],
    mailboxes: [],
    transportRules: [],
    mailboxPermissions: [],
    recipientPermissions: [],
    mailboxFolderPermissions: [],
    teamsInstallations: [],
    deletedItems: [],
    teamsApps: [],
    chats: [],
    partnerRelationships: [],
  }
  if (options.federatedDomain) {
    tenant.domains.push({ id: options.federatedDomain, isInitial: false, authenticationType: 'Federated' })
  }
  for (const resource of microsoftResources) ensureResource(tenant, resource)
  for (const draft of options.people ?? []) addPerson(tenant, draft)
  return tenant
}

export function addPerson(tenant: Tenant, { name, options }: PersonDraft): User {
  const { alias, domain, disabled, guestOf, synchronised, roles, rolesByGroup, mailbox, ...given } = options
  const initialDomain = tenant.domains[0]?.id ?? 'invalid.onmicrosoft.com'
  const localPart = alias ?? name.toLowerCase().replaceAll(' ', '.')
  const address = `${localPart}@${domain ?? tenant.domains[1]?.id ?? initialDomain}`
  const [givenName = name, ...surname] = name.split(' ')
  const hasMailbox = mailbox ?? guestOf === undefined
  const user: User = {
    id: guid(tenant.id, 'user', name),
    userPrincipalName: guestOf ? `${guestOf.replace('@', '_')}#EXT#@${initialDomain}` : address,
    displayName: name,
    givenName,
    surname: surname.join(' ') || null,
    mail: guestOf ?? (hasMailbox ? address : null),
    jobTitle: null,
    userType: guestOf ? 'Guest' : 'Member',
    accountEnabled: disabled !== true,
    onPremisesSyncEnabled: synchronised ? true : null,
    createdDateTime: longAgo,
    signInSessionsValidFromDateTime: longAgo,
    lastPasswordChangeDateTime: longAgo,
    isManagementRestricted: false,
    assignedPlans: hasMailbox
      ? [
          {
            service: 'exchange',
            capabilityStatus: 'Enabled',
            servicePlanId: exchangePlanId,
            assignedDateTime: longAgo,
          },
        ]
      : [],
    password: `Start-${guid(tenant.id, 'password', name).slice(0, 12)}`,
    ...given,
  }
  tenant.users.push(user)
  if (hasMailbox) tenant.mailboxes.push(mailboxOf(user, localPart, initialDomain, mailbox))
  for (const role of roles ?? []) assignDirectoryRole(tenant, user.id, directoryRoles[role])
  for (const role of rolesByGroup ?? []) {
    const group = aGroup(tenant, `${role}s`, { members: [user.id], isAssignableToRole: true })
    assignDirectoryRole(tenant, group.id, directoryRoles[role])
  }
  return user
}

function mailboxOf(user: User, alias: string, initialDomain: string, given: PersonOptions['mailbox']): Mailbox {
  const primarySmtpAddress = user.mail ?? user.userPrincipalName
  return {
    externalDirectoryObjectId: user.id,
    exchangeGuid: guid(user.id, 'mailbox'),
    alias,
    primarySmtpAddress,
    emailAddresses: [`SMTP:${primarySmtpAddress}`, `smtp:${alias}@${initialDomain}`],
    recipientTypeDetails: 'UserMailbox',
    forwardingAddress: null,
    forwardingSmtpAddress: null,
    deliverToMailboxAndForward: false,
    whenCreated: longAgo,
    inboxRules: [],
    ...(typeof given === 'object' ? given : {}),
  }
}

export function aGroup(tenant: Tenant, displayName: string, options: Partial<Group> = {}): Group {
  const group: Group = {
    id: guid(tenant.id, 'group', displayName),
    displayName,
    isAssignableToRole: false,
    securityEnabled: true,
    members: [],
    owners: [],
    ...options,
  }
  tenant.groups.push(group)
  return group
}

/** The person of that display name. Throws when there is none. */
export function userOf(tenant: Tenant, displayName: string): User {
  const user = tenant.users.find((one) => one.displayName === displayName)
  if (!user) throw new Error(`${tenant.displayName} has nobody called ${displayName}.`)
  return user
}

export function mailboxOfUser(tenant: Tenant, displayName: string): Mailbox {
  const { id } = userOf(tenant, displayName)
  const mailbox = tenant.mailboxes.find((one) => one.externalDirectoryObjectId === id)
  if (!mailbox) throw new Error(`${displayName} has no mailbox.`)
  return mailbox
}

export interface ApplicationOptions extends Partial<Omit<Application, 'api'>> {
  /** Values of the app roles of its own API. */
  appRoles?: readonly string[]
  /** What it asks for: names of Microsoft's permissions. */
  permissions?: readonly string[]
  delegated?: readonly string[]
}

/** A registration: multi-tenant, with one secret, and an API when it has app roles. */
export function anApplication(options: ApplicationOptions = {}): Application {
  const { appRoles, permissions = [], delegated = [], ...given } = options
  const displayName = given.displayName ?? 'Sample App'
  const appId = given.appId ?? guid('application', displayName)
  return {
    id: guid(appId, 'registration'),
    appId,
    displayName,
    createdDateTime: longAgo,
    homeTenantId: guid('tenant', 'publisher'),
    multiTenant: true,
    verifiedPublisher: null,
    tags: [],
    owners: [],
    redirectUris: ['http://localhost/callback'],
    secrets: [`secret-of-${appId}`],
    api: appRoles ? { appRoles: appRoles.map((value) => appRole(appId, value)) } : null,
    requiredResourceAccess: microsoftResources
      .map((resource) => ({
        resourceAppId: resource.appId,
        application: permissions.filter((name) => name in resource.application),
        delegated: delegated.filter((name) => name in resource.delegated),
      }))
      .filter(({ application, delegated: scopes }) => application.length + scopes.length > 0),
    ...given,
  }
}

const appRole = (appId: string, value: string): AppRole => ({
  id: guid(appId, 'appRole', value),
  value,
  displayName: value,
  allowedMemberTypes: ['User', 'Application'],
  isEnabled: true,
})

export interface ConsentOptions {
  /** Names of application permissions; default: all that the application asks for. */
  permissions?: readonly string[]
  /** Names of delegated permissions for everybody; default: none. */
  delegated?: readonly string[]
  /** Directory roles of its service principal. */
  roles?: DirectoryRoleName[]
  /** App roles of its API by display name of the person. */
  people?: Record<string, readonly string[]>
  disabled?: boolean
}

/** Puts an application into a tenant, as an administrator's consent does. */
export function withApp(tenant: Tenant, application: Application, options: ConsentOptions = {}): ServicePrincipal {
  const at = new Date(longAgo)
  const principal = ensureServicePrincipal(tenant, application)
  principal.accountEnabled = options.disabled !== true
  const asked = application.requiredResourceAccess.flatMap((access) => access.application)
  for (const permission of options.permissions ?? asked) {
    grantApplicationPermission(tenant, principal, resourceOf('application', permission), permission, at)
  }
  for (const resource of microsoftResources) {
    const scopes = (options.delegated ?? []).filter((name) => name in resource.delegated)
    if (scopes.length > 0) grantScopes(tenant, principal, resource.appId, scopes)
  }
  for (const role of options.roles ?? []) assignDirectoryRole(tenant, principal.id, directoryRoles[role])
  for (const [name, roles] of Object.entries(options.people ?? {})) {
    for (const role of roles) {
      assignAppRole(tenant, { id: userOf(tenant, name).id, type: 'User' }, principal, role, at)
    }
  }
  return principal
}

function resourceOf(kind: 'application' | 'delegated', permission: string): string {
  const resource = microsoftResources.find((one) => permission in one[kind])
  if (!resource) throw new Error(`No API of Microsoft's has the ${kind} permission ${permission}.`)
  return resource.appId
}

export function aWorld(options: Partial<World> = {}): World {
  return { tenants: [], applications: [], mails: [], ...options }
}
