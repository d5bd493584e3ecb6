/** What a hostile or careless caller sends: nothing of it is answered with a fault of ours, and nothing leaks. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { userOf } from '../../simulator/builders.ts'
import { roles } from '../../src/context.ts'
import { scopedId } from '../../src/resolvers/global-ids.ts'
import {
  type ApiScene,
  anApiScene,
  analyst,
  aRecord,
  blockUser,
  contoso,
  fabrikam,
  idOfTenant,
  ingester,
} from '../support/api-scene.ts'

let scene: ApiScene

beforeAll(async () => {
  scene = await anApiScene()
})
afterAll(() => scene?.close())
/** Whatever was sent, the log tells of no fault of ours. */
afterEach(() => expect(scene.gateway.log()).not.toContain('"level":50'))

const ask = (query: string, variables: Record<string, unknown> = {}, as: Parameters<typeof asCaller>[0] = analyst) =>
  scene.gateway.graphql(query, variables, { as: asCaller(as) })
const asCaller = (as: string | typeof analyst) => as
const send = (init: RequestInit, path = '/graphql') =>
  scene.gateway.fetch(path, {
    method: 'POST',
    ...init,
    headers: {
      authorization: scene.gateway.authorizationOf(analyst) ?? '',
      'content-type': 'application/json',
      ...(init.headers as Record<string, string>),
    },
  })

const events = 'query ($filter: SecurityEventFilter) { securityEvents(filter: $filter) { edges { cursor } } }'
const audit =
  'query ($id: ID!, $filter: AuditEntryFilter) { auditEntries(tenantId: $id, filter: $filter) { edges { cursor } } }'
const createKey = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename } }'
const importRecords = `mutation ($records: [JSON]!) { importAuditRecords(input: { records: $records }) { __typename
  ... on ImportedAuditRecords { results { outcome problem } } } }`

describe("another tenant's ids", () => {
  const madeUp = '0195a1b2-0000-7000-8000-000000000000'

  test('are answered as ids that were never given out, in every argument', async () => {
    const grants = [{ tenantId: fabrikam.id, roles }]
    const other = await scene.gateway.anApiKey(grants)
    const { data } = await ask(blockUser, scene.input({ actions: ['REVOKE_SESSIONS'] }))
    const foreign = { event: scene.event.id, subject: scene.bruno, run: data.blockUser.id, tenant: idOfTenant(contoso) }
    const unknown = {
      event: scopedId('SecurityEvent', contoso.id, madeUp),
      subject: scopedId('Subject', contoso.id, madeUp),
      run: scopedId('RemediationRun', contoso.id, madeUp),
      tenant: madeUp,
    }
    const answers = async ({ event, subject, run, tenant }: typeof foreign) => {
      const entry = scopedId('AuditEntry', contoso.id, '1')
      const all = [
        ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: [event, subject, run, tenant, entry] }, other),
        ask('query ($id: ID!) { tenant(id: $id) { id } }', { id: tenant }, other),
        ask('query ($id: ID!) { securityEvent(id: $id) { id } }', { id: event }, other),
        ask('query ($ids: [ID!]) { securityEvents(tenantIds: $ids) { edges { cursor } } }', { ids: [tenant] }, other),
        ask(audit, { id: tenant }, other),
        ask(audit, { id: fabrikam.id, filter: { eventId: event, runId: run } }, other),
        ask(blockUser, scene.input({ eventId: event, subjectId: subject }), other),
        ask(
          'query ($input: PlanRemediationInput!) { planRemediation(input: $input) { __typename ... on Refusal { message } } }',
          { input: { eventId: event, subjectId: subject, actions: ['DISABLE_USER'] } },
          other,
        ),
        ask(createKey, { input: { name: 'x', grants: [{ tenantId: tenant, roles: ['Events.Read'] }] } }, other),
        ask(
          importRecords,
          { records: [aRecord({ ...contoso, id: tenant === madeUp ? madeUp : contoso.id }, 'Rea', 9)] },
          other,
        ),
      ]
      return (await Promise.all(all)).map(({ status, data, errors }) => ({ status, data, errors }))
    }
    const found = await answers(foreign)
    expect(found).toEqual(await answers(unknown))
    expect(found.flatMap(({ errors }) => errors)).toEqual([])
    expect(JSON.stringify(found)).not.toMatch(/Contoso|bruno/i)
  })

  test('do not open an object of one tenant under the name of another', async () => {
    const uuid = Buffer.from(scene.event.id, 'base64url').toString().split('/')[1] ?? ''
    const both = await scene.gateway.anApiKey([contoso, fabrikam].map(({ id }) => ({ tenantId: id, roles })))
    const id = scopedId('SecurityEvent', fabrikam.id, uuid)
    expect((await ask('query ($id: ID!) { node(id: $id) { id } }', { id }, both)).data).toEqual({ node: null })
    const { data } = await ask(blockUser, scene.input({ eventId: id }), both)
    expect(data.blockUser).toMatchObject({ code: 'NOT_FOUND' })
    const misplaced = scopedId(
      'Subject',
      fabrikam.id,
      Buffer.from(scene.bruno, 'base64url').toString().split('/')[1] ?? '',
    )
    expect((await ask(blockUser, scene.input({ subjectId: misplaced }), both)).data.blockUser).toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  test('ids that nobody gave out name nothing', async () => {
    const ids = [
      scopedId('SecurityEvent', contoso.id, '1'),
      scopedId('AuditEntry', contoso.id, contoso.id),
      scopedId('AuditEntry', contoso.id, '01'),
      scopedId('AuditEntry', contoso.id, '999999999999999'),
      `${scene.event.id}=`,
      Buffer.from('__proto__').toString('base64url'),
      'x'.repeat(100_000),
      '',
    ]
    const { data, errors } = await ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids })
    expect(errors).toEqual([])
    expect(data.nodes).toEqual(ids.map(() => null))
  })
})

