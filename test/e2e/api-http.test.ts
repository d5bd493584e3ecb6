import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anApplication, aTenant, aWorld, person, userOf, withApp } from '../../simulator/builders.ts'
import { roles } from '../../src/context.ts'
import { aGateway, type TestGateway } from '../support/gateway.ts'
import { aMicrosoft } from '../support/microsoft.ts'
import { aDatabase, type TestDatabase } from '../support/postgres.ts'

const application = anApplication({ displayName: 'Tourniquet', appRoles: roles })
const contoso = aTenant({ name: 'Contoso', people: [person('Ada')] })
withApp(contoso, application, { people: { Ada: ['Events.Read'] } })
const analyst = { tenantId: contoso.id, userId: userOf(contoso, 'Ada').id }

let database: TestDatabase
let gateway: TestGateway
let authorization: string

beforeAll(async () => {
  database = await aDatabase()
  const microsoft = await aMicrosoft(aWorld({ tenants: [contoso], applications: [application] }))
  const tabs = [
    { title: 'Who am I', query: '{ viewer { operator { displayName } } }', variables: { note: '</script>' } },
  ]
  gateway = await aGateway({ microsoft, database, graphiql: { tabs, authorization: async () => authorization } })
  authorization = gateway.authorizationOf(analyst) ?? ''
  await gateway.connectTenant(contoso)
})
afterAll(async () => {
  await gateway?.close()
  await gateway?.microsoft.close()
  await database?.drop()
})

const post = (body: string, headers: Record<string, string> = {}) =>
  gateway.fetch('/graphql', {
    method: 'POST',
    body,
    headers: { authorization, 'content-type': 'application/json', ...headers },
  })
const codeOf = async (answer: Response) => (await answer.json()).errors[0].extensions.code
const typename = JSON.stringify({ query: '{ __typename }' })

describe('health', () => {
  test('says live, and ready when database, migrations and keys are usable', async () => {
    expect((await gateway.fetch('/health/live')).status).toBe(200)
    const ready = await gateway.fetch('/health/ready')
    expect(ready.status).toBe(200)
    expect((await ready.json()).checks).toEqual(
      ['database', 'migrations', 'keys'].map((name) => ({ name, ok: true, problem: null })),
    )
  })

  test('metrics count requests and outcomes', async () => {
    await post(typename)
    const text = await (await gateway.fetch('/metrics')).text()
    expect(text).toMatch(/tourniquet_graphql_operations_total\{outcome="OK"\} [1-9]/)
    expect(text).toMatch(/tourniquet_http_request_duration_seconds_count\{route="graphql",status="200"\} [1-9]/)
  })

  test('anything else is 404 in JSON', async () => {
    const answer = await gateway.fetch('/nothing-here')
    expect(answer.status).toBe(404)
    expect(await answer.json()).toEqual({ error: expect.any(String) })
  })
})

