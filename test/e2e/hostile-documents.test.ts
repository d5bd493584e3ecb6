/** Documents made to cost more than they are worth: refused before any resolver runs, and what callers really ask is not. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type GraphQLFieldResolver, getIntrospectionQuery } from 'graphql'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { schema } from '../../src/schema/index.ts'
import { type ApiScene, anApiScene, analyst, contoso, idOfTenant } from '../support/api-scene.ts'
import { type Hostile, hostileDocuments, listOf, many } from '../support/hostile-documents.ts'

let scene: ApiScene
let resolved: string[] = []

/** Told of every root field that is resolved. Before the first document is compiled. */
function watchRoots(): void {
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      const watched =
        <T extends GraphQLFieldResolver<unknown, unknown>>(given: T): GraphQLFieldResolver<unknown, unknown> =>
        (...args) => {
          resolved.push(field.name)
          return given(...args)
        }
      if (field.subscribe) field.subscribe = watched(field.subscribe)
      else if (field.resolve) field.resolve = watched(field.resolve)
    }
  }
}

beforeAll(async () => {
  watchRoots()
  scene = await anApiScene()
})
afterAll(() => scene?.close())
beforeEach(() => {
  resolved = []
})

const ask = (query: string, variables: Record<string, unknown> = {}) =>
  scene.gateway.graphql(query, variables, { as: analyst })

describe.each(Object.entries(hostileDocuments))('%s, and nothing is resolved', (code, documents) => {
  test.each(documents)('%s', async (_, query, variables = {}) => {
    const { db, microsoft } = scene.gateway
    const [statements, calls] = [db.statements(), microsoft.journal().length]
    const { status, data, errors } = await ask(query, variables)
    // The one that finds the caller.
    expect(db.statements() - statements).toBe(1)
    expect(microsoft.journal().length).toBe(calls)
    expect(new Set(errors.map(({ extensions }) => extensions['code']))).toEqual(new Set([code]))
    expect({ status, data }).toEqual({ status: 400 })
    expect(errors.length).toBeLessThanOrEqual(11)
    expect(Math.max(...errors.map(({ message }) => message.length))).toBeLessThan(600)
    expect(resolved).toEqual([])
    expect(scene.gateway.log()).not.toContain('"level":50')
  })
})

test('a subscription that is refused says so in an event stream, too', async () => {
  for (const [, query] of hostileDocuments.GRAPHQL_VALIDATION_FAILED.filter(([, query]) =>
    query.startsWith('subscription'),
  )) {
    const answer = await scene.gateway.fetch('/graphql', {
      method: 'POST',
      headers: {
        authorization: scene.gateway.authorizationOf(analyst) ?? '',
        accept: 'text/event-stream',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ query }),
    })
    expect(await answer.text()).toContain('GRAPHQL_VALIDATION_FAILED')
  }
  expect(resolved).toEqual([])
})

describe('what is large, but harmless, is answered', () => {
  const long = 'x'.repeat(200_000)
  test.each<Hostile>([
    ['a long id', 'query ($id: ID!) { node(id: $id) { id } }', { id: long }],
    [
      'a long text',
      'query ($t: String) { securityEvents(filter: { sourceRecordId: $t }) { edges { cursor } } }',
      { t: long },
    ],
    ['comments', `{ node(id: "x") { id } } ${'# x\n'.repeat(2_900)}`],
    ['white space', `{ node(id: "x") { ${' '.repeat(90_000)} id } }`],
    ['brackets in a text', `{ node(id: "${'('.repeat(1_000)}") { id } }`],
    [
      'variables that nobody declares',
      '{ node(id: "x") { id } }',
      Object.fromEntries(listOf(10_000, 0).map((_, i) => [`v${i}`, i])),
    ],
    ['one field 90 times', `{ node(id: "x") { ${many(90, () => 'id')} } }`],
    ['one field with arguments 20 times', `{ ${many(20, () => 'node(id: "x") { id }')} }`],
    [
      '100 times the same type',
      'query ($t: [SecurityEventType!]) { securityEvents(filter: { types: $t }) { edges { cursor } } }',
      { t: listOf(100, 'USER_ACTIVITY') },
    ],
  ])('%s', async (_, query, variables) => {
    expect(await ask(query, variables)).toMatchObject({ status: 200, errors: [] })
    expect(resolved).toHaveLength(1)
  })
})

describe('what callers really ask passes', () => {
  const examples = join(import.meta.dirname, '../../examples')
  test.each(readdirSync(examples).filter((name) => name.endsWith('.graphql')))('%s', async (name) => {
    const query = readFileSync(join(examples, name), 'utf8')
    const { errors } = await ask(query, {})
    expect(errors.filter(({ extensions }) => extensions['code'] === 'QUERY_TOO_COMPLEX')).toEqual([])
  })

  test('the introspection of tools, all of it', async () => {
    const all = {
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    }
    const { data, errors } = await ask(getIntrospectionQuery(all))
    expect(errors).toEqual([])
    expect(data.__schema.types.length).toBeGreaterThan(100)
  })

  test('a Relay page with everything, and the node of each', async () => {
    const everything = `id type severity title occurredAt description techniques reasons source url tenant { id name status }
      subjects { __typename ...S } remediationBanner { message }
      availableRemediations { kind title effect limits impact recommended reversible howToUndo warnings permissions viewerCan requirements { __typename } subject { ...S } }
      greyedOutReasons { kind code message remedy subject { ...S } }
      runs(first: 5) { edges { cursor node { id status requestedAt requestedBy { id displayName } steps { kind state code message } } } pageInfo { hasNextPage endCursor } }`
    const subject = 'fragment S on Subject { ... on Node { id } ... on UserSubject { displayName userPrincipalName } }'
    const { data, errors } = await ask(
      `query ($tenants: [ID!]) { viewer { operator { id } grants { tenant { id } roles } support { email } }
        securityEvents(tenantIds: $tenants, first: 20) { edges { cursor node { ${everything} } } pageInfo { hasNextPage endCursor } } } ${subject}`,
      { tenants: [idOfTenant(contoso)] },
    )
    expect(errors).toEqual([])
    const ids = data.securityEvents.edges.map(({ node }: { node: { id: string } }) => node.id)
    expect(ids).toHaveLength(3)
    const again = await ask(
      `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on SecurityEvent { ${everything} } } } ${subject}`,
      { ids },
    )
    expect(again.errors).toEqual([])
    expect(again.data.nodes.map(({ id }: { id: string }) => id)).toEqual(ids)
  })
})