describe('values', () => {
  const refused = async (query: string, variables: Record<string, unknown>) => {
    const { status, data, errors } = await ask(query, variables)
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['BAD_USER_INPUT'])
    return { status, data }
  }

  test.each([
    ['U+0000', 'a\0b'],
    ['half a surrogate pair', 'a\ud800'],
  ])('%s in a text is refused before anything runs', async (_, text) => {
    const grants = [{ tenantId: contoso.id, roles: ['Events.Read'] }]
    const calls: [string, Record<string, unknown>][] = [
      [events, { filter: { userPrincipalName: text } }],
      [events, { filter: { sourceRecordId: text } }],
      [audit, { id: contoso.id, filter: { names: ['fine', text] } }],
      [audit, { id: text }],
      [createKey, { input: { name: text, grants } }],
      [blockUser, scene.input({ idempotencyKey: text })],
      [blockUser, scene.input({ eventId: text })],
    ]
    for (const [query, variables] of calls) expect(await refused(query, variables)).toEqual({ status: 400 })
  })

  test('U+0000 in the document itself is refused, too', async () => {
    const query = '{ securityEvents(filter: { sourceRecordId: "a\\u0000b" }) { edges { cursor } } }'
    expect(await refused(query, {})).toEqual({ status: 400 })
  })

  test.each([
    '2026-02-30T00:00:00Z',
    '2026-01-01',
    '2026-01-01T24:01:00Z',
    '0001-01-01T00:00:00+14:00',
    '9999-12-31T23:59:59-14:00',
    '0000-06-01T00:00:00Z',
    'yesterday',
    '',
    1_767_225_600_000,
  ])('%j is no DateTime', async (since) => {
    expect((await refused(events, { filter: { since } })).status).toBe(400)
    expect((await refused(audit, { id: contoso.id, filter: { since } })).status).toBe(400)
  })

  test.each(['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z', '2026-02-28T23:59:59+05:30'])(
    '%j is one',
    async (until) => {
      expect((await ask(events, { filter: { until } })).errors).toEqual([])
      expect((await ask(audit, { id: contoso.id, filter: { until } })).errors).toEqual([])
    },
  )

  const cursor = (text: string) => Buffer.from(text).toString('base64url')
  test.each([
    { first: 0 },
    { first: 101 },
    { first: -1 },
    { first: 1.5 },
    { first: 2 ** 31 },
    { after: '' },
    { after: 'nonsense' },
    { after: cursor('audit:1') },
    { after: cursor("events:' or 1=1") },
    { after: 'x'.repeat(10_000) },
  ])('a page of %j is refused', async (page) => {
    const query =
      'query ($first: Int, $after: String) { securityEvents(first: $first, after: $after) { edges { cursor } } }'
    await refused(query, page)
  })

  test.each([
    { filter: JSON.parse('{ "__proto__": { "userId": "x" } }') },
    { filter: { constructor: 'x' } },
    { filter: { types: ['constructor'] } },
    { filter: { types: ['__proto__'] } },
    { filter: [] },
    { filter: 'x' },
    { filter: { userPrincipalName: { $ne: null } } },
  ])('a filter such as %j is refused', async (variables) => {
    expect((await refused(events, variables)).status).toBe(400)
  })

  test('audit records may be anything: each gets its own answer', async () => {
    const { data, errors } = await ask(
      importRecords,
      {
        records: [
          { ...aRecord(contoso, 'Rea', 20), Weird: 'a\0', ObjectId: 'a\0\ud800' },
          JSON.parse(`{ "__proto__": { "Id": 1 }, "OrganizationId": "${contoso.id}" }`),
          null,
          [],
          5,
          { ...aRecord(contoso, 'Rea', 21), CreationTime: '9999-99-99' },
          { ...aRecord(contoso, 'Rea', 22), Deep: JSON.parse('['.repeat(1_000) + ']'.repeat(1_000)) },
        ],
      },
      ingester,
    )
    expect(errors).toEqual([])
    expect(data.importAuditRecords.results.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'EVENT',
      ...Array(6).fill('UNREADABLE'),
    ])
  })
})

