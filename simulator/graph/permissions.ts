/** Permissions of reads that several routes share. `Directory.AccessAsUser.All` lets an application do what the person may. */
import type { Alternatives, Permissions } from './route.ts'

const both = (names: Alternatives, self?: Alternatives): Permissions => ({
  application: names,
  delegated: [...names, 'Directory.AccessAsUser.All'],
  ...(self ? { self } : {}),
})

const directory = ['Directory.Read.All', 'Directory.ReadWrite.All'] as const
const groupMembers = ['GroupMember.Read.All', 'Group.Read.All', 'Group.ReadWrite.All', ...directory] as const

export const readUsers = both(['User.Read.All', 'User.ReadWrite.All', ...directory])
export const readUser: Permissions = { ...readUsers, self: ['User.Read', 'User.ReadWrite'] }
export const readMe = both(['User.Read', 'User.Read.All', 'User.ReadWrite', 'User.ReadWrite.All', ...directory])
export const readGroups = both(groupMembers)
/** Direct memberships: needs more than the transitive ones. */
export const readMemberOf = both(directory, ['User.Read'])
export const readTransitiveMemberOf = both(['User.Read.All', ...groupMembers], ['User.Read'])
export const checkMembers = both(
  ['User.Read.All', 'User.ReadWrite.All', 'Application.Read.All', 'Application.ReadWrite.All', ...groupMembers],
  ['User.Read'],
)
export const readDirectoryObjects = both(directory)
export const readRoles = both(['RoleManagement.Read.Directory', 'RoleManagement.ReadWrite.Directory', ...directory])
/** `RoleManagement.Read.All` is for people only. */
export const readRoleManagement: Permissions = {
  ...readRoles,
  delegated: [...readRoles.delegated, 'RoleManagement.Read.All'],
}
export const readApplications = both(['Application.Read.All', 'Application.ReadWrite.All', ...directory])
/** An application that may only change its own apps sees those, too. */
const ownedApps = 'Application.ReadWrite.OwnedBy'
export const readOwnedApplications: Permissions = {
  ...readApplications,
  application: [...readApplications.application, ownedApps],
}
export const changeServicePrincipals: Permissions = {
  application: [ownedApps, 'Application.ReadWrite.All', 'Directory.ReadWrite.All'],
  delegated: ['Application.ReadWrite.All', 'Directory.ReadWrite.All'],
}
export const changeApplications: Permissions = {
  application: [ownedApps, 'Application.ReadWrite.All'],
  delegated: ['Application.ReadWrite.All'],
}
const changeAssignments = ['AppRoleAssignment.ReadWrite.All'] as const
export const changeAppRolesOfPeople: Permissions = { application: changeAssignments, delegated: changeAssignments }
const changeAssignmentsOfApps = [...changeAssignments, 'Application.ReadWrite.All'] as const
export const changeAppRoles: Permissions = { application: changeAssignmentsOfApps, delegated: changeAssignmentsOfApps }
const changeGrants = ['DelegatedPermissionGrant.ReadWrite.All', 'Directory.ReadWrite.All'] as const
export const changePermissionGrants: Permissions = { application: changeGrants, delegated: changeGrants }
export const readAppRolesOfPeople: Permissions = {
  application: [...changeAssignments, 'Directory.Read.All'],
  delegated: [...changeAssignments, 'Directory.Read.All'],
}
export const readPermissionGrants = both(['DelegatedPermissionGrant.ReadWrite.All', ...directory])
export const readDomains = both(['Domain.Read.All', 'Domain.ReadWrite.All', 'Directory.Read.All'])
export const readOrganization: Permissions = {
  application: ['Organization.Read.All', 'User.Read.All', ...directory],
  delegated: ['Organization.Read.All', 'User.Read', 'User.Read.All', ...directory, 'Directory.AccessAsUser.All'],
}
export const readMailboxSettings: Permissions = {
  application: ['MailboxSettings.Read', 'MailboxSettings.ReadWrite'],
  delegated: ['MailboxSettings.Read', 'MailboxSettings.ReadWrite'],
}
export const writeMailboxSettings: Permissions = {
  application: ['MailboxSettings.ReadWrite'],
  delegated: ['MailboxSettings.ReadWrite'],
}
const authenticationMethods = ['UserAuthenticationMethod.Read.All', 'UserAuthenticationMethod.ReadWrite.All'] as const
export const readAuthenticationMethods: Permissions = {
  application: authenticationMethods,
  delegated: authenticationMethods,
  self: ['UserAuthenticationMethod.Read', 'UserAuthenticationMethod.ReadWrite'],
}
/** For people only, as the reset that they started. */
export const readPasswordOperations: Permissions = { ...readAuthenticationMethods, application: [] }
export const resetPasswords: Permissions = { application: [], delegated: ['UserAuthenticationMethod.ReadWrite.All'] }
/** Least, and what also does; no application may do what a person may here. */
const relationships = ['DelegatedAdminRelationship.Read.All', 'DelegatedAdminRelationship.ReadWrite.All'] as const
export const readPartnerRelationships: Permissions = { application: relationships, delegated: relationships }
