/** A page costs what the page holds, however many events there are: proven on plans, not on times. */
import { sql } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeManyEvents, manyTenantIds, recordIdOf, userOf } from '../../test/support/many-events.ts'
import { aDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import type { EventFilter, EventPageRequest } from './event-search.ts'
import { eventPageStatement, indexesOnly, pageOfEvents, type StoredEvent } from './events.ts'
import { newId } from './ids.ts'

const tenants = manyTenantIds(2000)
const first = 50
/** Earlier, twelve months, this one, three ahead, later. */
const partitions = 18
const present = Date.now()
const daysAgo = (days: number) => new Date(present - days * 86_400_000)

let database: TestDatabase
beforeAll(async () => {
  database = await aDatabase()
  await makeManyEvents(database.ownerUrl, { events: 60_000, tenants: tenants.length })
}, 300_000)
afterAll(() => database.drop())

const scopes: Record<string, string[]> = {
  'the largest tenant': tenants.slice(0, 1),
  'a small tenant': tenants.slice(1500, 1501),
  '50 tenants': [...tenants.slice(0, 10), ...tenants.slice(1000, 1040)],
  '2,000 tenants': tenants,
}

/** Every combination that the API takes. */
function* filters(): Generator<EventFilter> {
  const { userPrincipalName, objectId: userId } = userOf(1, 1)
  for (const types of [undefined, ['MICROSOFT_ALERT'], ['USER_ACTIVITY', 'PASSWORD_RESET', 'MFA_CHANGED']] as const)
    for (const minSeverity of [undefined, 'INFORMATIONAL', 'HIGH'] as const)
      for (const range of [{}, { since: daysAgo(200), until: daysAgo(100) }])
        for (const user of [{}, { userId }, { userPrincipalName }, { userId, userPrincipalName }])
          for (const sourceRecordId of [undefined, recordIdOf(77)])
            yield { types, minSeverity, ...range, ...user, sourceRecordId }
}

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'One-Time Filter'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Shared Hit Blocks': number
  'Shared Read Blocks': number
  Plans?: PlanNode[]
}

async function planOf(request: EventPageRequest): Promise<PlanNode> {
  const { sql: text, params } = new PgDialect().sqlToQuery(eventPageStatement(request))
  return database.db.withTenants(request.tenantIds, async (tx) => {
    await tx.execute(indexesOnly)
    // As the driver does, for the plan that all pages of this text share.
    await tx.execute(sql.raw(`prepare page as ${text}`))
    const values = params.length > 0 ? sql.raw(`(${params.map(literal).join(', ')})`) : sql``
    const [row] = await tx.execute<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
      sql`explain (analyze, buffers, timing off, format json) execute page${values}`,
    )
    await tx.execute(sql`deallocate page`)
    const plan = row?.['QUERY PLAN'][0]?.Plan
    if (plan === undefined) throw new Error('There is no plan.')
    return plan
  })
}

const literal = (value: unknown): string => `'${Array.isArray(value) ? `{${value.join(',')}}` : String(value)}'`

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** Searches of an index that each read a page at most. */
function searchesOf({ tenantIds, filter = {} }: EventPageRequest): number {
  const severities = filter.minSeverity === 'HIGH' ? 1 : 4
  const kinds = filter.types ? filter.types.length * severities : severities
  return kinds * (tenantIds.length > 50 ? 1 : tenantIds.length)
}

describe.each(Object.entries(scopes))('a page of %s', (_, tenantIds) => {
  test.each([
    ['first', undefined],
    ['deep', newId(daysAgo(150))],
  ])('%s: follows indexes, sorts and reads no more than pages, with any filter', async (_, after) => {
    for (const filter of filters()) {
      const request = { tenantIds, filter, first, after }
      const plan = await planOf(request)
      const said = JSON.stringify(filter)
      const nodes = nodesOf(plan)
      const scans = nodes.filter((node) => /Seq Scan|Bitmap/.test(node['Node Type']))
      expect(
        scans.map((node) => node['Relation Name']),
        said,
      ).toEqual([])
      for (const sort of nodes.filter((node) => /Sort/.test(node['Node Type']))) {
        for (const input of sort.Plans ?? []) {
          expect(input['Actual Rows'] * input['Actual Loops'], said).toBeLessThanOrEqual(
            (first + 1) * searchesOf(request),
          )
        }
      }
      // Each row of a page: the event, its tenant, a subject twice. Each search: down the index of each partition, and a
      // page's entries. Each tenant: its alias.
      const isNarrowed = filter.types !== undefined || filter.minSeverity !== undefined
      const ofUser =
        (filter.userId ?? filter.userPrincipalName) ? tenantIds.length * 4 + (isNarrowed ? eventsOfUser * 8 : 0) : 0
      const bound = (first + 1) * 20 + searchesOf(request) * partitions * 4 + ofUser + 200
      expect(plan['Shared Hit Blocks'] + plan['Shared Read Blocks'], said).toBeLessThanOrEqual(bound)
    }
  })
})

