/** What a page of everything costs: Microsoft's quotas and the database are shared, so these numbers are a promise. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { anApplication, aTenant, aWorld, person, userOf, withApp } from '../../simulator/builders.ts'
import type { Tenant } from '../../simulator/world.ts'
import { roles } from '../../src/context.ts'
import { securityEventTypes } from '../../src/services/events/types.ts'
import { catalogue } from '../../src/services/remediations/catalogue/index.ts'
import { boundOf, type Cost, costOf, withLateAnswers } from '../support/costs.ts'
import { aGateway, type TestGateway } from '../support/gateway.ts'
import { aMicrosoft } from '../support/microsoft.ts'
import { addPageObjects, pagePeople, pageRecords, peopleOnPage } from '../support/mixed-page.ts'
import { aDatabase, type TestDatabase } from '../support/postgres.ts'
import { everyDelegatedPermission, everyPermission } from '../support/remediations.ts'
import { addUnresolvedObjects, unresolvedPeople, unresolvedRecords } from '../support/unresolved-page.ts'

const application = anApplication({
  displayName: 'Tourniquet',
  appRoles: roles,
  permissions: everyPermission,
  delegated: everyDelegatedPermission,
})
const administrators = [
  person('Ada'),
  person('Gloria', { roles: ['Global Administrator'] }),
  person('Hanna', { rolesByGroup: ['Helpdesk Administrator'] }),
]
const contoso = aTenant({ name: 'Contoso', people: [...administrators, ...pagePeople] })
addPageObjects(contoso)
const fabrikam = aTenant({ name: 'Fabrikam', people: [...administrators, ...unresolvedPeople] })
const world = aWorld({ tenants: [contoso, fabrikam], applications: [application] })
addUnresolvedObjects(world, fabrikam)
for (const tenant of [contoso, fabrikam]) {
  withApp(tenant, application, {
    delegated: everyDelegatedPermission,
    roles: ['Exchange Administrator'],
    people: { Ada: ['Events.Read', 'Remediations.User', 'Remediations.AppsAndRules'] },
  })
}

const fields = `id type title subjects { __typename ... on Node { id } }
  availableRemediations {
    kind title effect limits impact recommended reversible howToUndo warnings permissions viewerCan remarks
    subject { ... on Node { id } } requirements { __typename } applicationAccess { type permission resource isRisky }
  }
  greyedOutReasons { kind code message remedy subject { ... on Node { id } } }
  remediationBanner { message supportEmail }`
const page = `query ($first: Int) { securityEvents(first: $first) { edges { node { ${fields} } } } }`
const one = `query ($id: ID!) { securityEvent(id: $id) { ${fields} } }`

interface EventNode {
  id: string
  type: string
  title: string
  subjects: { __typename: string; id: string }[]
  availableRemediations: { kind: string }[]
  greyedOutReasons: { kind: string; code: string }[]
}
const nodesOf = ({ data }: Cost): EventNode[] => data.securityEvents.edges.map(({ node }: { node: EventNode }) => node)

let database: TestDatabase
let gateway: TestGateway
beforeAll(async () => {
  database = await aDatabase()
  const now = new Date()
  // However slow the machine is, what is shared does not grow old.
  gateway = await aGateway({ microsoft: await aMicrosoft(structuredClone(world)), database, now: () => now })
  for (const tenant of [contoso, fabrikam]) await gateway.connectTenant(tenant)
  await gateway.importRecords([...pageRecords(contoso, now), ...unresolvedRecords(world, fabrikam, now)])
})
afterAll(async () => {
  await gateway.close()
  await gateway.microsoft.close()
  await database.drop()
})
beforeEach(() => {
  for (const tenant of [contoso, fabrikam]) gateway.forget(tenant)
})

const adaOf = (tenant: Tenant) => ({ as: { tenantId: tenant.id, userId: userOf(tenant, 'Ada').id } })
const pageOf = (tenant: Tenant) => costOf(gateway, page, { first: 50 }, adaOf(tenant))
/** Every answer late, so that waves can be told apart. */
async function latePageOf(tenant: Tenant): Promise<Cost> {
  const inTime = withLateAnswers(gateway)
  const cost = await pageOf(tenant)
  inTime()
  return cost
}

const twice = ({ items: { graph, exchange } }: Cost): string[] =>
  [...graph, ...exchange].filter((item, index, all) => all.indexOf(item) < index)
const shown = ({ requests, items }: Cost): string => [...requests, ...items.graph, ...items.exchange].join('\n')

