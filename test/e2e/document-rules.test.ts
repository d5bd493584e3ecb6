/** Who may ask what the API looks like, how many mutations a document may hold, and what errors tell. */
import { GraphQLError, getIntrospectionQuery } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listApiKeys } from '../../src/db/api-keys.ts'
import { schema } from '../../src/schema/index.ts'
import type { Introspection } from '../../src/server/introspection.ts'
import { type ApiScene, anApiScene, analyst, aRecord, contoso, idOfTenant, ingester } from '../support/api-scene.ts'
import { type As, aGateway, type TestGateway } from '../support/gateway.ts'

let scene: ApiScene
let apiKey: string
const opened: TestGateway[] = []

beforeAll(async () => {
  scene = await anApiScene()
  apiKey = await scene.gateway.anApiKey([{ tenantId: contoso.id, roles: ['Events.Read', 'Administer'] }])
})
afterAll(async () => {
  for (const gateway of opened) await gateway.close()
  await scene?.close()
})

async function another(options: Partial<Parameters<typeof aGateway>[0]>): Promise<TestGateway> {
  const { microsoft } = scene.gateway
  const gateway = await aGateway({ microsoft, database: scene.database, ...options })
  opened.push(gateway)
  return gateway
}

const misspelt = '{ viewr { operator { id } } }'
const misspeltVariable = 'query ($f: SecurityEventFilter) { securityEvents(filter: $f) { edges { cursor } } }'
const messagesOf = async (gateway: TestGateway, as: As, query: string, variables = {}) => {
  const { errors } = await gateway.graphql(query, variables, { as })
  return errors.map(({ message }) => message).join(' ')
}

