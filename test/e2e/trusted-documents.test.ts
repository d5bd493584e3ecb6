/** Documents asked for by their hash, and clients that may send no others. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { listApiKeys } from '../../src/db/api-keys.ts'
import { limitsDefault } from '../../src/server/limits.ts'
import { readTrustedDocuments } from '../../src/server/trusted-documents.ts'
import { type ApiScene, anApiScene, analyst, contoso, eventsQuery } from '../support/api-scene.ts'
import { type As, aGateway, type GraphqlAnswer, type TestGateway } from '../support/gateway.ts'

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
const viewer = 'query Viewer { viewer { operator { displayName } } }'
const two = 'query A { __typename } query B($id: ID!) { node(id: $id) { id } }'
const revoke = 'mutation Revoke { revokeApiKey(input: { apiKeyId: "x" }) { __typename } }'
const live = 'subscription Live { securityEventAdded { cursor } }'
const manifest = Object.fromEntries([viewer, two, revoke, live, eventsQuery].map((text) => [hashOf(text), text]))

let scene: ApiScene
let gateway: TestGateway
let [boundKey, freeKey]: string[] = []
const gateways: TestGateway[] = []
const folder = mkdtempSync(join(tmpdir(), 'tourniquet-documents-'))

async function trusting(onlyFor: readonly string[]): Promise<TestGateway> {
  const { documents, faults } = readTrustedDocuments(join(folder, 'web.json'), limitsDefault)
  expect(faults).toEqual([])
  const { microsoft } = scene.gateway
  const trusted = { documents, onlyFor: new Set(onlyFor) }
  const made = await aGateway({ microsoft, database: scene.database, trusted })
  gateways.push(made)
  return made
}

beforeAll(async () => {
  scene = await anApiScene()
  writeFileSync(join(folder, 'web.json'), JSON.stringify(manifest))
  boundKey = await scene.gateway.anApiKey([{ tenantId: contoso.id, roles: ['Events.Read'] }])
  const [key] = await scene.gateway.db.plain((tx) => listApiKeys(tx))
  freeKey = await scene.gateway.anApiKey([{ tenantId: contoso.id, roles: ['Events.Read'] }])
  gateway = await trusting([key?.id ?? ''])
})
afterAll(async () => {
  for (const one of gateways) await one.close()
  await scene?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function post(body: object, as: As = analyst, to = gateway): Promise<GraphqlAnswer> {
  const answer = await to.fetch('/graphql', {
    method: 'POST',
    headers: {
      authorization: to.authorizationOf(as) ?? '',
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
    },
    body: JSON.stringify(body),
  })
  const { data, errors = [] } = (await answer.json()) as GraphqlAnswer
  return { status: answer.status, headers: answer.headers, data, errors }
}

async function get(parameters: Record<string, string>, as: As = analyst) {
  const answer = await gateway.fetch(`/graphql?${new URLSearchParams(parameters)}`, {
    headers: { authorization: gateway.authorizationOf(as) ?? '', accept: 'application/graphql-response+json' },
  })
  return { status: answer.status, body: await answer.json() }
}

const persistedQuery = (sha256Hash: string) => ({ persistedQuery: { version: 1, sha256Hash } })
const codesOf = ({ errors }: GraphqlAnswer) => errors.map(({ extensions }) => extensions['code'])

describe('a trusted document is asked for', () => {
  const hash = hashOf(viewer)
  test.each<[string, object]>([
    ['by the identifier of GraphQL over HTTP', { documentId: `sha256:${hash}` }],
    ['by its bare hash', { documentId: hash }],
    ['in capitals', { documentId: hash.toUpperCase() }],
    ['as a persisted query', { extensions: persistedQuery(hash) }],
    ['with an empty text', { query: '', documentId: hash }],
  ])('%s', async (_, body) => {
    expect(await post(body)).toMatchObject({ status: 200, data: { viewer: { operator: { displayName: 'Ada' } } } })
  })

  test('with variables and the name of its operation', async () => {
    const answer = await post({ documentId: hashOf(two), operationName: 'B', variables: { id: scene.event.id } })
    expect(answer).toMatchObject({ status: 200, data: { node: { id: scene.event.id } } })
    expect(codesOf(await post({ documentId: hashOf(two) }))).toEqual(['OPERATION_RESOLUTION_FAILURE'])
    expect(codesOf(await post({ documentId: hashOf(two), operationName: 'B', variables: { id: 1.5 } }))).toEqual([
      'BAD_USER_INPUT',
    ])
  })

  test('in an address, unless it changes something', async () => {
    const data = { viewer: { operator: { displayName: 'Ada' } } }
    expect(await get({ documentId: `sha256:${hash}` })).toEqual({ status: 200, body: { data } })
    expect(await get({ extensions: JSON.stringify(persistedQuery(hash)) })).toEqual({ status: 200, body: { data } })
    expect((await get({ documentId: hashOf(revoke) })).status).toBe(405)
  })

  test('as a subscription', async () => {
    const ending = new AbortController()
    const answer = await gateway.fetch('/graphql', {
      method: 'POST',
      headers: {
        authorization: gateway.authorizationOf(analyst) ?? '',
        'content-type': 'application/json',
        accept: 'text/event-stream',
      },
      body: JSON.stringify({ documentId: hashOf(live) }),
      signal: ending.signal,
    })
    expect({ status: answer.status, type: answer.headers.get('content-type') }).toEqual({
      status: 200,
      type: 'text/event-stream; charset=utf-8',
    })
    ending.abort()
  })
})

describe('what names no trusted document', () => {
  test.each<[string, object, string]>([
    ['an unknown hash', { documentId: hashOf('{ evil }') }, 'PERSISTED_QUERY_NOT_FOUND'],
    ['no hash', { documentId: 'viewer' }, 'PERSISTED_QUERY_NOT_FOUND'],
    ['a member of every object', { documentId: 'constructor' }, 'PERSISTED_QUERY_NOT_FOUND'],
    ['an unknown persisted query', { extensions: persistedQuery(hashOf('{ evil }')) }, 'PERSISTED_QUERY_NOT_FOUND'],
    ['a persisted query without a hash', { extensions: { persistedQuery: { version: 1 } } }, 'BAD_USER_INPUT'],
    ['a number', { documentId: 1 }, 'BAD_USER_INPUT'],
    ['nothing', {}, 'BAD_USER_INPUT'],
    ['an empty text', { query: '' }, 'BAD_USER_INPUT'],
  ])('%s', async (_, body, code) => {
    for (const to of [gateway, scene.gateway]) {
      const answer = await post(body, analyst, to)
      expect({ status: answer.status, codes: codesOf(answer) }).toEqual({ status: 400, codes: [code] })
    }
  })
})

describe('who may send trusted documents only', () => {
  const text = { query: '{ __typename }' }
  test.each<[string, object]>([
    ['a text', text],
    ['a trusted text', { query: viewer }],
    ['a text beside a hash', { ...text, documentId: hashOf(viewer) }],
    ['a text beside a persisted query', { ...text, extensions: persistedQuery(hashOf(viewer)) }],
    ['white space', { query: ' ', documentId: hashOf(viewer) }],
  ])('is refused %s', async (_, body) => {
    const answer = await post(body, boundKey)
    expect({ status: answer.status, codes: codesOf(answer), data: answer.data }).toEqual({
      status: 400,
      codes: ['PERSISTED_QUERY_ID_REQUIRED'],
      data: undefined,
    })
    expect((await get({ query: '{ __typename }' }, boundKey)).status).toBe(400)
  })

  test('is answered what is trusted', async () => {
    expect(await post({ documentId: hashOf(eventsQuery) }, boundKey)).toMatchObject({ status: 200, errors: [] })
  })

  test('is one key, and nobody else', async () => {
    for (const as of [freeKey ?? null, analyst]) expect(await post(text, as)).toMatchObject({ status: 200, errors: [] })
  })

  test.each<[string, person: number, key: number]>([
    ['API_KEY', 200, 400],
    ['PERSON', 400, 200],
    ['APPLICATION', 200, 200],
  ])('or everybody of a kind: %s', async (kind, person, key) => {
    const bound = await trusting([kind])
    expect([(await post(text, analyst, bound)).status, (await post(text, freeKey, bound)).status]).toEqual([
      person,
      key,
    ])
  })
})

describe('a manifest', () => {
  const path = join(folder, 'faulty')
  beforeEach(() => {
    rmSync(path, { recursive: true, force: true })
    mkdirSync(path)
  })
  const read = (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
    return readTrustedDocuments(path, limitsDefault)
  }
  const of = (...texts: string[]) => JSON.stringify(Object.fromEntries(texts.map((text) => [hashOf(text), text])))

  test('may be several in a folder, and its ids may say their algorithm', () => {
    const { documents, faults } = read({
      'web.json': of(viewer),
      'phone.json': JSON.stringify({ [`sha256:${hashOf(two)}`]: two }),
      'notes.txt': 'no manifest',
    })
    expect({ faults, ids: [...documents.keys()].toSorted() }).toEqual({
      faults: [],
      ids: [hashOf(viewer), hashOf(two)].toSorted(),
    })
  })

  test('of the examples is good', () => {
    const { documents, faults } = readTrustedDocuments('examples/generated/trusted-documents.json', limitsDefault)
    expect({ faults, size: documents.size }).toEqual({ faults: [], size: 6 })
  })

  test('is told all its faults at once', () => {
    const { faults } = read({
      'a.json': of('{ viewr { id } nobody }', '{ viewer', `{ ${'viewer { __typename } '.repeat(21)} }`),
      'b.json': of(`mutation { ${revoke.slice(18, -2)} again: ${revoke.slice(18, -2)} }`),
      'c.json': JSON.stringify({ [hashOf('{ __typename }')]: viewer, '5d41402abc4b2a76b9719d911017c592': viewer }),
      'd.json': '["{ __typename }"]',
      'e.json': 'no JSON',
    })
    const found = (file: string) => faults.filter((fault) => fault.includes(join(path, file))).join('\n')
    expect(found('a.json')).toMatch(/Cannot query field "viewr"/)
    expect(found('a.json')).toMatch(/Cannot query field "nobody"/)
    expect(found('a.json')).toMatch(/Syntax Error/)
    expect(found('a.json')).toMatch(/more than 20 fields to begin with/)
    expect(found('b.json')).toMatch(/has 2 mutations/)
    expect(found('c.json').match(/is not the SHA-256 of its text/g)).toHaveLength(2)
    expect(found('d.json')).toMatch(/is no manifest/)
    expect(found('e.json')).toMatch(/is no manifest/)
    expect(faults.every((fault) => fault.startsWith('TRUSTED_DOCUMENTS_PATH: '))).toBe(true)
  })

  test('that is missing is a fault, and so is an empty folder', () => {
    expect(readTrustedDocuments(join(path, 'none.json'), limitsDefault).faults).toEqual([
      expect.stringContaining('none.json'),
    ])
    expect(read({}).faults).toEqual([expect.stringContaining('holds no .json')])
  })
})
