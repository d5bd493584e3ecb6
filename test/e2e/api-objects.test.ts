import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Tenant } from '../../simulator/world.ts'
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
  reader,
} from '../support/api-scene.ts'
import { anEventStream, edgesOf } from '../support/event-stream.ts'

let scene: ApiScene

beforeAll(async () => {
  scene = await anApiScene()
})
afterAll(() => scene?.close())

describe('node', () => {
  test('finds tenant, event, every subject, run and audit entry by their ids', async () => {
    const done = await scene.gateway.graphql(blockUser, scene.input(), { as: analyst })
    expect(done.data.blockUser).toMatchObject({ __typename: 'RemediationRun', status: 'SUCCEEDED' })
    const trail = await scene.gateway.graphql(
      'query ($id: ID!) { auditEntries(tenantId: $id) { edges { node { id name runId subjectId eventId } } } }',
      { id: idOfTenant(contoso) },
      { as: analyst },
    )
    const entry = trail.data.auditEntries.edges[0].node
    const ids = [
      scene.event.id,
      ...scene.event.subjects.map(({ id }) => id),
      done.data.blockUser.id,
      entry.id,
      idOfTenant(contoso),
    ]
    const { data, errors } = await scene.gateway.graphql(
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
    const { data } = await scene.gateway.graphql(
      'query ($id: ID!) { securityEvent(id: $id) { url runs { edges { node { requestedBy { displayName } event { id } steps { subject { ... on UserSubject { displayName } } startedAt } } } } } }',
      { id: scene.event.id },
      { as: analyst },
    )
    expect(data.securityEvent.url).toBe(`https://tourniquet.example.com/events/${scene.event.id}`)
    const [{ node: run }] = data.securityEvent.runs.edges
    expect(run).toMatchObject({ requestedBy: { displayName: 'Ada' }, event: { id: scene.event.id } })
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
      grants: [{ tenantId: idOfTenant(tenant), roles: ['Events.Read'] }],
    },
  })

  test('work from when they are made until they are revoked, and only their hash is kept', async () => {
    const made = await scene.gateway.graphql(create, keyInput(contoso), { as: analyst })
    expect(made.errors).toEqual([])
    const { key, apiKey } = made.data.createApiKey
    expect(apiKey).toMatchObject({
      name: 'Ticket system',
      lastFour: key.slice(-4),
      grants: [{ tenant: { name: 'Contoso' }, roles: ['Events.Read'] }],
    })
    const viewer = () => scene.gateway.graphql('{ viewer { operator { kind } } }', {}, { as: `Bearer ${key}` })
    expect((await viewer()).data.viewer.operator.kind).toBe('API_KEY')
    const revoked = await scene.gateway.graphql(revoke, { input: { apiKeyId: apiKey.id } }, { as: analyst })
    expect(revoked.data.revokeApiKey.apiKey.revokedAt).not.toBeNull()
    expect((await viewer()).status).toBe(401)
    const trail = await scene.gateway.graphql(
      'query ($id: ID!) { auditEntries(tenantId: $id, filter: { names: ["api_key.created", "api_key.revoked"] }) { edges { node { name details } } } }',
      { id: idOfTenant(contoso) },
      { as: analyst },
    )
    expect(trail.data.auditEntries.edges.map((edge: { node: { name: string } }) => edge.node.name)).toEqual([
      'api_key.revoked',
      'api_key.created',
    ])
    expect(JSON.stringify(trail.data) + scene.gateway.log()).not.toContain(key)
  })

  test('are made by administrators of every tenant that they reach', async () => {
    expect((await scene.gateway.graphql(create, keyInput(contoso), { as: reader })).data.createApiKey.code).toBe(
      'NOT_ALLOWED',
    )
    expect((await scene.gateway.graphql(create, keyInput(fabrikam), { as: analyst })).data.createApiKey.code).toBe(
      'NOT_FOUND',
    )
    const faulty = { input: { name: ' ', expiresAt: '2020-01-01T00:00:00Z', grants: [] } }
    expect((await scene.gateway.graphql(create, faulty, { as: analyst })).data.createApiKey.issues).toHaveLength(3)
  })
})

test('importAuditRecords answers for each record and needs Events.Ingest on its tenant', async () => {
  const mutation = `mutation ($input: ImportAuditRecordsInput!) { importAuditRecords(input: $input) { __typename
    ... on ImportedAuditRecords { counts results { index outcome eventId problem } } ... on InvalidInputError { issues { path message } } } }`
  const records = [
    aRecord(contoso, 'Rea', 7),
    aRecord(contoso, 'Rea', 1),
    { ...aRecord(contoso, 'Rea', 8), OrganizationId: fabrikam.id },
    'nonsense',
  ]
  const { data, errors } = await scene.gateway.graphql(mutation, { input: { records } }, { as: ingester })
  expect(errors).toEqual([])
  expect(data.importAuditRecords.results.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
    'EVENT',
    'DUPLICATE',
    'NOT_FOUND',
    'UNREADABLE',
  ])
  expect(data.importAuditRecords.counts).toEqual({ EVENT: 1, DUPLICATE: 1, NOT_FOUND: 1, UNREADABLE: 1 })
  const found = await scene.gateway.graphql(
    'query ($id: ID!) { securityEvent(id: $id) { source } }',
    { id: data.importAuditRecords.results[0].eventId },
    { as: analyst },
  )
  expect(found.data.securityEvent).toEqual({ source: 'IMPORT' })
  const none = await scene.gateway.graphql(mutation, { input: { records: [] } }, { as: ingester })
  expect(none.data.importAuditRecords.issues).toMatchObject([{ path: ['input', 'records'] }])
})

describe('the operations in examples/', () => {
  const folder = join(import.meta.dirname, '../../examples')
  const subscription = '6-live.graphql'
  test.each(readdirSync(folder).filter((name) => name.endsWith('.graphql') && name !== subscription))(
    '%s runs',
    async (name) => {
      const text = readFileSync(join(folder, name), 'utf8')
      const all: Record<string, unknown> = {
        first: 20,
        tenantId: idOfTenant(contoso),
        eventId: scene.event.id,
        subjectId: scene.bruno,
        idempotencyKey: crypto.randomUUID(),
      }
      const used = Object.entries(all).filter(([variable]) => text.includes(`$${variable}:`))
      const { data, errors } = await scene.gateway.graphql(text, Object.fromEntries(used), { as: analyst })
      expect(errors).toEqual([])
      expect(Object.values(data)).not.toContain(null)
      expect(JSON.stringify(data)).not.toMatch(/InvalidInputError|NotFoundError|NotAllowedError/)
    },
  )

  test(`${subscription} tells of what comes in`, async () => {
    const query = readFileSync(join(folder, subscription), 'utf8')
    const stream = await anEventStream(scene.gateway, {}, { as: analyst, query })
    await scene.gateway.importRecords([aRecord(contoso, 'Rea', 40)])
    await edgesOf(stream, 1)
    stream.cut()
    expect(stream.codes).toEqual([])
  })
})
