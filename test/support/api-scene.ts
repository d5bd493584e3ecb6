/** Contoso with people of each role, Fabrikam with a stranger, Litware with a partner's technician; three events name Bruno. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { anApplication, aTenant, aWorld, person, userOf, withApp } from '../../simulator/builders.ts'
import type { Tenant } from '../../simulator/world.ts'
import { roles } from '../../src/context.ts'
import { tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import { aGateway, type TestGateway } from './gateway.ts'
import { aMicrosoft } from './microsoft.ts'
import { aDatabase, type TestDatabase } from './postgres.ts'
import { everyDelegatedPermission, everyPermission } from './remediations.ts'

const application = anApplication({
  displayName: 'Tourniquet',
  appRoles: [...roles, 'Made.Up'],
  permissions: everyPermission,
  delegated: everyDelegatedPermission,
})
export const contoso = aTenant({
  name: 'Contoso',
  people: [
    person('Ada'),
    person('Rea'),
    person('Bruno'),
    person('Gloria', { roles: ['Global Administrator'] }),
    person('Hanna', { roles: ['Helpdesk Administrator'] }),
    person('Imre'),
    person('Prita'),
  ],
})
export const fabrikam = aTenant({ name: 'Fabrikam', people: [person('Selma'), person('Fritz')] })
export const litware = aTenant({ name: 'Litware', people: [person('Petra')] })
withApp(contoso, application, {
  delegated: everyDelegatedPermission,
  roles: ['Exchange Administrator'],
  people: {
    Ada: ['Events.Read', 'Remediations.User', 'Audit.Read', 'Administer', 'Made.Up'],
    Rea: ['Events.Read'],
    Imre: ['Events.Ingest'],
    Prita: ['Events.Read', 'Remediations.User', 'Remediations.Privileged'],
  },
})
withApp(fabrikam, application)
withApp(litware, application)

const as = (tenant: Tenant, name: string) => ({ tenantId: tenant.id, userId: userOf(tenant, name).id })
export const analyst = as(contoso, 'Ada')
export const reader = as(contoso, 'Rea')
export const stranger = as(fabrikam, 'Selma')
export const partner = as(litware, 'Petra')
export const ingester = as(contoso, 'Imre')
/** May also act on administrators. */
export const privileged = as(contoso, 'Prita')

/** A record of somebody who disables Bruno's account; `index` makes it another one. */
export const aRecord = (tenant: Tenant, name: string, index: number) => ({
  Id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
  CreationTime: new Date(Date.UTC(2026, 2, 14, 15, index)).toISOString().slice(0, 19),
  Operation: 'Disable account.',
  OrganizationId: tenant.id,
  RecordType: 8,
  UserType: 0,
  UserKey: userOf(tenant, name).id,
  UserId: userOf(tenant, name).userPrincipalName,
  Workload: 'AzureActiveDirectory',
  ResultStatus: 'Success',
  ObjectId: userOf(tenant, 'Bruno').userPrincipalName,
  Target: [
    { ID: `User_${userOf(tenant, 'Bruno').id}`, Type: 2 },
    { ID: userOf(tenant, 'Bruno').id, Type: 2 },
    { ID: 'User', Type: 2 },
    { ID: userOf(tenant, 'Bruno').userPrincipalName, Type: 5 },
  ],
})

export const eventsQuery = readFileSync(join(import.meta.dirname, '../../examples/1-events.graphql'), 'utf8')
export const blockUser = `mutation ($input: BlockUserInput!) { blockUser(input: $input) { __typename
  ... on RemediationRun { id status steps { kind state } } ... on Refusal { code message } ... on InvalidInputError { issues { path message } } } }`

export interface ApiScene {
  database: TestDatabase
  gateway: TestGateway
  event: { id: string; subjects: { id: string; userPrincipalName?: string }[] }
  /** The id of Bruno as a subject. */
  bruno: string
  /** Variables of `blockUser` on Bruno, with a new key. */
  input(over?: object): { input: object }
  close(): Promise<void>
}

export async function anApiScene(): Promise<ApiScene> {
  const database = await aDatabase()
  const world = structuredClone(aWorld({ tenants: [contoso, fabrikam, litware], applications: [application] }))
  const gateway = await aGateway({ microsoft: await aMicrosoft(world), database })
  await gateway.connectTenant(contoso)
  await gateway.connectTenant(fabrikam)
  await gateway.importRecords([1, 2, 3].map((index) => aRecord(contoso, 'Rea', index)))
  const { data } = await gateway.graphql(eventsQuery, {}, { as: analyst })
  const event: ApiScene['event'] = data.securityEvents.edges[0].node
  const bruno = event.subjects.find(({ userPrincipalName }) => userPrincipalName === 'bruno@contoso.com')?.id
  if (bruno === undefined) throw new Error(`The event does not name Bruno: ${JSON.stringify(event)}`)
  return {
    database,
    gateway,
    event,
    bruno,
    input: (over = {}) => ({
      input: {
        eventId: event.id,
        subjectId: bruno,
        actions: ['DISABLE_USER', 'REVOKE_SESSIONS'],
        idempotencyKey: crypto.randomUUID(),
        ...over,
      },
    }),
    async close() {
      await gateway.close()
      await gateway.microsoft.close()
      await database.drop()
    },
  }
}

export const idOfTenant = ({ id }: Tenant) => tenantGlobalId(id)
