/** Finding directory objects in a tenant, and what Graph shows of them. */
import { roleNameOf } from '../access-rules.ts'
import { guid, isGuid } from '../ids.ts'
import type { AppRole, Group, ServicePrincipal, Tenant, User } from '../world.ts'
import { badRequest, notFound } from './errors.ts'
import type { EntityShape, Json } from './query.ts'

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** By object id or user principal name. Throws 404, or 400 when the text can be neither. */
export function findUser(tenant: Tenant, key: string): User {
  if (!isGuid(key) && !key.includes('@')) throw invalidIdentifier(key)
  const user = tenant.users.find(({ id, userPrincipalName }) => same(id, key) || same(userPrincipalName, key))
  if (!user) throw notFound(key)
  return user
}

/** Of objects that only an id finds. Throws 404 or 400. */
export function findById<T extends { id: string }>(list: readonly T[], id: string): T {
  if (!isGuid(id)) throw invalidIdentifier(id)
  const found = list.find((one) => same(one.id, id))
  if (!found) throw notFound(id)
  return found
}

const invalidIdentifier = (key: string): Error => badRequest(`Invalid object identifier '${key}'.`)

export function userJson(tenant: Tenant, user: User): Json {
  const { password: _, forceChangePasswordNextSignIn: __, passwordWriteback: ___, ...visible } = user
  const isGuest = user.userPrincipalName.includes('#EXT#')
  const mailbox = tenant.mailboxes.find(({ externalDirectoryObjectId }) => externalDirectoryObjectId === user.id)
  return {
    ...visible,
    deletedDateTime: null,
    assignedLicenses: [],
    businessPhones: [],
    companyName: null,
    creationType: isGuest ? 'Invitation' : null,
    department: null,
    employeeId: null,
    externalUserState: isGuest ? 'Accepted' : null,
    mailNickname: user.userPrincipalName.split('@')[0] ?? null,
    mobilePhone: null,
    officeLocation: null,
    onPremisesDistinguishedName: null,
    onPremisesImmutableId: user.onPremisesSyncEnabled ? Buffer.from(user.id).toString('base64') : null,
    onPremisesLastSyncDateTime: user.onPremisesSyncEnabled ? user.createdDateTime : null,
    onPremisesSamAccountName: null,
    onPremisesUserPrincipalName: user.onPremisesSyncEnabled ? user.userPrincipalName : null,
    otherMails: isGuest && user.mail ? [user.mail] : [],
    passwordPolicies: null,
    preferredLanguage: null,
    proxyAddresses: mailbox?.emailAddresses ?? [],
    usageLocation: null,
  }
}

const userProperties = [
  ...['id', 'deletedDateTime', 'accountEnabled', 'assignedLicenses', 'assignedPlans', 'businessPhones', 'companyName'],
  ...['createdDateTime', 'creationType', 'department', 'displayName', 'employeeId', 'externalUserState', 'givenName'],
  ...['isManagementRestricted', 'jobTitle', 'lastPasswordChangeDateTime', 'mail', 'mailNickname', 'mobilePhone'],
  ...['officeLocation', 'onPremisesDistinguishedName', 'onPremisesImmutableId', 'onPremisesLastSyncDateTime'],
  ...['onPremisesSamAccountName', 'onPremisesSyncEnabled', 'onPremisesUserPrincipalName', 'otherMails'],
  ...['passwordPolicies', 'preferredLanguage', 'proxyAddresses', 'signInSessionsValidFromDateTime', 'surname'],
  ...['usageLocation', 'userPrincipalName', 'userType'],
]

export const userShape: EntityShape = {
  type: 'user',
  properties: userProperties,
  defaults: [
    ...['businessPhones', 'displayName', 'givenName', 'id', 'jobTitle', 'mail', 'mobilePhone', 'officeLocation'],
    ...['preferredLanguage', 'surname', 'userPrincipalName'],
  ],
}

export const groupJson = (group: Group): Json => ({
  id: group.id,
  deletedDateTime: null,
  createdDateTime: '2025-03-03T08:00:00Z',
  description: null,
  displayName: group.displayName,
  groupTypes: group.hasTeam ? ['Unified'] : [],
  isAssignableToRole: group.isAssignableToRole,
  mail: null,
  mailEnabled: group.hasTeam ?? false,
  mailNickname: group.id.slice(0, 8),
  securityEnabled: group.securityEnabled,
  visibility: group.isAssignableToRole ? 'Private' : null,
})