describe('50 events of all types over 40 people in one tenant', () => {
  test('are answered whole: every kind of subject, every remediation, nothing for want of an answer', async () => {
    const nodes = nodesOf(await pageOf(contoso))
    expect(nodes).toHaveLength(50)
    expect(new Set(nodes.map(({ type }) => type))).toEqual(new Set(securityEventTypes))
    const subjects = nodes.flatMap((node) => node.subjects)
    const people = subjects.filter(({ __typename }) => __typename === 'UserSubject').map(({ id }) => id)
    expect(new Set(people).size).toBe(peopleOnPage)
    expect(new Set(subjects.map(({ __typename }) => __typename)).size).toBe(9)
    const available = nodes.flatMap(({ availableRemediations }) => availableRemediations.map(({ kind }) => kind))
    expect(new Set(available)).toEqual(new Set(catalogue.map(({ kind }) => kind)))
    const codes = nodes.flatMap(({ greyedOutReasons }) => greyedOutReasons.map(({ code }) => code))
    expect(codes).not.toContain('UPSTREAM_UNAVAILABLE')
    expect(codes).not.toContain('PERMISSION_MISSING')
  })

  test('P1, P2 cost one wave of the fewest requests that carry their items, no item twice, at most 16', async () => {
    await pageOf(contoso)
    const cost = await latePageOf(contoso)
    expect(cost.waves, shown(cost)).toBe(1)
    expect(cost.requests.length, shown(cost)).toBe(boundOf(cost.items))
    expect(cost.requests.length).toBeLessThanOrEqual(16)
    expect(twice(cost)).toEqual([])
    expect(cost.statements).toBeLessThanOrEqual(3)
    // A mailbox for each person in one read, the rules of each, and what the apps, accesses and places of Teams take.
    expect(cost.items.exchange.filter((item) => item.startsWith('Get-InboxRule'))).toHaveLength(peopleOnPage)
    expect(cost.items.exchange.filter((item) => item.startsWith('Get-Mailbox '))).toHaveLength(1)
  })

  test('P1 cost one wave and one request more when nothing is known of the tenant: the people of its role-assignable groups', async () => {
    const cost = await latePageOf(contoso)
    expect(cost.waves, shown(cost)).toBe(2)
    expect(cost.requests.length, shown(cost)).toBeLessThanOrEqual(Math.min(16, boundOf(cost.items) + 1))
    expect(twice(cost)).toEqual([])
    expect(cost.statements).toBeLessThanOrEqual(3)
  })

  test('cost at most 3 requests each when looked at alone and nothing is known of the tenant, and then at most 2', async () => {
    const nodes = nodesOf(await pageOf(contoso))
    for (const { id, title } of nodes) {
      gateway.forget(contoso)
      const cold = await costOf(gateway, one, { id }, adaOf(contoso))
      expect(cold.requests.length, `${title}\n${shown(cold)}`).toBeLessThanOrEqual(3)
      expect(twice(cold), title).toEqual([])
      expect(cold.statements, title).toBeLessThanOrEqual(3)
      const warm = await costOf(gateway, one, { id }, adaOf(contoso))
      expect(warm.requests.length, `${title}\n${shown(warm)}`).toBeLessThanOrEqual(2)
    }
  })
})

test('P1 what Microsoft alone can resolve costs a wave more for each step, two at most, and the answer is the one for the name itself', async () => {
  await pageOf(fabrikam)
  const cost = await latePageOf(fabrikam)
  const nodes = nodesOf(cost)
  expect(
    nodes.map(({ type, availableRemediations, greyedOutReasons }) => [
      type,
      ...availableRemediations.map(({ kind }) => kind).filter((kind) => /^REMOVE_(APP|INBOX|MAILBOX)/.test(kind)),
      ...greyedOutReasons.filter(({ kind }) => kind === 'REMOVE_MAILBOX_ACCESS').map(({ code }) => code),
    ]),
  ).toEqual([
    ['APPLICATION_PERMISSIONS_CHANGED', 'REMOVE_APP'],
    ['MAILBOX_ACCESS_BY_NON_OWNER', 'ACCESS_THROUGH_GROUP'],
    ['MAILBOX_ACCESS_GRANTED_TO_NON_OWNER', 'REMOVE_MAILBOX_ACCESS'],
    ['SUSPICIOUS_INBOX_RULE', 'REMOVE_INBOX_RULE'],
  ])
  expect(cost.waves, shown(cost)).toBeGreaterThan(1)
  expect(cost.waves, shown(cost)).toBeLessThanOrEqual(3)
  expect(cost.requests.length, shown(cost)).toBeLessThanOrEqual(boundOf(cost.items) + 4)
  expect(twice(cost)).toEqual([])
  for (const { id, title } of nodes) {
    gateway.forget(fabrikam)
    const alone = await costOf(gateway, one, { id }, adaOf(fabrikam))
    expect(alone.requests.length, `${title}\n${shown(alone)}`).toBeLessThanOrEqual(5)
    expect(twice(alone), title).toEqual([])
  }
})
