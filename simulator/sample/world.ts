import { withConsents } from '../apps.ts'
import { aTenant, aWorld, mailboxOfUser, person, userOf, withApp } from '../builders.ts'
import { anInboxRule } from '../inbox-rules.ts'
import { withMailboxPermission, withSendAs } from '../mailbox-access.ts'
import { withPartner } from '../partners.ts'
import type { Application, Tenant, World } from '../world.ts'
import { applicationPermissions, clientId, clientSecret, tourniquetApplication } from './application.ts'
import { calendarHelper, intranet, mailBooster, reportSync } from './apps.ts'
import { northwind } from './northwind.ts'
import { tailspin } from './tailspin.ts'

/** The unhealthy tenant: neither disabling a user nor revoking sessions is possible until an administrator consents again (B20). */
const withheldByFabrikam: readonly string[] = ['User.EnableDisableAccount.All', 'User.RevokeSessions.All']

/** Consented once, but a permission is missing and nobody gave its service principal the Exchange role. */
function fabrikam(tourniquet: Application): Tenant {
  const tenant = aTenant({
    name: 'Fabrikam',
    people: [
      person('Fiona', { jobTitle: 'Owner', roles: ['Global Administrator'] }),
      person('Viktor', { jobTitle: 'Administrator', roles: ['Global Administrator'] }),
      person('Omar', { jobTitle: 'Engineer' }),
      person('Nadia', { jobTitle: 'Engineer', mailbox: { forwardingSmtpAddress: 'smtp:nadia@example.net' } }),
      person('Tariq', { jobTitle: 'Sales' }),
      person('Yuki', { jobTitle: 'Assistant', mailbox: false }),
      person('Tess', { guestOf: 'tess@example.com' }),
    ],
  })
  withApp(tenant, tourniquet, {
    permissions: applicationPermissions.filter((permission) => !withheldByFabrikam.includes(permission)),
  })
  withConsents(tenant, mailBooster(), { consents: { Omar: ['offline_access', 'Mail.Read'] } })
  withConsents(tenant, reportSync(), { permissions: ['MailboxSettings.ReadWrite'] })
  mailboxOfUser(tenant, 'Tariq').inboxRules = [
    anInboxRule({ displayName: 'x', conditions: { subjectContains: ['invoice'] }, actions: { delete: true } }, 'Tariq'),
  ]
  withMailboxPermission(tenant, 'Nadia', 'Omar')
  withSendAs(tenant, 'Nadia', 'Omar')
  return tenant
}

/** The partner's own tenant: nobody remediates there, but who is a technician is read there. */
function litware(tourniquet: Application): Tenant {
  const tenant = aTenant({
    name: 'Litware Partner',
    domain: 'litware.com',
    people: [person('Petra', { jobTitle: 'Technician' }), person('Lars', { roles: ['Global Administrator'] })],
  })
  withApp(tenant, tourniquet, {
    permissions: ['DelegatedAdminRelationship.Read.All', 'GroupMember.Read.All', 'User.Read.All'],
  })
  return tenant
}

function wingtip(tourniquet: Application): Tenant {
  const tenant = aTenant({
    name: 'Wingtip Toys',
    people: [person('Sasha', { jobTitle: 'Designer' }), person('Wanda', { roles: ['Global Administrator'] })],
  })
  withApp(tenant, tourniquet, { permissions: [] })
  return tenant
}

/** The made-up Microsoft 365 of the sandbox: the same ids every time. */
export function sampleWorld(): World {
  const tourniquet = tourniquetApplication()
  const partner = litware(tourniquet)
  const customers = [northwind(tourniquet), fabrikam(tourniquet), tailspin(tourniquet)]
  for (const customer of customers) {
    withPartner(customer, partner, {
      technicians: ['Petra'],
      roles: ['Privileged Authentication Administrator', 'Directory Readers'],
      group: 'Customer technicians',
    })
  }
  return aWorld({
    tenants: [...customers, partner, wingtip(tourniquet)],
    applications: [tourniquet, mailBooster(), reportSync(), intranet(customers[0]?.id ?? '')],
  })
}

/** What the sandbox needs to know of the sample: no secret opens anything but the simulator. */
export interface SampleDescription {
  clientId: string
  clientSecret: string
  /** Tenants that the gateway is connected to. */
  tenants: { id: string; name: string }[]
  partner: { tenantId: string; name: string }
  personas: Record<'analyst' | 'reader' | 'partner' | 'stranger', { tenantId: string; userId: string; name: string }>
  /** An app whose consent is in the records, and which is gone. */
  removedAppId: string
}

export function describeSample(world: World = sampleWorld()): SampleDescription {
  const tenant = (name: string): Tenant => {
    const found = world.tenants.find(({ displayName }) => displayName === name)
    if (!found) throw new Error(`The sample has no tenant ${name}.`)
    return found
  }
  const persona = (tenantName: string, name: string): { tenantId: string; userId: string; name: string } => ({
    tenantId: tenant(tenantName).id,
    userId: userOf(tenant(tenantName), name).id,
    name,
  })
  const connected = [tenant('Northwind Traders'), tenant('Fabrikam'), tenant('Tailspin Toys')]
  const partner = tenant('Litware Partner')
  return {
    clientId,
    clientSecret,
    tenants: connected.map(({ id, displayName }) => ({ id, name: displayName })),
    partner: { tenantId: partner.id, name: partner.displayName },
    personas: {
      analyst: persona('Northwind Traders', 'Annika'),
      reader: persona('Northwind Traders', 'Rafael'),
      partner: persona('Litware Partner', 'Petra'),
      stranger: persona('Wingtip Toys', 'Sasha'),
    },
    removedAppId: calendarHelper.appId,
  }
}