describe('introspection', () => {
  const cases: [Introspection, who: 'person' | 'API key', shown: boolean][] = [
    ['on', 'person', true],
    ['on', 'API key', true],
    ['people', 'person', true],
    ['people', 'API key', false],
    ['off', 'person', false],
    ['off', 'API key', false],
  ]
  test.each(cases)('%s, for a %s: %s, and so are hints at names', async (introspection, who, shown) => {
    const gateway = await another({ introspection })
    // The other one first: nothing that was found out for one is told to the other.
    for (const as of who === 'person' ? [apiKey, analyst] : [analyst, apiKey]) {
      const [query, hint, enumHint] = [
        await gateway.graphql(getIntrospectionQuery(), {}, { as }),
        await messagesOf(gateway, as, misspelt),
        await messagesOf(gateway, as, misspeltVariable, { f: { types: ['USER_ACTIVITI'] } }),
      ]
      if ((as === apiKey) !== (who === 'API key')) continue
      expect(query.data?.__schema === undefined).toBe(!shown)
      if (!shown)
        expect(query).toMatchObject({
          status: 400,
          errors: [
            { message: expect.stringContaining('schema.graphql'), extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
          ],
        })
      expect(hint.includes('Did you mean "viewer"')).toBe(shown)
      expect(enumHint.includes('Did you mean')).toBe(shown)
      expect(hint).toContain('Cannot query field "viewr"')
    }
  })

  test('is for people if nothing else is said, and __typename is for everybody', async () => {
    const { gateway } = scene
    const query = '{ __type(name: "Query") { name } }'
    expect(await gateway.graphql(query, {}, { as: analyst })).toMatchObject({ status: 200, errors: [] })
    expect(await gateway.graphql(query, {}, { as: apiKey })).toMatchObject({ status: 400 })
    expect((await gateway.graphql('{ __typename }', {}, { as: apiKey })).data).toEqual({ __typename: 'Query' })
  })
})

describe('mutations of one document', () => {
  const make = (alias: string) =>
    `${alias}: createApiKey(input: { name: "${alias}", grants: [{ tenantId: $t, roles: ["Events.Read"] }] }) { __typename ... on Refusal { message } ... on CreatedApiKey { key } }`
  const two = `mutation ($t: ID!) { ${make('one')} ${make('two')} }`
  const keys = async () => (await scene.gateway.db.plain((tx) => listApiKeys(tx))).length
  const t = () => ({ t: idOfTenant(contoso) })

  test('two are refused before either is done', async () => {
    const before = await keys()
    const { status, data, errors } = await scene.gateway.graphql(two, t(), { as: analyst })
    expect({ status, data, message: errors[0]?.message }).toEqual({
      status: 400,
      data: undefined,
      message:
        'The operation has 2 mutations, at most 1 is allowed: send each in a request of its own. Nothing was done.',
    })
    expect(await keys()).toBe(before)
  })

  test('one passes: alone, beside others that are not executed, with __typename, or asked for twice', async () => {
    const { gateway } = scene
    const before = await keys()
    for (const query of [
      `mutation ($t: ID!) { __typename ${make('alone')} }`,
      `mutation ($t: ID!) { ${make('same')} ... on Mutation { ${make('same')} } }`,
    ]) {
      expect(await gateway.graphql(query, t(), { as: analyst })).toMatchObject({ status: 200, errors: [] })
    }
    expect(await keys()).toBe(before + 2)
    const named = `mutation A($t: ID!) { ${make('named')} } mutation B($t: ID!) { ${make('one')} ${make('two')} }`
    const answer = await gateway.fetch('/graphql', {
      method: 'POST',
      headers: { authorization: gateway.authorizationOf(analyst) ?? '', 'content-type': 'application/json' },
      body: JSON.stringify({ query: named, variables: t(), operationName: 'A' }),
    })
    expect(await answer.json()).toMatchObject({ data: { named: { __typename: 'CreatedApiKey' } } })
    expect(await keys()).toBe(before + 3)
  })

  test('two pass where two are allowed, and three do not', async () => {
    const gateway = await another({ limits: { mutationsMax: 2 } })
    const before = await keys()
    expect(await gateway.graphql(two, t(), { as: analyst })).toMatchObject({ status: 200, errors: [] })
    const three = `mutation ($t: ID!) { ${make('one')} ${make('two')} ${make('three')} }`
    expect(await messagesOf(gateway, analyst, three, t())).toContain('at most 2 are allowed')
    expect(await keys()).toBe(before + 2)
  })
})

describe('what an error tells that nobody expected', () => {
  const inside = 'postgres://app:hunter2@10.0.0.7/tourniquet relation "operator" src/db/operators.ts'
  const thrown: [title: string, value: unknown][] = [
    ['an error', new Error(inside)],
    ['an error with extensions', Object.assign(new Error(inside), { extensions: { code: 'BAD_USER_INPUT', inside } })],
    ['several at once', new AggregateError([new Error(inside)], inside)],
    ['an error with a cause', new Error('outer', { cause: new Error(inside) })],
    ['a GraphQL error around one', new GraphQLError(inside, { originalError: new Error(inside) })],
    ['a GraphQL error without a code', new GraphQLError(inside)],
    ['a text', inside],
    ['an object', { message: inside, stack: inside }],
  ]
  const { tenant } = schema.getQueryType()?.getFields() ?? {}
  const given = tenant?.resolve
  afterAll(() => {
    if (tenant && given) tenant.resolve = given
  })

  // Each as a plain query, which is compiled, and as one of two operations, which is not.
  describe.each(thrown)('%s', (title, value) => {
    test.each(['', 'query Other { __typename }'])('%s', async (others) => {
      if (tenant)
        tenant.resolve = () => {
          throw value
        }
      const query = `query Asked { viewer { operator { displayName } } tenant(id: "x") { name } } ${others} # ${title}`
      const answer = await scene.gateway.fetch('/graphql', {
        method: 'POST',
        headers: { authorization: scene.gateway.authorizationOf(analyst) ?? '', 'content-type': 'application/json' },
        body: JSON.stringify({ query, operationName: 'Asked' }),
      })
      const text = await answer.text()
      const requestId = answer.headers.get('x-request-id')
      expect(text).not.toMatch(/hunter2|operators\.ts|outer/)
      expect(JSON.parse(text)).toMatchObject({
        data: { viewer: { operator: { displayName: 'Ada' } }, tenant: null },
        errors: [{ path: ['tenant'], extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } }],
      })
      expect(scene.gateway.log()).toContain(`"requestId":"${requestId}"`)
    })
  })

  test('a value that does not fit its type is one, too', async () => {
    if (tenant) tenant.resolve = () => ({ id: inside, name: { inside } })
    const { data, errors } = await scene.gateway.graphql(
      '{ tenant(id: "x") { name } } # of a type',
      {},
      { as: analyst },
    )
    expect(JSON.stringify(errors)).not.toMatch(/hunter2|operators\.ts/)
    expect({ data, code: errors[0]?.extensions['code'] }).toEqual({
      data: { tenant: null },
      code: 'INTERNAL_SERVER_ERROR',
    })
  })
})

test('a variable that is far too long is quoted in part', async () => {
  const long = 'x'.repeat(100_000)
  const query = 'query ($first: Int) { securityEvents(first: $first) { edges { cursor } } }'
  const { status, errors } = await scene.gateway.graphql(query, { first: long }, { as: analyst })
  expect({ status, code: errors[0]?.extensions['code'] }).toEqual({ status: 400, code: 'BAD_USER_INPUT' })
  expect(errors[0]?.message.length).toBeLessThan(600)
})

test('a record that is nested deeper than any reader goes is one unreadable record', async () => {
  const { gateway } = scene
  const query =
    'mutation ($input: ImportAuditRecordsInput!) { importAuditRecords(input: $input) { __typename ... on ImportedAuditRecords { results { outcome } } } }'
  const deep = `{"Id":"x","OrganizationId":"${contoso.id}","deep":${'['.repeat(50_000)}${']'.repeat(50_000)}}`
  const good = JSON.stringify(aRecord(contoso, 'Rea', 99))
  const answer = await gateway.fetch('/graphql', {
    method: 'POST',
    headers: { authorization: gateway.authorizationOf(ingester) ?? '', 'content-type': 'application/json' },
    body: `{"query":${JSON.stringify(query)},"variables":{"input":{"records":[${deep},${good}]}}}`,
  })
  expect(await answer.json()).toMatchObject({
    data: { importAuditRecords: { results: [{ outcome: 'UNREADABLE' }, { outcome: 'EVENT' }] } },
  })
})
