/** What a page costs: Microsoft's quotas and the database are shared, so these numbers are a promise. */
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { anApplication, aTenant, aWorld, person, userOf, withApp } from '../../simulator/builders.ts'
import { roles } from '../../src/context.ts'
import { costOf as costOfOperation } from '../support/costs.ts'
import { aGateway, type TestGateway } from '../support/gateway.ts'
import { aMicrosoft } from '../support/microsoft.ts'
import { aDatabase, type TestDatabase } from '../support/postgres.ts'
import { everyDelegatedPermission, everyPermission } from '../support/remediations.ts'

const people = Array.from({ length: 30 }, (_, index) => `User${String(index + 1).padStart(2, '0')}`)
const application = anApplication({
  displayName: 'Tourniquet',
  appRoles: roles,
  permissions: everyPermission,
  delegated: everyDelegatedPermission,
})
const contoso = aTenant({
  name: 'Contoso',
  people: [
    person('Ada'),
    person('Gloria', { roles: ['Global Administrator'] }),
    person('Hanna', { rolesByGroup: ['Helpdesk Administrator'] }),
    ...people.map((name) => person(name)),
  ],
})
withApp(contoso, application, {
  delegated: everyDelegatedPermission,
  roles: ['Exchange Administrator'],
  people: { Ada: ['Events.Read', 'Remediations.User'] },
})
const analyst = { tenantId: contoso.id, userId: userOf(contoso, 'Ada').id }

/** An account disabled by its own user: one user, one event. */
const recordOf = (name: string, index: number, by: 'ID' | 'NAME' = 'ID') => {
  const { id, userPrincipalName } = userOf(contoso, name)
  return {
    Id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    CreationTime: new Date(Date.UTC(2026, 2, 14, 8, 5 * index)).toISOString().slice(0, 19),
    Operation: 'Disable account.',
    OrganizationId: contoso.id,
    RecordType: 8,
    UserType: 0,
    UserKey: by === 'ID' ? id : 'Not Available',
    UserId: userPrincipalName,
    Workload: 'AzureActiveDirectory',
    ResultStatus: 'Success',
    ObjectId: userPrincipalName,
    Target: [...(by === 'ID' ? [{ ID: `User_${id}`, Type: 2 }] : []), { ID: userPrincipalName, Type: 5 }],
  }
}

const fields = `id type title occurredAt tenant { name status } subjects { __typename ... on UserSubject { id userPrincipalName } }
  availableRemediations { kind title warnings recommended viewerCan subject { ... on Node { id } } requirements { __typename } }
  greyedOutReasons { kind code message remedy subject { ... on Node { id } } }
  remediationBanner { message }`
const page = `query ($first: Int) { securityEvents(first: $first) { edges { node { ${fields} } } } }`

let database: TestDatabase
let gateway: TestGateway

const close = async () => {
  await gateway?.close()
  await gateway?.microsoft.close()
  await database?.drop()
}
/** A new process as far as caches are concerned. */
beforeEach(async () => {
  await close()
  database = await aDatabase()
  const world = structuredClone(aWorld({ tenants: [contoso], applications: [application] }))
  gateway = await aGateway({ microsoft: await aMicrosoft(world), database })
  await gateway.connectTenant(contoso)
})
afterAll(close)

/** 50 events over 30 users. */
const importEvents = (by: 'ID' | 'NAME' = 'ID') =>
  gateway.importRecords(Array.from({ length: 50 }, (_, index) => recordOf(people[index % 30] ?? '', index, by)))

const costOf = (query: string, variables: Record<string, unknown>) =>
  costOfOperation(gateway, query, variables, { as: analyst })

describe('with all caches cold', () => {
  test('a page of 50 events over 30 users with options and reasons costs at most 6 upstream requests and 3 SQL statements', async () => {
    await importEvents()
    const { data, requests, items, statements } = await costOf(page, { first: 50 })
    const nodes = data.securityEvents.edges.map((edge: { node: object }) => edge.node)
    expect(nodes).toHaveLength(50)
    const subjects = new Set(nodes.flatMap((node: { subjects: { id: string }[] }) => node.subjects.map(({ id }) => id)))
    expect(subjects.size).toBe(30)
    for (const node of nodes) expect(node.availableRemediations.length).toBeGreaterThan(0)
    expect(requests.length, requests.join('\n')).toBeLessThanOrEqual(6)
    expect(new Set([...items.graph, ...items.exchange]).size, 'no item twice').toBe(
      items.graph.length + items.exchange.length,
    )
    expect(statements).toBeLessThanOrEqual(3)
  })

  test('so does a page whose records know the users by name alone', async () => {
    await importEvents('NAME')
    const { data, requests } = await costOf(page, { first: 50 })
    for (const { node } of data.securityEvents.edges) expect(node.availableRemediations.length).toBeGreaterThan(0)
    expect(requests.length, requests.join('\n')).toBeLessThanOrEqual(6)
  })

  test('one event costs at most 3 upstream requests', async () => {
    await importEvents()
    const { requests, statements } = await costOf(page, { first: 1 })
    expect(requests.length, requests.join('\n')).toBeLessThanOrEqual(3)
    expect(statements).toBeLessThanOrEqual(3)
  })

  test('one event by its id costs the same', async () => {
    await importEvents()
    const { data } = await gateway.graphql(
      '{ securityEvents(first: 1) { edges { node { id } } } }',
      {},
      { as: analyst },
    )
    const query = `query ($id: ID!) { securityEvent(id: $id) { ${fields} } }`
    const { requests, statements } = await costOf(query, { id: data.securityEvents.edges[0].node.id })
    expect(requests.length, requests.join('\n')).toBeLessThanOrEqual(3)
    expect(statements).toBeLessThanOrEqual(3)
  })

  test("a page that shows the tenant's health as well asks for nothing more than once, and besides only the activity feed", async () => {
    await importEvents()
    const { data, requests, items } = await costOf(
      `{ securityEvents(first: 50) { edges { node { tenant { health { status } } availableRemediations { kind } } } } }`,
      {},
    )
    expect(data.securityEvents.edges).toHaveLength(50)
    for (const { node } of data.securityEvents.edges) expect(node.tenant.health.status).toBe('HEALTHY')
    const ofFeed = (request: string) => request.includes('/activity/feed/')
    expect(requests.filter(ofFeed)).toEqual([`GET /${contoso.id}/activity/feed/subscriptions/list`])
    const others = requests.filter((request) => !ofFeed(request))
    expect(others.length, requests.join('\n')).toBeLessThanOrEqual(6)
    expect(new Set(items.graph).size).toBe(items.graph.length)
  })
})
