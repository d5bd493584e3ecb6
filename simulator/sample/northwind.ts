/** Northwind Traders: a healthy tenant whose people meet every rule about targets. */
import { aGroup, aTenant, person, userOf, withApp } from '../builders.ts'
import { directoryRoles } from '../directory-roles.ts'
import { assignDirectoryRole } from '../grants.ts'
import type { Application, Tenant } from '../world.ts'
import { applicationPermissions, delegatedPermissions } from './application.ts'
import { addMailboxAccess } from './northwind-access.ts'
import { addApps, addTeamsApps } from './northwind-apps.ts'
import { addInboxRules } from './northwind-rules.ts'
import { addTransportRules } from './northwind-transport-rules.ts'

const people = [
  person('Annika', { jobTitle: 'Security analyst' }),
  person('Rafael', { jobTitle: 'Security manager' }),
  person('Ada', { jobTitle: 'Buyer' }),
  person('Bruno', {
    jobTitle: 'Accountant',
    mailbox: { forwardingSmtpAddress: 'smtp:bruno.backup@example.com', deliverToMailboxAndForward: true },
  }),
  person('Carla', { jobTitle: 'Driver', mailbox: false }),
  person('Dmitri', { jobTitle: 'Sales' }),
  person('Esi', { jobTitle: 'Sales' }),
  person('Felix', { jobTitle: 'Warehouse' }),
  person('Greta', { jobTitle: 'Marketing' }),
  person('Hugo', { jobTitle: 'Accountant' }),
  person('Ines', { jobTitle: 'Human resources' }),
  person('Jonas', { jobTitle: 'Sales' }),
  person('Kira', { jobTitle: 'Marketing' }),
  person('Liam', { jobTitle: 'Support' }),
  person('Mona', { jobTitle: 'Assistant' }),
  person('Nils', { jobTitle: 'Developer' }),
  // Both mechanisms at once: the address inside the tenant wins, nobody sees the other one.
  person('Olga', {
    jobTitle: 'Purchasing',
    mailbox: { forwardingAddress: 'hugo', forwardingSmtpAddress: 'smtp:olga.private@example.org' },
  }),
  person('Accounts', {
    disabled: true,
    mailbox: { recipientTypeDetails: 'SharedMailbox', forwardingAddress: 'hugo', deliverToMailboxAndForward: true },
    assignedPlans: [],
  }),
  person('Ursula', { jobTitle: 'Service desk', roles: ['User Administrator'] }),
  person('Pia', { jobTitle: 'Identity administrator', roles: ['Privileged Authentication Administrator'] }),
  person('Gloria', { jobTitle: 'Head of IT', roles: ['Global Administrator'] }),
  person('Gustav', { jobTitle: 'Former head of IT', roles: ['Global Administrator'], disabled: true }),
  person('Hana', { jobTitle: 'Messaging administrator' }),
  person('Gwen', { guestOf: 'gwen@contoso.com' }),
  person('Sven', { jobTitle: 'Production', synchronised: true }),
  // Of another forest, which nobody set writeback up for.
  person('Selma', { jobTitle: 'Production', synchronised: true, passwordWriteback: 'off' }),
  person('Fatima', { jobTitle: 'Legal', domain: 'corp.northwindtraders.com' }),
  person('Doris', { jobTitle: 'Former buyer', disabled: true }),
]

export function northwind(tourniquet: Application): Tenant {
  const tenant = aTenant({
    name: 'Northwind Traders',
    domain: 'northwindtraders.com',
    federatedDomain: 'corp.northwindtraders.com',
    people,
  })
  tenant.passwordWriteback = 'on'
  const hana = userOf(tenant, 'Hana')
  const administrators = aGroup(tenant, 'Messaging administrators', { isAssignableToRole: true, members: [hana.id] })
  assignDirectoryRole(tenant, administrators.id, directoryRoles['Exchange Administrator'])

  withApp(tenant, tourniquet, {
    permissions: applicationPermissions,
    delegated: delegatedPermissions,
    roles: ['Exchange Administrator'],
    people: {
      Annika: [
        'Events.Read',
        'Events.Ingest',
        'Remediations.User',
        'Remediations.Privileged',
        'Remediations.AppsAndRules',
        'Audit.Read',
      ],
      Rafael: ['Events.Read'],
    },
  })
  addApps(tenant)
  addTeamsApps(tenant)
  addInboxRules(tenant)
  addTransportRules(tenant)
  addMailboxAccess(tenant)
  return tenant
}