describe('GraphQL over HTTP', () => {
  test('GET asks queries and never runs a mutation', async () => {
    const get = (query: string) =>
      gateway.fetch(`/graphql?query=${encodeURIComponent(query)}`, {
        headers: { authorization, accept: 'application/graphql-response+json' },
      })
    expect(await (await get('{ __typename }')).json()).toEqual({ data: { __typename: 'Query' } })
    expect((await get('mutation { revokeApiKey(input: { apiKeyId: "x" }) { __typename } }')).status).toBe(405)
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    '%s, which a form of another site can send, is refused',
    async (type) => {
      expect((await post(typename, { 'content-type': type })).status).toBe(415)
    },
  )

  test.each([
    ['no JSON', 'nonsense'],
    ['a batch', `[${typename},${typename}]`],
    ['an empty object', '{}'],
  ])('%s is BAD_USER_INPUT', async (_, body) => {
    const answer = await post(body)
    expect(answer.status).toBe(400)
    expect(await codeOf(answer)).toBe('BAD_USER_INPUT')
  })

  test('a body beyond the limit is refused, with and without its length said', async () => {
    const large = JSON.stringify({ query: '{ __typename }', variables: { text: 'x'.repeat(300_000) } })
    expect((await post(large)).status).toBe(413)
    const chunked = await gateway.fetch('/graphql', {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: new Blob([large]).stream(),
      duplex: 'half',
    } as RequestInit)
    expect(chunked.status).toBe(413)
  })

  test('every answer carries the request id and headers that keep browsers careful', async () => {
    const answer = await post(typename, { 'x-request-id': 'ticket-4711' })
    expect(answer.headers.get('x-request-id')).toBe('ticket-4711')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    const other = await post(typename, { 'x-request-id': 'a b<script>' })
    expect(other.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('of several operations in one document the named one runs', async () => {
    const query = 'query A { a: __typename } query B { b: __typename }'
    for (const [operationName, field] of [
      ['A', 'a'],
      ['B', 'b'],
      ['A', 'a'],
    ]) {
      expect(await (await post(JSON.stringify({ query, operationName }))).json()).toEqual({
        data: { [String(field)]: 'Query' },
      })
    }
  })
})

describe('documents that ask for too much', () => {
  const deep = (levels: number): string =>
    levels === 0 ? 'id' : `runs { edges { node { event { ${deep(levels - 1)} } } } }`
  test.each([
    ['too many tokens', `{ ${'__typename '.repeat(3100)} }`],
    ['too many levels', `{ securityEvent(id: "x") { ${deep(3)} } }`],
    [
      'too many aliases',
      `{ ${Array.from({ length: 31 }, (_, index) => `a${index}: viewer { __typename }`).join(' ')} }`,
    ],
    [
      'too many fields',
      '{ securityEvents(first: 100) { edges { node { runs(first: 100) { edges { node { steps { kind } } } } } } } }',
    ],
    [
      'fragments that double each other',
      `{ viewer { ...F0 } } ${Array.from({ length: 40 }, (_, index) => `fragment F${index} on Viewer { operator { id } ${index < 39 ? `...F${index + 1} ... on Viewer { ...F${index + 1} }` : ''} }`).join(' ')}`,
    ],
  ])('%s are QUERY_TOO_COMPLEX and run nothing', async (_, query) => {
    const { data, errors } = await gateway.graphql(query, {}, { as: analyst })
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['QUERY_TOO_COMPLEX'])
    expect(data).toBeUndefined()
  })

  test('a page of 100 events with all that is to be known of each is not', async () => {
    const query = `{ securityEvents(first: 100) { edges { node { id title subjects { ...S } raisedBy { ...S }
      availableRemediations { kind title warnings subject { ...S } requirements { __typename } }
      greyedOutReasons { kind code message subject { ...S } } remediationBanner { message } } } } }
      fragment S on Subject { ... on UserSubject { id displayName } ... on ApplicationSubject { id appId } ... on MailboxSubject { id mailbox } }`
    expect((await gateway.graphql(query, {}, { as: analyst })).errors).toEqual([])
  })
})

test('an unexpected error is masked, with an id that the log knows', async () => {
  const { db } = database
  const { reading } = db
  db.reading = () => Promise.reject(new Error('canary: password=hunter2'))
  try {
    const { status, errors } = await gateway.graphql('{ securityEvents { edges { cursor } } }', {}, { as: analyst })
    expect(status).toBe(200)
    const requestId = String(errors[0]?.extensions['requestId'])
    expect(errors[0]).toMatchObject({
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
      message: expect.stringContaining(requestId),
    })
    expect(JSON.stringify(errors)).not.toContain('canary')
    expect(gateway.log()).toContain(requestId)
  } finally {
    db.reading = reading
  }
})

describe('GraphiQL', () => {
  const page = () => gateway.fetch('/graphql', { headers: { accept: 'text/html' } })

  test('is served from here alone: nothing inline runs and nothing is fetched from elsewhere', async () => {
    const answer = await page()
    const html = await answer.text()
    expect(answer.headers.get('content-security-policy')).toContain("script-src 'self';")
    expect(html).not.toMatch(/https?:\/\//)
    expect(html).not.toContain('</script>"')
    for (const [, path] of html.matchAll(/(?:src|href)="(\/graphiql[^"]+)"/g)) {
      const file = await gateway.fetch(path ?? '', { headers: { 'accept-encoding': 'br' } })
      expect(file.status).toBe(200)
      expect(file.headers.get('cache-control')).toContain('immutable')
      expect((await file.text()).length).toBeGreaterThan(500)
    }
  })

  test('asks for a token that only its own page gets, and never carries one itself', async () => {
    const token = authorization.split('.')[2] ?? ''
    expect(await (await page()).text()).not.toContain(token)
    const site = (value: string) => gateway.fetch('/graphiql/authorization', { headers: { 'sec-fetch-site': value } })
    expect((await site('cross-site')).status).toBe(403)
    expect((await gateway.fetch('/graphiql/authorization')).status).toBe(403)
  })

  test("opens an event's link with a query for it", async () => {
    const answer = await gateway.fetch('/events/U2VjdXJpdHlFdmVudDp4', { redirect: 'manual' })
    expect(answer.status).toBe(303)
    expect(decodeURIComponent(answer.headers.get('location') ?? '')).toContain(
      'securityEvent(id: "U2VjdXJpdHlFdmVudDp4")',
    )
  })
})
