/** The state of the simulated Microsoft 365. Property names are Graph's and Exchange's; everything is plain JSON so that it can be stored. */
import type { AuditContent } from './audit/content.ts'
import type {
  MailboxFolderPermission,
  MailboxPermission,
  RecipientPermission,
  TransportRule,
} from './exchange-world.ts'

export interface World {
  tenants: Tenant[]
  /** Multi-tenant and single-tenant app registrations by their home tenant. */
  applications: Application[]
  /** What the mail sink received, oldest first. */
  mails: Mail[]
  switches?: Switches
  /** Names of the live stories that have begun. */
  liveStories?: string[]
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
  /** Apps of Microsoft's own can be deleted, and are back at once with another id. */
  microsoftAppsReappear?: boolean
  /** A restored service principal has lost its grants and assignments. */
  restoreWithoutGrants?: boolean
  /** `blockSignIn`: the sign-in page sends people back with 53003. `blockToken`: the code is given, its redemption refused. `requireMfa`: on-behalf-of and refresh want a new sign-in with `claims`. */
  conditionalAccess?: 'blockSignIn' | 'blockToken' | 'requireMfa'
  /** Names of Exchange cmdlets that nobody's role includes, whatever the tables say. */
  withheldCmdlets?: string[]
  /** A `Get-` cmdlet with an identity that names nothing is no 404: it answers with every object, or with none. */
  unknownIdentityReturns?: 'everything' | 'nothing'
  /** `Remove-` and `Disable-` cmdlets without `Confirm: false` ask, and do nothing. */
  asksForConfirmation?: boolean
  /** Removing inherited access to a mailbox is refused with 400 instead of warned about. */
  inheritedAccessAnswers400?: boolean
  /** Removing access to a mailbox that is not there, or comes through a group, is refused with 400 instead of warned about. */
  absentAccessAnswers400?: boolean
  /** What a cmdlet of Exchange refuses comes as 500. */
  cmdletErrorsAnswer500?: boolean
  /** The piped text of Exchange's errors stands in `innerError.internalException` only, spelled in this way. */
  cmdletErrorTextInside?: boolean
  /** Status for an application without a role that Exchange supports (default 403). */
  unsupportedRoleStatus?: 400 | 401 | 403
  /** Exchange's 401 has an HTML page as body. */
  exchange401IsHtml?: boolean
  /** Graph lets the last enabled Global Administrator be disabled instead of refusing it with 400. */
  lastGlobalAdministratorCanBeDisabled?: boolean
  /** Addresses, or `*` for all, whose mail the sink refuses with 550. */
  refusedRecipients?: string[]
  /** What the activity feed says of a tenant without auditing (default `AuditingDisabledTenant`). */
  auditingOffAnswers?: 'AF20011' | 'AF20012' | 'AF20013'
  /** How the activity feed delivers, where it is not to be as `feedDefaults` says. */
  feed?: FeedSettings
}

export interface FeedSettings {
  /** From a record's moment until it lands, at the least; at most twice as long. */
  delayMs?: number
  /** Some records are in two blobs, and some blobs are listed twice. */
  duplicates?: boolean
  /** Neither lists, nor blobs, nor what is in them keep the order of time. */
  shuffled?: boolean
  /** Records of types that nobody documents lie among the others. */
  unknownRecords?: boolean
  /** Records in a blob, at most. */
  blobSize?: number
  /** Items of a list of content, at most. */
  pageSize?: number
  /** How far the content of a first subscription reaches back. */
  historyHours?: number
}

