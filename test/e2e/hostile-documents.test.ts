/** Documents made to cost more than they are worth: refused before any resolver runs, and what callers really ask is not. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type GraphQLFieldResolver, getIntrospectionQuery } from 'graphql'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { schema } from '../../src/schema/index.ts'
import { type ApiScene, anApiScene, analyst, contoso, idOfTenant } from '../support/api-scene.ts'

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

const many = (count: number, part: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => part(i)).join(' ')
const nested = (levels: number, open: string, inner: string, close: string) =>
  open.repeat(levels) + inner + close.repeat(levels)
const listOf = (count: number, value: unknown) => Array.from({ length: count }, () => value)

type Hostile = [title: string, query: string, variables?: Record<string, unknown>]

const tooComplex: Hostile[] = [
  ['31 aliases of one field', `{ ${many(31, (i) => `a${i}: viewer { __typename }`)} }`],
  ['31 aliases in a fragment', `{ ...A } fragment A on Query { ${many(31, (i) => `a${i}: viewer { __typename }`)} }`],
  ['31 aliases on several levels', `{ ${many(16, (i) => `a${i}: viewer { b${i}: operator { id } }`)} }`],
  ['31 mutations', `mutation { ${many(31, (i) => `a${i}: revokeApiKey(input: { apiKeyId: "x" }) { __typename }`)} }`],
  ['3,000 times __typename', `{ ${many(3_000, () => '__typename')} }`],
  [
    '14 levels',
    `{ node(id: "x") { ... on RemediationRun { ${nested(3, 'event { runs { edges { node { ', 'id', ' } } } }')} } } }`,
  ],
  [
    'levels in fragments',
    `{ node(id: "x") { ...F0 } } ${many(15, (i) => `fragment F${i} on RemediationRun { event { runs { edges { node { ${i < 14 ? `...F${i + 1}` : 'id'} } } } } }`)}`,
  ],
  ['51 directives on one field', `{ __typename ${many(51, () => '@include(if: true)')} }`],
  ['51 directives on many', `{ ${many(51, () => '__typename @skip(if: false)')} }`],
  ['51 directives that nobody knows', `{ __typename ${many(51, (i) => `@evil${i}`)} }`],
  ['700 operations', many(700, (i) => `query Q${i} { __typename }`)],
  ['600 variables', `query (${many(600, (i) => `$v${i}: [String!]!`)}) { __typename }`],
  ['800 fragments', `{ __typename } ${many(800, (i) => `fragment F${i} on Query { __typename }`)}`],
  ['an input of 101 levels', `{ securityEvents(filter: ${nested(101, '{ a: ', '1', ' }')}) { edges { cursor } } }`],
  ['a list of 3,000 ids', `{ nodes(ids: [${many(3_000, () => '"x"')}]) { id } }`],
  ['60,000 ids in a variable', 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: listOf(60_000, 'x') }],
  [
    'a page of pages',
    `{ securityEvents(first: 100) { edges { node { runs(first: 100) { edges { node { steps { kind state } } } } } } } }`,
  ],
  [
    'a page of pages by variables',
    'query ($n: Int) { securityEvents(first: $n) { edges { node { runs(first: $n) { edges { node { steps { kind state } } } } } } } }',
    { n: 100 },
  ],
  [
    'thirty pages beside each other',
    `{ ${many(30, (i) => `a${i}: securityEvents(first: 100) { edges { node { subjects { __typename } availableRemediations { kind } greyedOutReasons { code } } } }`)} }`,
  ],
]

const invalid: Hostile[] = [
  ['a fragment of itself', '{ ...A } fragment A on Query { ...A }'],
  ['three fragments of each other', `{ ...A } ${many(3, (i) => `fragment ${'ABC'[i]} on Query { ...${'BCA'[i]} }`)}`],
  [
    'a fragment of itself, within',
    '{ ...A } fragment A on Query { viewer { ... { __typename } } ... on Query { ...A } }',
  ],
  ['400 fragments that nobody uses', `{ __typename } ${many(400, (i) => `fragment F${i} on Query { x }`)}`],
  ['@defer', '{ ... @defer { viewer { operator { id } } } }'],
  ['@stream', '{ securityEvents { edges @stream(initialCount: 1) { cursor } } }'],
  ['@include fifty times', `{ __typename ${many(50, () => '@include(if: true)')} }`],
  ['introspection in circles', `{ __schema { types { ${nested(4, 'fields { type { ', 'name', ' } }')} } } }`],
  [
    'introspection in circles of fragments',
    `{ __schema { types { ...T } } } fragment T on __Type { fields { type { ...T } } }`,
  ],
  ['introspection of possible types', `{ __schema { types { ${nested(5, 'possibleTypes { ', 'name', ' }')} } } }`],
  ['500 unknown fields', `{ ${many(500, (i) => `evil${i}`)} }`],
  ['400 unknown types', `{ ${many(400, (i) => `... on Evil${i} { x }`)} }`],
  ['400 arguments', `{ node(${many(400, (i) => `evil${i}: 1`)}) { id } }`],
  ['one argument 400 times', `{ node(${many(400, () => 'id: "x"')}) { id } }`],
  ['400 unused variables', `query (${many(400, (i) => `$v${i}: Int`)}) { __typename }`],
  ['a number of 300 digits', `{ securityEvents(first: ${'9'.repeat(300)}) { edges { cursor } } }`],
  ['two subscriptions in one', 'subscription { securityEventAdded { cursor } b: securityEventAdded { cursor } }'],
  [
    'a dozen by a fragment',
    `subscription { ...S } fragment S on Subscription { ${many(12, (i) => `s${i}: securityEventAdded { cursor }`)} }`,
  ],
  ['a subscription of introspection', 'subscription { __typename }'],
  ['types', 'type Query { evil: Int } { __typename }'],
]

const noDocument: Hostile[] = [
  ['a name in escapes', '{ \\u0076iewer { __typename } }'],
  ['a code point that is none', '{ node(id: "\\u{110000}") { id } }'],
  ['half a surrogate pair in escapes', '{ node(id: "\\ud83d") { id } }'],
  ['a name beside the alphabet', '{ vi\u0435wer { __typename } }'],
  ['a variable in its own default', 'query ($a: [ID!] = [$a]) { nodes(ids: $a) { id } }'],
  ['an extension of the schema', 'extend schema @link(url: "https://evil.example.com") { __typename }'],
]

const noOperation: Hostile[] = [
  [
    'a query and a mutation without a name',
    '{ __typename } mutation { revokeApiKey(input: { apiKeyId: "x" }) { __typename } }',
  ],
  ['500 operations, none of them named', many(500, (i) => `query Q${i} { __typename }`)],
]

const badInput: Hostile[] = [
  ['an id that is an object', 'query ($id: ID!) { node(id: $id) { id } }', { id: { toString: 'evil' } }],
  ['a list in a list in a list', 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: [[[['x']]]] }],
  [
    'a filter of 1,000 levels',
    'query ($f: SecurityEventFilter) { securityEvents(filter: $f) { edges { cursor } } }',
    { f: JSON.parse(nested(1_000, '{"types":', '1', '}')) },
  ],
  [
    'a filter of 10,000 members',
    'query ($f: SecurityEventFilter) { securityEvents(filter: $f) { edges { cursor } } }',
    { f: Object.fromEntries(listOf(10_000, 0).map((_, i) => [`evil${i}`, 1])) },
  ],
]

describe.each([
  ['QUERY_TOO_COMPLEX', tooComplex],
  ['GRAPHQL_VALIDATION_FAILED', invalid],
  ['GRAPHQL_PARSE_FAILED', noDocument],
  ['OPERATION_RESOLUTION_FAILURE', noOperation],
  ['BAD_USER_INPUT', badInput],
] as const)('%s, and nothing is resolved', (code, documents) => {
  test.each(documents)('%s', async (_, query, variables = {}) => {
    const { status, data, errors } = await ask(query, variables)
    expect(new Set(errors.map(({ extensions }) => extensions['code']))).toEqual(new Set([code]))
    expect({ status, data }).toEqual({ status: 400 })
    expect(errors.length).toBeLessThanOrEqual(101)
    expect(resolved).toEqual([])
    expect(scene.gateway.log()).not.toContain('"level":50')
  })
})

test('a subscription that is refused says so in an event stream, too', async () => {
  for (const [, query] of invalid.filter(([, query]) => query.startsWith('subscription'))) {
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
    ['comments', `{ node(id: "x") { id } } ${'# x\n'.repeat(50_000)}`],
    ['white space', `{ node(id: "x") { ${' '.repeat(200_000)} id } }`],
    [
      'variables that nobody declares',
      '{ node(id: "x") { id } }',
      Object.fromEntries(listOf(10_000, 0).map((_, i) => [`v${i}`, i])),
    ],
    ['one field 150 times', `{ node(id: "x") { ${many(150, () => 'id')} } }`],
    ['one field with arguments 150 times', `{ ${many(150, () => 'node(id: "x") { id }')} }`],
    [
      '500 times the same type',
      'query ($t: [SecurityEventType!]) { securityEvents(filter: { types: $t }) { edges { cursor } } }',
      { t: listOf(5_000, 'USER_ACTIVITY') },
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