describe('documents', () => {
  test.each([
    [
      'brackets without end',
      `{ securityEvents(tenantIds: ${'['.repeat(1_400)}${']'.repeat(1_400)}) { edges { cursor } } }`,
    ],
    ['levels without end', `${'{a'.repeat(1_400)}${'}'.repeat(1_400)}`],
    ['brackets that nobody closes', '{'.repeat(2_900)],
  ])('%s are QUERY_TOO_COMPLEX', async (_, query) => {
    const { status, errors } = await ask(query)
    expect(status).toBe(400)
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['QUERY_TOO_COMPLEX'])
  })

  test.each([
    '',
    '#',
    '{',
    '{ viewer(x: "',
    '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
    '{ ...Missing }',
    'fragment A on Query { __typename }',
    'subscription { x }',
    '{ viewer { ... @defer { operator { id } } } }',
    '{ toString }',
    '{ __proto__ { x } }',
  ])('%j is refused without a fault', async (query) => {
    const { status, data, errors } = await ask(query)
    expect(status).toBe(400)
    expect(data).toBeUndefined()
    expect(errors.length).toBeGreaterThan(0)
  })

  test('the schema may be read by whoever has a token', async () => {
    expect((await ask('{ __schema { queryType { name } } }')).data).toEqual({
      __schema: { queryType: { name: 'Query' } },
    })
    expect((await scene.gateway.graphql('{ __schema { queryType { name } } }')).status).toBe(401)
  })
})

describe('requests', () => {
  const query = '{ __typename }'
  test.each([
    ['null', 'null'],
    ['a number', '5'],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
    ['a query that is no text', '{ "query": 5 }'],
    ['an operation name that is no text', JSON.stringify({ query, operationName: { a: 1 } })],
    ['variables that are a text', JSON.stringify({ query, variables: 'x' })],
    ['variables that are a list', JSON.stringify({ query, variables: [1] })],
    ['extensions that are a text', JSON.stringify({ query, extensions: 'x' })],
    ['members that nobody knows', JSON.stringify({ query, queryId: 'x' })],
  ])('a body of %s is BAD_USER_INPUT', async (_, body) => {
    const answer = await send({ body })
    expect(answer.status).toBe(400)
    expect((await answer.json()).errors[0].extensions.code).toBe('BAD_USER_INPUT')
  })

  test.each([
    ['variables that are no JSON', '?query={__typename}&variables=nope'],
    ['variables that are a list', '?query={__typename}&variables=[1]'],
    ['no query', ''],
  ])('an address with %s is BAD_USER_INPUT', async (_, search) => {
    const answer = await send({ method: 'GET' }, `/graphql${search}`)
    expect(answer.status).toBe(400)
    expect((await answer.json()).errors[0].extensions.code).toBe('BAD_USER_INPUT')
  })

  test.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s is 405 and no site of others is let in', async (method) => {
    const answer = await send({ method, headers: { origin: 'https://evil.example' } })
    expect(answer.status).toBe(405)
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  test('a mutation by GET is refused, also under the name of one among queries', async () => {
    const document = 'query Q { __typename } mutation M { revokeApiKey(input: { apiKeyId: "x" }) { __typename } }'
    const answer = await send({ method: 'GET' }, `/graphql?operationName=M&query=${encodeURIComponent(document)}`)
    expect(answer.status).toBe(405)
  })

  test('variables that nothing declares, nested without end, change nothing', async () => {
    const answer = await send({
      body: `{"query":"${query}","variables":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`,
    })
    expect(await answer.json()).toEqual({ data: { __typename: 'Query' } })
  })

  test('the link of a privileged sign-in says what it is, and shows nothing of itself', async () => {
    const answer = await send({ method: 'GET', headers: { authorization: '' } }, '/sign-in/canary%3Cb%3E')
    expect(answer.headers.get('content-type')).toContain('text/html')
    const html = await answer.text()
    expect(html).toContain('<h1>')
    expect(html).not.toContain('canary')
  })
})

test('an analyst of one tenant learns nothing of the people of another from a filter', async () => {
  const { id, userPrincipalName } = userOf(fabrikam, 'Fritz')
  for (const filter of [{ userId: id }, { userPrincipalName }, { sourceRecordId: aRecord(contoso, 'Rea', 1).Id }]) {
    const { data, errors } = await ask(events, { filter })
    expect(errors).toEqual([])
    expect(data.securityEvents.edges.length).toBe('sourceRecordId' in filter ? 1 : 0)
  }
})