export const feedDefaults: Required<FeedSettings> = {
  delayMs: 1000,
  duplicates: true,
  shuffled: true,
  unknownRecords: true,
  blobSize: 20,
  pageSize: 50,
  historyHours: 22,
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
  transportRules: TransportRule[]
  /** Without everybody's right to the own mailbox, which `Get-MailboxPermission` shows besides. */
  mailboxPermissions: MailboxPermission[]
  /** SendAs. */
  recipientPermissions: RecipientPermission[]
  mailboxFolderPermissions: MailboxFolderPermission[]
  teamsInstallations: TeamsInstallation[]
  /** Applications and service principals, for 30 days. */
  deletedItems: DeletedItem[]
  /** The Teams catalogue as far as the tenant knows it. */
  teamsApps: CatalogApp[]
  chats: Chat[]
  /** GDAP: roles that groups of a partner's tenant hold here. */
  partnerRelationships: PartnerRelationship[]
  /** Password resets that were accepted. */
  passwordOperations?: PasswordOperation[]
  /** For synchronised people; default `off`, as in a new tenant. */
  passwordWriteback?: PasswordWriteback
  /** Unified auditing is switched off: the activity feed has nothing to give. */
  auditingDisabled?: boolean
  /** Of applications to the activity feed. */
  activitySubscriptions?: ActivitySubscription[]
  /** What the activity feed holds, in the order of making. */
  auditContent?: AuditContent[]
}

export interface ActivitySubscription {
  /** The application that subscribed. */
  appId: string
  contentType: ContentType
  status: 'enabled' | 'disabled'
  /** An administrator switched it off: the application cannot start it again. */
  disabledByAdmin?: boolean
  /** Content that landed earlier is not for it; without it all is. */
  contentSince?: string
}

export const contentTypes = [
  'Audit.AzureActiveDirectory',
  'Audit.Exchange',
  'Audit.SharePoint',
  'Audit.General',
  'DLP.All',
] as const
export type ContentType = (typeof contentTypes)[number]

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
  /** A Microsoft 365 group with a team in Teams, which has the group's id. */
  hasTeam?: boolean
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
  /** As the publisher calls it. */
  appDisplayName: string | null
  verifiedPublisher: VerifiedPublisher | null
  replyUrls: string[]
  tags: string[]
  disabledByMicrosoftStatus: string | null
  /** Ids of users and service principals. */
  owners: string[]
}

export interface VerifiedPublisher {
  displayName: string
  verifiedPublisherId: string
  addedDateTime: string
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
  createdDateTime: string
  homeTenantId: string
  multiTenant: boolean
  verifiedPublisher: VerifiedPublisher | null
  tags: string[]
  /** Ids of users and service principals. */
  owners: string[]
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

/** A service principal takes along what it held and what others held of it. */
export type DeletedItem =
  | { type: 'application'; deletedDateTime: string; object: Application }
  | {
      type: 'servicePrincipal'
      deletedDateTime: string
      object: ServicePrincipal
      oauth2PermissionGrants: OAuth2PermissionGrant[]
      appRoleAssignments: AppRoleAssignment[]
      roleAssignments: RoleAssignment[]
    }

export interface Chat {
  id: string
  topic: string | null
  chatType: 'oneOnOne' | 'group' | 'meeting'
  /** Ids of users. */
  members: string[]
}

export interface TeamsApp {
  /** Of the catalogue. */
  id: string
  /** Of the developer's manifest: for organization apps only. */
  externalId: string | null
  displayName: string
  distributionMethod: 'store' | 'organization' | 'sideloaded'
}

export interface TeamsAppDefinition {
  id: string
  teamsAppId: string
  displayName: string
  version: string
  publishingState: 'submitted' | 'published' | 'rejected'
  shortDescription: string | null
  description: string | null
  authorization: {
    /** Its Entra identity. */
    clientAppId: string | null
    requiredPermissionSet: {
      resourceSpecificPermissions: { permissionValue: string; permissionType: 'application' | 'delegated' }[]
    }
  }
}

export interface CatalogApp {
  teamsApp: TeamsApp
  teamsAppDefinition: TeamsAppDefinition
}

export type TeamsScope = 'USER' | 'TEAM' | 'CHAT'

export interface TeamsInstallation extends CatalogApp {
  /** Opaque: base64. */
  id: string
  scope: TeamsScope
  /** Of the user, the team or the chat. */
  scopeId: string
  /** Pinned by a setup policy. */
  isPreinstalled: boolean
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
  /** Aliases of mailboxes and names of groups that may send on its behalf. */
  grantSendOnBehalfTo?: string[]
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