/** With types or severities, those of a user are looked through: the busiest of all has so many. */
const eventsOfUser = 1200

test('every search finds what a walk through everything finds', async () => {
  for (const tenantIds of Object.values(scopes)) {
    // The newest month alone holds everything to be found.
    const recent = { since: daysAgo(20) }
    const all = await eventsOf({ tenantIds, filter: recent, first: 1000 })
    const { userPrincipalName, objectId: userId } = userOf(1, 1)
    const named = all.filter(({ subjects }) =>
      subjects.some(
        ({ attributes }) => 'userPrincipalName' in attributes && attributes.userPrincipalName === userPrincipalName,
      ),
    )
    const high = ({ severity }: StoredEvent) => severity === 'HIGH'
    const cases: [EventFilter, StoredEvent[]][] = [
      [{ minSeverity: 'HIGH' }, all.filter(high)],
      [
        { types: ['ROLE_ASSIGNED', 'MFA_CHANGED'] },
        all.filter(({ type }) => type === 'ROLE_ASSIGNED' || type === 'MFA_CHANGED'),
      ],
      [
        { types: ['USER_ACTIVITY', 'USER_ACTIVITY'], minSeverity: 'LOW' },
        all.filter(({ type, severity }) => type === 'USER_ACTIVITY' && severity === 'LOW'),
      ],
      [{ userPrincipalName }, named],
      [{ userId, userPrincipalName, minSeverity: 'HIGH' }, named.filter(high)],
      [{ until: daysAgo(10) }, all.filter(({ occurredAt }) => occurredAt < daysAgo(10))],
    ]
    for (const [filter, expected] of cases) {
      const found = await eventsOf({ tenantIds, filter: { ...recent, ...filter }, first: 70 })
      expect(
        found.map(({ id }) => id),
        JSON.stringify(filter),
      ).toEqual(expected.map(({ id }) => id))
    }
  }
})

describe('with many searches, each of them in every month', () => {
  const tenantIds = scopes['50 tenants'] ?? []

  test('what is older than a page needs is not touched', async () => {
    const after = newId(daysAgo(150))
    for (const request of [
      { tenantIds, first },
      { tenantIds, first, after },
      { tenantIds, first, filter: { types: ['PASSWORD_RESET' as const, 'USER_ACTIVITY' as const] } },
      {
        tenantIds,
        first,
        filter: { types: ['PASSWORD_RESET' as const, 'USER_ACTIVITY' as const], until: daysAgo(90) },
      },
    ]) {
      const plan = await planOf(request)
      const said = JSON.stringify({ ...request, tenantIds: null })
      expect(plan['Actual Rows'], said).toBe(first + 1)
      // The month of the newest event and the one before it, and those ahead, which are empty.
      const searched = request.after || request.filter?.until ? 2 : 6
      const bound = (first + 1) * 20 + searchesOf({ ...request, filter: request.filter ?? {} }) * searched * 4 + 200
      expect(plan['Shared Hit Blocks'] + plan['Shared Read Blocks'], said).toBeLessThanOrEqual(bound)
      const gate = nodesOf(plan).find((node) => node['One-Time Filter'] !== undefined)
      expect(gate, said).toBeDefined()
      const touched = nodesOf(gate ?? plan).filter((node) => node['Relation Name'] && node['Actual Loops'] > 0)
      expect(touched, said).toEqual([])
    }
  })

  test('pages go on from what is recent to what is older, without overlap or gap', async () => {
    const range = { since: daysAgo(120), until: daysAgo(10) }
    const all = await eventsOf({ tenantIds, filter: range, first: 1000 })
    expect(all.length).toBeGreaterThan(5000)
    const cases: [EventFilter, StoredEvent[]][] = [
      [{ minSeverity: 'HIGH' }, all.filter(({ severity }) => severity === 'HIGH')],
      [{ types: ['ACCOUNT_DISABLED', 'MICROSOFT_ALERT'] }, all.filter(({ type }) => /_DISABLED|_ALERT/.test(type))],
      [{ types: ['ROLE_ASSIGNED'] }, all.filter(({ type }) => type === 'ROLE_ASSIGNED')],
      [{}, all],
    ]
    for (const [filter, expected] of cases) {
      const found = await eventsOf({ tenantIds, filter: { ...range, ...filter }, first: 99 })
      expect(
        found.map(({ id }) => id),
        JSON.stringify(filter),
      ).toEqual(expected.map(({ id }) => id))
      expect(new Set(found.map(({ id }) => id)).size).toBe(found.length)
    }
  })
})

/** All pages. */
async function eventsOf(request: EventPageRequest): Promise<StoredEvent[]> {
  return database.db.withTenants(request.tenantIds, async (tx) => {
    const events: StoredEvent[] = []
    for (let more = true; more; ) {
      const page = await pageOfEvents(tx, { ...request, after: events.at(-1)?.id })
      events.push(...page.events)
      more = page.hasNextPage
    }
    return events
  })
}
