import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anApplication, aTenant, aWorld, person, userOf, withApp } from '../../simulator/builders.ts'
import type { Tenant } from '../../simulator/world.ts'
import { roles } from '../../src/context.ts'
import { aGateway, type TestGateway } from '../support/gateway.ts'
import { aMicrosoft } from '../support/microsoft.ts'
import { aDatabase, type TestDatabase } from '../support/postgres.ts'
import { everyPermission } from '../support/remediations.ts'

const application = anApplication({
  displayName: 'Tourniquet',
  appRoles: [...roles, 'Made.Up'],
  permissions: everyPermission,
})
const contoso = aTenant({
  name: 'Contoso',
  people: [
    person('Ada'),
    person('Rea'),
    person('Bruno'),
    person('Gloria', { roles: ['Global Administrator'] }),
    person('Imre'),
  ],
})
const fabrikam = aTenant({ name: 'Fabrikam', people: [person('Selma'), person('Fritz')] })
const litware = aTenant({ name: 'Litware', people: [person('Petra')] })
withApp(contoso, application, {
  people: {
    Ada: ['Events.Read', 'Remediations.User', 'Audit.Read', 'Administer', 'Made.Up'],
    Rea: ['Events.Read'],
    Imre: ['Events.Ingest'],
  },
})
withApp(fabrikam, application)
withApp(litware, application)

const as = (tenant: Tenant, name: string) => ({ tenantId: tenant.id, userId: userOf(tenant, name).id })
const analyst = as(contoso, 'Ada')
const reader = as(contoso, 'Rea')
const stranger = as(fabrikam, 'Selma')
const partner = as(litware, 'Petra')
const ingester = as(contoso, 'Imre')

