/** The state of the simulated Microsoft 365. Property names are Graph's and Exchange's; everything is plain JSON so that it can be stored. */

export interface World {
  tenants: Tenant[]
  /** Multi-tenant and single-tenant app registrations by their home tenant. */
  applications: Application[]
  mails: unknown[]
  switches?: Switches
}

/** Answers that Microsoft does not document: every position must be coped with. All are off by default. */
export interface Switches {
  /** `revokeSignInSessions` with an application's token refuses administrators as `PATCH accountEnabled` does. */
  revokeRefusesAdminTargets?: boolean
  /** `revokeSignInSessions` answers 204 without a body. */
  revokeAnswers204?: boolean
  /** A batch that holds a throttled item is itself answered with 424. */
  batchFailsWhole424?: boolean
}

export interface Tenant {
  id: string
  displayName: string
  /** The first is the initial `.onmicrosoft.com` domain. */
  domains: { id: string; isInitial: boolean; authenticationType: 'Managed' | 'Federated' }[]
  users: User[]
  groups: Group[]
  roleAssignments: RoleAssignment[]
  customRoleDefinitions: { id: string; displayName: string }[]
  servicePrincipals: ServicePrincipal[]
  oauth2PermissionGrants: OAuth2PermissionGrant[]
  /** Of users and applications to the app roles of a resource service principal. */
  appRoleAssignments: AppRoleAssignment[]
  mailboxes: Mailbox[]
  transportRules: Record<string, unknown>[]
  mailboxPermissions: Record<string, unknown>[]
  teamsInstallations: Record<string, unknown>[]
  deletedItems: Record<string, unknown>[]
  /** Partner relationships (GDAP): roles that a partner tenant's users hold here. */
  partnerRelationships: { partnerTenantId: string; userId: string; roleTemplateIds: string[] }[]
}

export interface User {
  id: string
  userPrincipalName: string
  displayName: string
  givenName: string | null
  surname: string | null
  mail: string | null
  jobTitle: string | null
  userType: 'Member' | 'Guest'
  accountEnabled: boolean
  onPremisesSyncEnabled: boolean | null
  createdDateTime: string
  signInSessionsValidFromDateTime: string
  lastPasswordChangeDateTime: string
  isManagementRestricted: boolean
  assignedPlans: { service: string; capabilityStatus: string; servicePlanId: string; assignedDateTime: string }[]
  /** Only in the simulator. */
  password: string
}

export interface Group {
  id: string
  displayName: string
  isAssignableToRole: boolean
  securityEnabled: boolean
  /** Ids of users, groups or service principals. */
  members: string[]
  owners: string[]
}

export interface RoleAssignment {
  id: string
  /** A user, a role-assignable group or a service principal. */
  principalId: string
  /** The template id for built-in roles. */
  roleDefinitionId: string
  directoryScopeId: string
}

export interface ServicePrincipal {
  id: string
  appId: string
  displayName: string
  accountEnabled: boolean
  appOwnerOrganizationId: string | null
  servicePrincipalType: 'Application' | 'ManagedIdentity' | 'Legacy' | 'SocialIdp'
  appRoles: AppRole[]
  oauth2PermissionScopes: { id: string; value: string; isEnabled: boolean }[]
}

export interface AppRole {
  id: string
  value: string
  displayName: string
  allowedMemberTypes: ('User' | 'Application')[]
  isEnabled: boolean
}

export interface Application {
  /** Object id. */
  id: string
  appId: string
  displayName: string
  homeTenantId: string
  multiTenant: boolean
  redirectUris: string[]
  secrets: string[]
  /** PEM of certificates that client assertions may be signed with. */
  certificates?: string[]
  /** Version 2 tokens for its own API, with these app roles; null when it is no API. */
  api: { appRoles: AppRole[] } | null
  /** What the admin consent page grants: names of permissions by the resource's appId. */
  requiredResourceAccess: { resourceAppId: string; application: string[]; delegated: string[] }[]
}

export interface OAuth2PermissionGrant {
  id: string
  /** The client's service principal. */
  clientId: string
  consentType: 'AllPrincipals' | 'Principal'
  principalId: string | null
  resourceId: string
  scope: string
}

export interface AppRoleAssignment {
  id: string
  principalId: string
  principalType: 'User' | 'Group' | 'ServicePrincipal'
  /** The resource's service principal. */
  resourceId: string
  appRoleId: string
  createdDateTime: string
}

export interface Mailbox {
  /** The Entra user. */
  externalDirectoryObjectId: string
  exchangeGuid: string
  alias: string
  primarySmtpAddress: string
  emailAddresses: string[]
  recipientTypeDetails: 'UserMailbox' | 'SharedMailbox' | 'RoomMailbox' | 'EquipmentMailbox'
  forwardingAddress: string | null
  forwardingSmtpAddress: string | null
  deliverToMailboxAndForward: boolean
  whenCreated: string
  inboxRules: Record<string, unknown>[]
}
