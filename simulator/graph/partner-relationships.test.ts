import { afterAll, beforeAll, expect, test } from 'vitest'
import { aGraphWorld, type GraphWorld } from '../../test/support/graph-world.ts'
import { graphCaller } from '../../test/support/microsoft-calls.ts'
import { person, userOf } from '../builders.ts'
import { directoryRoles } from '../directory-roles.ts'
import { techniciansAt, withPartner } from '../partners.ts'
import type { PartnerRelationship, Tenant } from '../world.ts'

let graph: GraphWorld
let customer: Tenant
let relationship: PartnerRelationship
const list = '/tenantRelationships/delegatedAdminRelationships'
const privileged = directoryRoles['Privileged Authentication Administrator']

beforeAll(async () => {
  graph = await aGraphWorld({
    permissions: ['DelegatedAdminRelationship.Read.All', 'GroupMember.Read.All', 'User.Read.All'],
    people: [person('Petra'), person('Lars')],
  })
  customer = graph.microsoft.tenant('Fabrikam')
  relationship = withPartner(customer, graph.tenant, {
    technicians: ['Petra'],
    roles: ['Privileged Authentication Administrator', 'Directory Readers'],
  })
})
afterAll(() => graph.microsoft.close())

test("the partner's tenant lists its relationships, the groups with their roles, and their members", async () => {
  const filter = `?$filter=status eq 'active' and customer/tenantId eq '${customer.id}'`
  expect(await graph.app().get(list + filter)).toMatchObject({
    status: 200,
    body: {
      value: [
        {
          id: relationship.id,
          status: 'active',
          customer: { tenantId: customer.id, displayName: 'Fabrikam' },
          accessDetails: { unifiedRoles: [{ roleDefinitionId: privileged }, {}] },
        },
      ],
    },
  })
  expect(await graph.app().get(`${list}?$filter=status eq 'expired'`)).toMatchObject({ body: { value: [] } })
  const assignments = await graph.app().get(`${list}/${relationship.id}/accessAssignments`)
  const groupId = graph.tenant.groups[0]?.id
  expect(assignments.body).toMatchObject({
    value: [
      {
        status: 'active',
        accessContainer: { accessContainerId: groupId, accessContainerType: 'securityGroup' },
        accessDetails: { unifiedRoles: [{ roleDefinitionId: privileged }, {}] },
      },
    ],
  })
  expect(await graph.app().get(`/groups/${groupId}/members`)).toMatchObject({
    body: { value: [{ id: userOf(graph.tenant, 'Petra').id }] },
  })
})

test('needs its permission, and an id that exists', async () => {
  expect(await graph.app().get(`${list}/unknown`)).toMatchObject({ status: 404 })
  const other = await aGraphWorld({ permissions: ['User.Read.All'], people: [person('Ada')] })
  expect(await other.app().get(list)).toMatchObject({ status: 403 })
  await other.microsoft.close()
})

test('the customer itself sees no relationship there', async () => {
  const { microsoft, appId } = graph
  const principal = graph.tenant.servicePrincipals.find((one) => one.appId === appId)
  if (principal) customer.servicePrincipals.push(principal)
  for (const one of graph.tenant.appRoleAssignments) customer.appRoleAssignments.push(one)
  const [graphOfPartner, graphOfCustomer] = [graph.tenant, customer].map((tenant) =>
    tenant.servicePrincipals.find((one) => one.displayName === 'Microsoft Graph'),
  )
  customer.appRoleAssignments = customer.appRoleAssignments.map((one) =>
    one.resourceId === graphOfPartner?.id ? { ...one, resourceId: graphOfCustomer?.id ?? '' } : one,
  )
  const token = microsoft.token({ tenantId: customer.id, appId, audience: 'https://graph.microsoft.com' })
  expect(await graphCaller(microsoft, token).get(list)).toMatchObject({ status: 200, body: { value: [] } })
})

test('only what is active and within the relationship counts', () => {
  const roles = () => techniciansAt(customer, graph.tenant).map(({ user, roles: held }) => [user.displayName, held])
  expect(roles()).toEqual([['Petra', [privileged, directoryRoles['Directory Readers']]]])
  const [assignment] = relationship.accessAssignments
  assignment?.roleTemplateIds.push(directoryRoles['Global Administrator'])
  expect(roles()).toEqual([['Petra', [privileged, directoryRoles['Directory Readers']]]])
  relationship.status = 'expired'
  expect(roles()).toEqual([])
  relationship.status = 'active'
  if (assignment) assignment.status = 'deleted'
  expect(roles()).toEqual([])
})