const mailboxLogin = (tenant: Tenant, name: string, index: number) => ({
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

let database: TestDatabase
let gateway: TestGateway
let event: { id: string; subjects: { id: string; userPrincipalName?: string }[] }

const eventsQuery = readFileSync(join(import.meta.dirname, '../../examples/1-events.graphql'), 'utf8')
const blockUser = `mutation ($input: BlockUserInput!) { blockUser(input: $input) { __typename
  ... on RemediationRun { id status steps { kind state } } ... on Refusal { code message } ... on InvalidInputError { issues { path message } } } }`

beforeAll(async () => {
  database = await aDatabase()
  gateway = await aGateway({
    microsoft: await aMicrosoft(aWorld({ tenants: [contoso, fabrikam, litware], applications: [application] })),
    database,
  })
  await gateway.connectTenant(contoso)
  await gateway.connectTenant(fabrikam)
  await gateway.importRecords([1, 2, 3].map((index) => mailboxLogin(contoso, 'Rea', index)))
  const { data, errors } = await gateway.graphql(eventsQuery, {}, { as: analyst })
  expect(errors).toEqual([])
  event = data.securityEvents.edges[0].node
})
afterAll(async () => {
  await gateway?.close()
  await gateway?.microsoft.close()
  await database?.drop()
})

const bruno = () => {
  const subject = event.subjects.find(({ userPrincipalName }) => userPrincipalName === 'bruno@contoso.com')
  if (!subject) throw new Error(`The event does not name Bruno: ${JSON.stringify(event)}`)
  return subject
}
const input = (over: object = {}) => ({
  input: {
    eventId: event.id,
    subjectId: bruno().id,
    actions: ['DISABLE_USER', 'REVOKE_SESSIONS'],
    idempotencyKey: crypto.randomUUID(),
    ...over,
  },
})

describe('who calls', () => {
  test.each([
    ['no token', null],
    ['a token that is none', 'Bearer nonsense'],
    ['an API key that nobody made', `Bearer tq_${'x'.repeat(43)}`],
    ['another scheme', 'Basic YTpi'],
  ])('with %s gets 401 and a GraphQL error, for both media types', async (_, authorization) => {
    for (const accept of ['application/json', 'application/graphql-response+json']) {
      const answer = await gateway.graphql(
        '{ viewer { operator { id } } }',
        {},
        { as: authorization, headers: { accept } },
      )
      expect(answer.status).toBe(401)
      expect(answer.headers.get('content-type')).toContain(accept)
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      expect(answer.data).toBeUndefined()
      expect(answer.errors[0]?.extensions['code']).toBe('UNAUTHENTICATED')
    }
  })

  test('an expired token is refused', async () => {
    const { status } = await gateway.graphql('{ __typename }', {}, { as: { ...analyst, expiresInSeconds: -3600 } })
    expect(status).toBe(401)
  })

  test("app roles count in the token's own tenant, unknown ones are ignored", async () => {
    const { data, errors } = await gateway.graphql(
      '{ viewer { operator { kind displayName } grants { tenant { name } roles } support { email } privilegedSessions { expiresAt } } }',
      {},
      { as: analyst },
    )
    expect(errors).toEqual([])
    expect(data.viewer).toEqual({
      operator: { kind: 'PERSON', displayName: 'Ada' },
      grants: [
        { tenant: { name: 'Contoso' }, roles: ['EVENTS_READ', 'REMEDIATIONS_USER', 'AUDIT_READ', 'ADMINISTER'] },
      ],
      support: { email: 'support@example.com' },
      privilegedSessions: [],
    })
  })

  test("a partner's technician sees what the partner was granted, and so does an API key", async () => {
    const grants = [contoso, fabrikam].map(({ id }) => ({ tenantId: id, roles: ['Events.Read'] as const }))
    await gateway.grantPartner({ name: 'Litware', entraTenantId: litware.id, members: [partner.userId] }, grants)
    const key = await gateway.anApiKey(grants)
    for (const caller of [partner, key]) {
      const { data } = await gateway.graphql(
        '{ tenants { edges { node { name } } } viewer { grants { roles } } }',
        {},
        { as: caller },
      )
      expect(data.tenants.edges.map((edge: { node: { name: string } }) => edge.node.name)).toEqual([
        'Contoso',
        'Fabrikam',
      ])
      expect(data.viewer.grants).toHaveLength(2)
    }
  })

  test('nothing of a credential reaches the log', async () => {
    const key = await gateway.anApiKey([])
    await gateway.graphql('{ viewer { operator { id } } }', {}, { as: key })
    await gateway.graphql('{ viewer { operator { id } } }', {}, { as: 'Bearer tq_canary-key' })
    const token = gateway.authorizationOf(analyst)?.split('.')[2] ?? ''
    for (const secret of [key.slice(7), 'canary-key', token]) expect(gateway.log()).not.toContain(secret)
  })
})

describe('what is not yours does not exist', () => {
  const byId = 'query ($id: ID!) { securityEvent(id: $id) { title } node(id: $id) { id } nodes(ids: [$id]) { id } }'
  const nothing = { securityEvent: null, node: null, nodes: [null] }

  test("a stranger gets the same answer for another tenant's event and for one that was never there", async () => {
    const madeUp = Buffer.from(`SecurityEvent:${contoso.id}/0195a1b2-0000-7000-8000-000000000000`).toString('base64url')
    for (const id of [event.id, madeUp, 'does-not-exist', `${event.id.slice(0, -1)}A`]) {
      const { data, errors } = await gateway.graphql(byId, { id }, { as: stranger })
      expect(errors).toEqual([])
      expect(data).toEqual(nothing)
      const refused = await gateway.graphql(blockUser, input({ eventId: id }), { as: stranger })
      expect(refused.data.blockUser).toEqual({
        __typename: 'NotFoundError',
        code: 'NOT_FOUND',
        message: 'There is no such event, or you have no access to it.',
      })
    }
  })

  test('a list leaves other tenants out, named or not', async () => {
    const contosoId = Buffer.from(`Tenant:${contoso.id}`).toString('base64url')
    const query =
      'query ($ids: [ID!]) { securityEvents(tenantIds: $ids) { edges { node { id } } } auditEntries(tenantId: "x") { edges { cursor } } }'
    for (const ids of [[contosoId], null, ['nonsense']]) {
      const { data } = await gateway.graphql(query, { ids }, { as: stranger })
      expect(data).toEqual({ securityEvents: { edges: [] }, auditEntries: null })
    }
    expect(
      (await gateway.graphql('query ($id: ID!) { tenant(id: $id) { name } }', { id: contosoId }, { as: stranger })).data
        .tenant,
    ).toBeNull()
  })

  test('a reader sees the event and gets NotAllowedError, and nothing is sent to Microsoft', async () => {
    const seen = gateway.microsoft.journal().length
    const { data } = await gateway.graphql(blockUser, input(), { as: reader })
    expect(data.blockUser).toMatchObject({ __typename: 'NotAllowedError', code: 'NOT_ALLOWED' })
    expect(gateway.microsoft.journal(seen).filter(({ mutates }) => mutates)).toEqual([])
  })

  test('a field that the roles may not read is FORBIDDEN, and only that field', async () => {
    const tenantId = Buffer.from(`Tenant:${contoso.id}`).toString('base64url')
    const query = 'query ($id: ID!) { tenant(id: $id) { name } auditEntries(tenantId: $id) { edges { cursor } } }'
    const { data, errors } = await gateway.graphql(query, { id: tenantId }, { as: reader })
    expect(data).toEqual({ tenant: { name: 'Contoso' }, auditEntries: null })
    expect(errors).toMatchObject([{ path: ['auditEntries'], extensions: { code: 'FORBIDDEN' } }])
  })
})

describe('inputs', () => {
  test('every fault of a mutation is named with its path', async () => {
    const { data } = await gateway.graphql(blockUser, input({ actions: [], idempotencyKey: '', subjectId: event.id }), {
      as: analyst,
    })
    expect(data.blockUser.__typename).toBe('InvalidInputError')
    expect(data.blockUser.issues.map(({ path }: { path: string[] }) => path.join('.')).toSorted()).toEqual([
      'input.actions',
      'input.idempotencyKey',
      'input.subjectId',
    ])
    const twice = await gateway.graphql(
      blockUser,
      input({ actions: ['DISABLE_USER', 'DISABLE_USER'], idempotencyKey: 'k'.repeat(129) }),
      { as: analyst },
    )
    expect(twice.data.blockUser.issues).toHaveLength(2)
  })

  test.each([
    ['first: 0', ['first']],
    ['first: 101', ['first']],
    ['after: "nonsense"', ['after']],
    ['filter: { userId: "nonsense" }', ['filter', 'userId']],
    ['filter: { since: "2026-01-02T00:00:00Z", until: "2026-01-01T00:00:00Z" }', ['filter', 'until']],
  ])('a query with %s is BAD_USER_INPUT', async (args, path) => {
    const { errors } = await gateway.graphql(`{ securityEvents(${args}) { edges { cursor } } }`, {}, { as: analyst })
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', issues: [{ path }] } }])
  })

  test('variables of a wrong type are BAD_USER_INPUT', async () => {
    const { errors } = await gateway.graphql(
      'query ($first: Int) { securityEvents(first: $first) { edges { cursor } } }',
      { first: 'many' },
      { as: analyst },
    )
    expect(errors[0]?.extensions['code']).toBe('BAD_USER_INPUT')
    const wrong = await gateway.graphql(
      'query ($f: SecurityEventFilter) { securityEvents(filter: $f) { edges { cursor } } }',
      { f: { since: 'yesterday' } },
      { as: analyst },
    )
    expect(wrong.errors[0]?.extensions['code']).toBe('BAD_USER_INPUT')
  })
})

describe('pages', () => {
  test('are walked without gap or repetition, newest first', async () => {
    const query =
      'query ($after: String) { securityEvents(first: 1, after: $after) { edges { node { id occurredAt } } pageInfo { hasNextPage hasPreviousPage endCursor } } }'
    const seen: string[] = []
    let after: string | null = null
    do {
      const { data } = await gateway.graphql(query, { after }, { as: analyst })
      seen.push(...data.securityEvents.edges.map((edge: { node: { occurredAt: string } }) => edge.node.occurredAt))
      after = data.securityEvents.pageInfo.hasNextPage ? data.securityEvents.pageInfo.endCursor : null
    } while (after)
    expect(seen).toHaveLength(3)
    expect(seen).toEqual(seen.toSorted().reverse())
  })

  test('of events cost at most three SQL statements, who calls included', async () => {
    const before = database.db.statements()
    const { errors } = await gateway.graphql(eventsQuery, { first: 50 }, { as: analyst })
    expect(errors).toEqual([])
    expect(database.db.statements() - before).toBeLessThanOrEqual(3)
  })
})

describe('node', () => {
  test('finds tenant, event, every subject, run and audit entry by their ids', async () => {
    const done = await gateway.graphql(blockUser, input(), { as: analyst })
    expect(done.data.blockUser).toMatchObject({ __typename: 'RemediationRun', status: 'SUCCEEDED' })
    const trail = await gateway.graphql(
      'query ($id: ID!) { auditEntries(tenantId: $id) { edges { node { id name runId subjectId eventId } } } }',
      { id: Buffer.from(`Tenant:${contoso.id}`).toString('base64url') },
      { as: analyst },
    )
    const entry = trail.data.auditEntries.edges[0].node
    const ids = [
      event.id,
      ...event.subjects.map(({ id }) => id),
      done.data.blockUser.id,
      entry.id,
      Buffer.from(`Tenant:${contoso.id}`).toString('base64url'),
    ]
    const { data, errors } = await gateway.graphql(
      'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }',
      { ids },
      { as: analyst },
    )
    expect(errors).toEqual([])
    expect(data.nodes.map(({ id }: { id: string }) => id)).toEqual(ids)
    expect(new Set(data.nodes.map((node: { __typename: string }) => node.__typename))).toEqual(
      new Set(['SecurityEvent', 'UserSubject', 'RemediationRun', 'AuditEntry', 'Tenant']),
    )
    expect(entry.runId).toBe(done.data.blockUser.id)
  })

  test('a run leads back to its event and names who asked', async () => {
    const { data } = await gateway.graphql(
      'query ($id: ID!) { securityEvent(id: $id) { url runs { edges { node { requestedBy { displayName } event { id } steps { subject { ... on UserSubject { displayName } } startedAt } } } } } }',
      { id: event.id },
      { as: analyst },
    )
    expect(data.securityEvent.url).toBe(`https://tourniquet.example.com/events/${event.id}`)
    const [{ node: run }] = data.securityEvent.runs.edges
    expect(run).toMatchObject({ requestedBy: { displayName: 'Ada' }, event: { id: event.id } })
    expect(run.steps[0].startedAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
  })
})

describe('API keys', () => {
  const create = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename
    ... on CreatedApiKey { key apiKey { id name lastFour grants { tenant { name } roles } } }
    ... on Refusal { code message } ... on InvalidInputError { issues { path } } } }`
  const revoke =
    'mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { __typename ... on RevokedApiKey { apiKey { revokedAt } } } }'
  const keyInput = (tenant: Tenant) => ({
    input: {
      name: 'Ticket system',
      grants: [{ tenantId: Buffer.from(`Tenant:${tenant.id}`).toString('base64url'), roles: ['EVENTS_READ'] }],
    },
  })

  test('work from when they are made until they are revoked, and only their hash is kept', async () => {
    const made = await gateway.graphql(create, keyInput(contoso), { as: analyst })
    expect(made.errors).toEqual([])
    const { key, apiKey } = made.data.createApiKey
    expect(apiKey).toMatchObject({
      name: 'Ticket system',
      lastFour: key.slice(-4),
      grants: [{ tenant: { name: 'Contoso' }, roles: ['EVENTS_READ'] }],
    })
    const viewer = () => gateway.graphql('{ viewer { operator { kind } } }', {}, { as: `Bearer ${key}` })
    expect((await viewer()).data.viewer.operator.kind).toBe('API_KEY')
    const revoked = await gateway.graphql(revoke, { input: { apiKeyId: apiKey.id } }, { as: analyst })
    expect(revoked.data.revokeApiKey.apiKey.revokedAt).not.toBeNull()
    expect((await viewer()).status).toBe(401)
    const trail = await gateway.graphql(
      'query ($id: ID!) { auditEntries(tenantId: $id, filter: { names: ["api_key.created", "api_key.revoked"] }) { edges { node { name details } } } }',
      { id: Buffer.from(`Tenant:${contoso.id}`).toString('base64url') },
      { as: analyst },
    )
    expect(trail.data.auditEntries.edges.map((edge: { node: { name: string } }) => edge.node.name)).toEqual([
      'api_key.revoked',
      'api_key.created',
    ])
    expect(JSON.stringify(trail.data) + gateway.log()).not.toContain(key)
  })

  test('are made by administrators of every tenant that they reach', async () => {
    expect((await gateway.graphql(create, keyInput(contoso), { as: reader })).data.createApiKey.code).toBe(
      'NOT_ALLOWED',
    )
    expect((await gateway.graphql(create, keyInput(fabrikam), { as: analyst })).data.createApiKey.code).toBe(
      'NOT_FOUND',
    )
    const faulty = { input: { name: ' ', expiresAt: '2020-01-01T00:00:00Z', grants: [] } }
    expect((await gateway.graphql(create, faulty, { as: analyst })).data.createApiKey.issues).toHaveLength(3)
  })
})

test('importAuditRecords answers for each record and needs Events.Ingest on its tenant', async () => {
  const mutation = `mutation ($input: ImportAuditRecordsInput!) { importAuditRecords(input: $input) { __typename
    ... on ImportedAuditRecords { counts results { index outcome eventId problem } } ... on InvalidInputError { issues { path message } } } }`
  const records = [
    mailboxLogin(contoso, 'Rea', 7),
    mailboxLogin(contoso, 'Rea', 1),
    { ...mailboxLogin(contoso, 'Rea', 8), OrganizationId: fabrikam.id },
    'nonsense',
  ]
  const { data, errors } = await gateway.graphql(mutation, { input: { records } }, { as: ingester })
  expect(errors).toEqual([])
  expect(data.importAuditRecords.results.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
    'EVENT',
    'DUPLICATE',
    'NOT_FOUND',
    'UNREADABLE',
  ])
  expect(data.importAuditRecords.counts).toEqual({ EVENT: 1, DUPLICATE: 1, NOT_FOUND: 1, UNREADABLE: 1 })
  const found = await gateway.graphql(
    'query ($id: ID!) { securityEvent(id: $id) { source } }',
    { id: data.importAuditRecords.results[0].eventId },
    { as: analyst },
  )
  expect(found.data.securityEvent).toEqual({ source: 'IMPORT' })
  const none = await gateway.graphql(mutation, { input: { records: [] } }, { as: ingester })
  expect(none.data.importAuditRecords.issues).toMatchObject([{ path: ['input', 'records'] }])
})

describe('the operations in examples/', () => {
  const folder = join(import.meta.dirname, '../../examples')
  test.each(readdirSync(folder).filter((name) => name.endsWith('.graphql')))('%s runs', async (name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    const all: Record<string, unknown> = {
      first: 20,
      tenantId: Buffer.from(`Tenant:${contoso.id}`).toString('base64url'),
      eventId: event.id,
      subjectId: bruno().id,
      idempotencyKey: crypto.randomUUID(),
    }
    const used = Object.entries(all).filter(([variable]) => text.includes(`$${variable}:`))
    const { data, errors } = await gateway.graphql(text, Object.fromEntries(used), { as: analyst })
    expect(errors).toEqual([])
    expect(Object.values(data)).not.toContain(null)
    expect(JSON.stringify(data)).not.toMatch(/InvalidInputError|NotFoundError|NotAllowedError/)
  })
})
