/** A tenant whose people differ, and records of events about them. */
import { aTenant, aWorld, mailboxOfUser, person, userOf, withApp } from '../../simulator/builders.ts'
import { anInboxRule } from '../../simulator/inbox-rules.ts'
import { delegatedPermissions, tourniquetApplication } from '../../simulator/sample/application.ts'
import type { Tenant, World } from '../../simulator/world.ts'

export const application = tourniquetApplication()

const nameOf = (number: number): string => `User${String(number).padStart(3, '0')}`

export interface PageWorld {
  world: World
  tenant: Tenant
  /** Events of one person each, one after the other. */
  records: object[]
  /** Who reads the page. */
  analyst: { tenantId: string; userId: string }
}

export function aPageWorld({ events, users }: { events: number; users: number }): PageWorld {
  const numbers = Array.from({ length: users }, (_, index) => index + 1)
  const tenant = aTenant({
    name: 'Contoso',
    people: [
      person('Ada'),
      person('Gloria', { roles: ['Global Administrator'] }),
      person('Hanna', { rolesByGroup: ['Helpdesk Administrator'] }),
      ...numbers.map((number) =>
        person(nameOf(number), {
          disabled: number % 8 === 0,
          synchronised: number % 5 === 0,
          ...(number % 11 === 0 && { roles: ['Helpdesk Administrator' as const] }),
          ...(number % 9 === 0 && { mailbox: false }),
        }),
      ),
    ],
  })
  withApp(tenant, application, {
    delegated: delegatedPermissions,
    roles: ['Exchange Administrator'],
    people: { Ada: ['Events.Read', 'Remediations.User'] },
  })
  for (const number of numbers.filter((number) => number % 9 !== 0)) {
    const mailbox = mailboxOfUser(tenant, nameOf(number))
    if (number % 4 === 0) mailbox.forwardingSmtpAddress = `smtp:user${number}@example.net`
    if (number % 3 === 0) {
      const forwardTo = [{ emailAddress: { name: 'archive@example.net', address: 'archive@example.net' } }]
      mailbox.inboxRules = [anInboxRule({ displayName: 'Copies', actions: { forwardTo } }, mailbox.exchangeGuid)]
    }
  }
  const world = aWorld({ tenants: [tenant], applications: [application] })
  const records = Array.from({ length: events }, (_, index) => {
    const { id, userPrincipalName } = userOf(tenant, nameOf((index % users) + 1))
    return {
      Id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      CreationTime: new Date(Date.now() - (index + 1) * 300_000).toISOString().slice(0, 19),
      Operation: 'Disable account.',
      OrganizationId: tenant.id,
      RecordType: 8,
      UserType: 0,
      UserKey: id,
      UserId: userPrincipalName,
      Workload: 'AzureActiveDirectory',
      ResultStatus: 'Success',
      ObjectId: userPrincipalName,
      Target: [
        { ID: `User_${id}`, Type: 2 },
        { ID: userPrincipalName, Type: 5 },
      ],
    }
  })
  return { world, tenant, records, analyst: { tenantId: tenant.id, userId: userOf(tenant, 'Ada').id } }
}

/** The page as a frontend asks for it. */
export const pageQuery = `query Page($first: Int) {
  securityEvents(first: $first) {
    edges {
      node {
        id type severity title occurredAt
        tenant { name status }
        subjects { __typename ... on UserSubject { id userPrincipalName objectId } }
        availableRemediations {
          kind title effect recommended warnings viewerCan
          subject { ... on Node { id } }
          requirements { __typename }
        }
        greyedOutReasons { kind code message remedy subject { ... on Node { id } } }
      }
    }
  }
}`
