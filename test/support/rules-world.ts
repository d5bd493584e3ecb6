/** Contoso with everybody whom a rule speaks of, Fabrikam with two Global Administrators, Northwind before its consent, their partner Litware, and tenants with one fault each. */
import {
  aGroup,
  anApplication,
  aTenant,
  aWorld,
  type ConsentOptions,
  mailboxOfUser,
  person,
  userOf,
  withApp,
} from '../../simulator/builders.ts'
import { directoryRoles } from '../../simulator/directory-roles.ts'
import { anInboxRule, builtInRules } from '../../simulator/inbox-rules.ts'
import { withPartner } from '../../simulator/partners.ts'
import type { Tenant } from '../../simulator/world.ts'
import { roles } from '../../src/context.ts'
import { everyPermission } from './remediations.ts'

export const publicUrl = 'https://tourniquet.example.com'
export const everyDelegated = [
  'openid',
  'offline_access',
  'User.Read.All',
  'User.EnableDisableAccount.All',
  'User-PasswordProfile.ReadWrite.All',
  'UserAuthenticationMethod.ReadWrite.All',
  'User.RevokeSessions.All',
]
export const application = anApplication({
  displayName: 'Tourniquet',
  appRoles: roles,
  permissions: [...everyPermission, 'DelegatedAdminRelationship.Read.All'],
  delegated: [...everyDelegated, 'Directory.AccessAsUser.All'],
  redirectUris: [`${publicUrl}/sign-in/callback`, `${publicUrl}/consent/callback`],
})
/** As a tenant is that gave everything. */
const healthy: ConsentOptions = { delegated: everyDelegated, roles: ['Exchange Administrator'] }

export const litware = aTenant({
  name: 'Litware',
  people: ['Tess', 'Timo', 'Tara', 'Tilda'].map((name) => person(name)),
})
withApp(litware, application)

export const contoso = aTenant({
  name: 'Contoso',
  federatedDomain: 'sso.contoso.com',
  people: [
    // Operators of the product; Olga's and Otto's accounts are in Contoso.
    person('Olga'),
    person('Otto'),
    // People without an admin role.
    ...['Mia', 'Milo', 'Mara', 'Max', 'Mona', 'Moritz'].map((name) => person(name)),
    person('Invoices', { mailbox: { recipientTypeDetails: 'SharedMailbox' } }),
    person('Nino', { mailbox: false }),
    person('Dora', { disabled: true }),
    person('Gil', { guestOf: 'gil@wingtiptoys.com' }),
    person('Gesa', { guestOf: 'gesa@wingtiptoys.com' }),
    person('Enzo', { guestOf: 'enzo@wingtiptoys.com', userType: 'Member' }),
    person('Synne', { synchronised: true }),
    person('Fedor', { domain: 'sso.contoso.com' }),
    person('Alma', { mail: 'alma.berg@contoso.com' }),
    person('Ordo'),
    // The same object id as somebody of the partner has at home.
    person('Twin', { id: userOf(litware, 'Tilda').id }),
    // Administrators of each sort.
    person('Rita', { roles: ['Reports Reader'] }),
    person('Berta', { rolesByGroup: ['Security Reader'] }),
    person('Memo'),
    person('Owen'),
    person('Cleo'),
    person('Uwe'),
    person('Gwen', { guestOf: 'gwen@wingtiptoys.com', roles: ['Directory Readers'] }),
    person('Hugo', { roles: ['Exchange Administrator'] }),
    person('Hedda', { roles: ['Exchange Administrator'] }),
    person('Pia', { rolesByGroup: ['Privileged Authentication Administrator'] }),
    person('Gustav', { guestOf: 'gustav@wingtiptoys.com', roles: ['Privileged Authentication Administrator'] }),
    person('Uma', { roles: ['User Administrator'] }),
    person('Gloria', { roles: ['Global Administrator'] }),
    person('Gerold', { roles: ['Global Administrator'], disabled: true }),
  ],
})
withApp(contoso, application, {
  ...healthy,
  people: { Olga: roles, Otto: roles.filter((role) => role !== 'Remediations.Privileged') },
})
const idOf = (name: string): string => userOf(contoso, name).id
aGroup(contoso, 'Vault', { isAssignableToRole: true, members: [idOf('Memo')], owners: [idOf('Owen')] })
aGroup(contoso, 'Book club', { members: [idOf('Ordo')], owners: [idOf('Ordo')] })
contoso.customRoleDefinitions.push({ id: '7c1e0f4a-2b7d-4a53-9f0e-5d2c8a6b1e90', displayName: 'Badge printers' })
const assign = (principalId: string, roleDefinitionId: string, directoryScopeId = '/') =>
  contoso.roleAssignments.push({
    id: `${principalId} ${roleDefinitionId}`,
    principalId,
    roleDefinitionId,
    directoryScopeId,
  })