const groupProperties = [
  ...['id', 'deletedDateTime', 'createdDateTime', 'description', 'displayName', 'groupTypes', 'isAssignableToRole'],
  ...['mail', 'mailEnabled', 'mailNickname', 'securityEnabled', 'visibility'],
]
export const groupShape: EntityShape = { type: 'group', properties: groupProperties, defaults: groupProperties }

export const appRoleJson = (role: AppRole): Json => ({
  ...role,
  description: role.displayName,
  origin: 'Application',
})

/** Graph shows a publisher that nobody verified with empty properties. */
export const publisherJson = ({ verifiedPublisher }: Pick<ServicePrincipal, 'verifiedPublisher'>): Json =>
  verifiedPublisher ? { ...verifiedPublisher } : { displayName: null, verifiedPublisherId: null, addedDateTime: null }

export const servicePrincipalJson = (principal: ServicePrincipal): Json => ({
  id: principal.id,
  deletedDateTime: null,
  accountEnabled: principal.accountEnabled,
  alternativeNames: [],
  appDescription: null,
  appDisplayName: principal.appDisplayName,
  appId: principal.appId,
  applicationTemplateId: null,
  appOwnerOrganizationId: principal.appOwnerOrganizationId,
  appRoleAssignmentRequired: false,
  appRoles: principal.appRoles.map(appRoleJson),
  disabledByMicrosoftStatus: principal.disabledByMicrosoftStatus,
  displayName: principal.displayName,
  homepage: null,
  isDisabled: null,
  keyCredentials: [],
  loginUrl: null,
  logoutUrl: null,
  notes: null,
  oauth2PermissionScopes: principal.oauth2PermissionScopes.map((scope) => ({
    ...scope,
    adminConsentDescription: scope.value,
    adminConsentDisplayName: scope.value,
    type: 'Admin',
    userConsentDescription: null,
    userConsentDisplayName: null,
  })),
  passwordCredentials: [],
  preferredSingleSignOnMode: null,
  replyUrls: principal.replyUrls,
  servicePrincipalNames: [principal.appId],
  servicePrincipalType: principal.servicePrincipalType,
  signInAudience: 'AzureADMultipleOrgs',
  tags: principal.tags,
  verifiedPublisher: publisherJson(principal),
})

const servicePrincipalProperties = [
  ...['id', 'deletedDateTime', 'accountEnabled', 'alternativeNames', 'appDescription', 'appDisplayName', 'appId'],
  ...['applicationTemplateId', 'appOwnerOrganizationId', 'appRoleAssignmentRequired', 'appRoles'],
  ...['disabledByMicrosoftStatus', 'displayName', 'homepage', 'isDisabled', 'keyCredentials', 'loginUrl', 'logoutUrl'],
  ...['notes', 'oauth2PermissionScopes', 'passwordCredentials', 'preferredSingleSignOnMode', 'replyUrls'],
  ...['servicePrincipalNames', 'servicePrincipalType', 'signInAudience', 'tags', 'verifiedPublisher'],
]
export const servicePrincipalShape: EntityShape = {
  type: 'servicePrincipal',
  properties: servicePrincipalProperties,
  defaults: servicePrincipalProperties,
}

/** The tenant's own object for a built-in role: its id differs from tenant to tenant. */
export const directoryRoleId = (tenant: Tenant, templateId: string): string =>
  guid(tenant.id, 'directoryRole', templateId)

export const directoryRoleJson = (tenant: Tenant, templateId: string): Json => ({
  id: directoryRoleId(tenant, templateId),
  deletedDateTime: null,
  description: null,
  displayName: roleNameOf(templateId) ?? null,
  roleTemplateId: templateId,
})

const directoryRoleProperties = ['id', 'deletedDateTime', 'description', 'displayName', 'roleTemplateId']
export const directoryRoleShape: EntityShape = {
  type: 'directoryRole',
  properties: directoryRoleProperties,
  defaults: directoryRoleProperties,
}
