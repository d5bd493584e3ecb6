/** The state of the simulated Microsoft 365. Property names are Graph's and Exchange's; everything is plain JSON so that it can be stored. */

export interface World {
  tenants: Tenant[]
  /** Multi-tenant and single-tenant app registrations by their home tenant. */
  applications: Application[]
  /** What the mail sink received, oldest first. */
  mails: Mail[]
  switches?: Switches
}

export interface Mail {
  from: string
  to: string[]
  subject: string
  text: string
  html: string | null
  at: string
}

/** Answers that Microsoft does not document: every position must be coped with. All are off by default. */
export interface Switches {
  /** `revokeSignInSessions` with an application's token refuses administrators as `PATCH accountEnabled` does. */
  revokeRefusesAdminTargets?: boolean
  /** `revokeSignInSessions` answers 204 without a body. */
  revokeAnswers204?: boolean
  /** A batch that holds a throttled item is itself answered with 424. */
  batchFailsWhole424?: boolean
  /** A change of a read-only inbox rule by Graph is refused with 403 instead of 400. */
  readOnlyRuleAnswers403?: boolean
  /** `status` of a password reset is written in PascalCase. */
  operationStatusPascalCase?: boolean
  /** Polls of a password reset that show `notStarted` or `running` before its end (default 2). */
  pollsBeforeResetEnds?: number
  /** Seconds in the `Retry-After` of an accepted password reset; without it there is none. */
  resetRetryAfter?: number
  /** `blockSignIn`: the sign-in page sends people back with 53003. `blockToken`: the code is given, its redemption refused. `requireMfa`: on-behalf-of and refresh want a new sign-in with `claims`. */
  conditionalAccess?: 'blockSignIn' | 'blockToken' | 'requireMfa'
  /** Graph lets the last enabled Global Administrator be disabled instead of refusing it with 400. */
  lastGlobalAdministratorCanBeDisabled?: boolean
  /** Addresses, or `*` for all, whose mail the sink refuses with 550. */
  refusedRecipients?: string[]
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
  /** GDAP: roles that groups of a partner's tenant hold here. */
  partnerRelationships: PartnerRelationship[]
  /** Password resets that were accepted. */
  passwordOperations?: PasswordOperation[]
  /** For synchronised people; default `off`, as in a new tenant. */
  passwordWriteback?: PasswordWriteback
}

/** `unreachable`: switched on, but no agent answers. `refused`: the on-premises policy takes no password. */
export type PasswordWriteback = 'on' | 'off' | 'unreachable' | 'refused'

export interface PasswordOperation {
  id: string
  userId: string
  outcome: 'succeeded' | 'failed'
  /** Why it failed. */
  reason: string | null
  /** Times that the state was asked for. */
  polls: number
  createdDateTime: string
}

export interface PartnerRelationship {
  id: string
  displayName: string
  partnerTenantId: string
  status: 'approvalPending' | 'active' | 'expired' | 'terminated'
  /** At most these can be given to groups. */
  roleTemplateIds: string[]
  accessAssignments: AccessAssignment[]
  activatedDateTime: string
  endDateTime: string
}

/** A security group of the partner's tenant, and what its members may be in the customer's. */
export interface AccessAssignment {
  id: string
  groupId: string
  roleTemplateIds: string[]
  status: 'pending' | 'active' | 'deleting' | 'deleted' | 'error'
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
  /** Only in the simulator. */
  forceChangePasswordNextSignIn?: boolean
  /** Only in the simulator: for people of another on-premises forest than the tenant's. */
  passwordWriteback?: PasswordWriteback
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
  inboxRules: InboxRule[]
  /** Names of rules that only classic Outlook knows, client-only or turned off there: every edit on the server loses them. */
  outlookRules?: string[]
}

/** One rule as Graph (`messageRule`) and Exchange (`Get-InboxRule`) both show it. Names are Graph's where Graph has one. */
export interface InboxRule {
  /** Graph's: base64. */
  id: string
  displayName: string
  sequence: number
  isEnabled: boolean
  /** Uses what Graph cannot express: it shows neither conditions nor actions, and changes nothing. */
  isReadOnly: boolean
  hasError: boolean
  /** messageRulePredicates */
  conditions: Record<string, unknown>
  /** messageRulePredicates */
  exceptions?: Record<string, unknown>
  /** messageRuleActions; folders by name. */
  actions: Record<string, unknown>
  /** Only Exchange shows it, and only when asked for hidden ones. */
  isHidden?: boolean
  /** Unsigned 64-bit integer as text; default: made of the id, above 2^63. */
  ruleIdentity?: string
  /** What Graph cannot express, by Exchange's names. */
  exchangeOnly?: Record<string, unknown>
}