assign(idOf('Cleo'), '7c1e0f4a-2b7d-4a53-9f0e-5d2c8a6b1e90')
assign(
  idOf('Uwe'),
  directoryRoles['Helpdesk Administrator'],
  '/administrativeUnits/5b9e2c11-8d3f-4c0a-a1b7-0e6f4d2c9a33',
)
// An application that is Global Administrator, directly and by a group, is nobody who could sign in (B13).
const robot = withApp(contoso, anApplication({ displayName: 'Backup robot' }))
assign(robot.id, directoryRoles['Global Administrator'])
const robots = aGroup(contoso, 'Robots', { isAssignableToRole: true, members: [robot.id] })
assign(robots.id, directoryRoles['Global Administrator'])

for (const name of ['Mia', 'Invoices']) {
  const mailbox = mailboxOfUser(contoso, name)
  mailbox.forwardingSmtpAddress = `smtp:${name.toLowerCase()}@example.net`
  mailbox.inboxRules = [
    anInboxRule({ displayName: 'Payments', actions: { delete: true } }, mailbox.exchangeGuid),
    ...builtInRules(mailbox),
  ]
}
mailboxOfUser(contoso, 'Milo').inboxRules = [
  anInboxRule({ displayName: 'Turned off', isEnabled: false }, 'Milo'),
  ...builtInRules(mailboxOfUser(contoso, 'Milo')),
]

/** With password writeback. */
export const fabrikam = aTenant({
  name: 'Fabrikam',
  people: [
    person('Flora', { roles: ['Global Administrator'] }),
    person('Falk', { roles: ['Global Administrator'] }),
    person('Pavel', { roles: ['Privileged Authentication Administrator'] }),
    person('Mina'),
    person('Sana', { synchronised: true }),
  ],
})
fabrikam.passwordWriteback = 'on'
withApp(fabrikam, application, healthy)

/** No delegated consent yet. */
export const northwind = aTenant({
  name: 'Northwind',
  people: [
    person('Nora', { roles: ['Global Administrator'] }),
    person('Hanna', { roles: ['Helpdesk Administrator'] }),
    person('Mina'),
  ],
})
withApp(northwind, application, { roles: ['Exchange Administrator'] })

for (const customer of [contoso, northwind]) {
  const senior = { technicians: ['Tess'], group: 'Seniors' }
  withPartner(customer, litware, { ...senior, roles: ['Privileged Authentication Administrator'] })
  withPartner(customer, litware, { technicians: ['Timo'], group: 'Juniors', roles: ['User Administrator'] })
}
// It was, and is over.
withPartner(contoso, litware, { technicians: ['Tara'], group: 'Former', roles: ['Global Administrator'] }).status =
  'terminated'

const forwarding = { forwardingSmtpAddress: 'smtp:archive@example.net' }
const aFaultyTenant = (name: string, consent: ConsentOptions | null): Tenant => {
  const tenant = aTenant({ name, people: [person('Mats', { mailbox: forwarding })] })
  mailboxOfUser(tenant, 'Mats').inboxRules = [anInboxRule({ displayName: 'Payments' }, name)]
  if (consent) withApp(tenant, application, consent)
  return tenant
}
const but = (permission: string) => everyPermission.filter((name) => name !== permission)
/** A tenant for each fault of B20. */
export const unhealthy = {
  permissionMissing: aFaultyTenant('Adatum', { ...healthy, permissions: but('User.RevokeSessions.All') }),
  consentWithdrawn: aFaultyTenant('Bellows', null),
  appDisabled: aFaultyTenant('Lucerne', { ...healthy, disabled: true }),
  exchangeRoleMissing: aFaultyTenant('Tailspin', { delegated: everyDelegated }),
}
/** What the product text asks for besides. */
export const furtherPermissions = ['AppCatalog.ReadWrite.All', 'TeamSettings.ReadWrite.All', 'Chat.ReadWrite.All']
const teamsPermissions = ['User', 'Team', 'Chat'].map((place) => `TeamsAppInstallation.ReadWriteFor${place}.All`)
/** More than is needed, and alternatives in the place of the least. */
export const generous = aFaultyTenant('Proseware', {
  ...healthy,
  permissions: [
    ...furtherPermissions,
    ...teamsPermissions,
    'User.ReadWrite.All',
    'RoleManagement.Read.Directory',
    'Group.Read.All',
    'Application.ReadWrite.All',
    'ActivityFeed.Read',
    'Directory.Read.All',
    'Exchange.ManageAsApp',
  ],
  delegated: [...everyDelegated, 'Directory.AccessAsUser.All'],
})

export const customers = [contoso, fabrikam, northwind, generous, ...Object.values(unhealthy)]
export const theWorld = () => structuredClone(aWorld({ tenants: [...customers, litware], applications: [application] }))
