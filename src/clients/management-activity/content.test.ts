import { afterEach, expect, test } from 'vitest'
import type { Answering, Received, Reply } from '../../../test/support/answering-server.ts'
import { anUpstream, contoso, fabrikam, failureOf, type Upstream } from '../../../test/support/upstream.ts'

const open: Upstream[] = []
afterEach(async () => {
  for (const upstream of open.splice(0)) await upstream.close()
})

const publisherTenantId = '33333333-aaaa-4bbb-8ccc-000000000003'
const feed = `/api/v1.0/${contoso}/activity/feed`

async function aFeed(answer: Answering): Promise<Upstream> {
  const onFeed: Answering = (request) => (request.path.startsWith('/api/') ? answer(request) : undefined)
  const upstream = await anUpstream(onFeed, { session: { deadlineAt: Date.now() + 20_000 }, publisherTenantId })
  open.push(upstream)
  return upstream
}

const addressOf = ({ path }: Received): URL => new URL(path, 'https://feed.example.com')
const code = (status: number, name: string): Reply => ({ status, body: { error: { code: name, message: 'no' } } })
const window = {
  contentType: 'Audit.Exchange',
  from: new Date('2026-03-14T09:00:00Z'),
  until: new Date('2026-03-14T10:00:00Z'),
}
const anItem = (url: string, id: string, over: object = {}) => ({
  contentType: 'Audit.Exchange',
  contentId: id,
  contentUri: `${url}${feed}/audit/${id}`,
  contentCreated: '2026-03-14T09:30:00.000Z',
  contentExpiration: '2026-03-21T09:30:00.000Z',
  ...over,
})
const all = async (upstream: Upstream) => {
  const items = []
  for await (const page of upstream.managementActivity.content(window)) items.push(...page)
  return items
}

test('a type of content is subscribed to; that it is already is a success', async () => {
  const started = await aFeed(() => ({ body: { contentType: 'Audit.Exchange', status: 'enabled', webhook: null } }))
  expect(await started.managementActivity.start('Audit.Exchange')).toBe('STARTED')
  const [request] = started.server.received
  expect(request?.method).toBe('POST')
  expect(request?.path).toBe(
    `${feed}/subscriptions/start?contentType=Audit.Exchange&PublisherIdentifier=${publisherTenantId}`,
  )
  const enabled = await aFeed(() => code(400, 'AF20024'))
  expect(await enabled.managementActivity.start('Audit.Exchange')).toBe('ALREADY_ENABLED')
  const disabled = await aFeed(() => code(400, 'AF20023'))
  expect(await failureOf(disabled.managementActivity.start('Audit.Exchange'))).toMatchObject({
    upstreamCode: 'AF20023',
  })
})

test('all pages of a window are followed, every call counts for our own quota, times are UTC', async () => {
  const upstream = await aFeed((request) => {
    const { url } = upstream.server
    const page = Number(addressOf(request).searchParams.get('nextPage') ?? 1)
    // Microsoft names its next page in another version of the address.
    const more = `${url}/api/v1/${contoso}/activity/feed/subscriptions/content?contentType=Audit.Exchange&nextPage=${page + 1}`
    return {
      body: [anItem(url, `id-${page}`, { contentCreated: '2026-03-14T09:30:00' })],
      ...(page < 3 && { headers: { NextPageUri: more } }),
    }
  })
  expect(await all(upstream)).toEqual(
    [1, 2, 3].map((page) => ({
      contentId: `id-${page}`,
      contentUri: `${upstream.server.url}${feed}/audit/id-${page}`,
      createdAt: new Date('2026-03-14T09:30:00Z'),
      expiresAt: new Date('2026-03-21T09:30:00Z'),
    })),
  )
  const asked = upstream.server.received.map(addressOf)
  expect(asked[0]?.search).toBe(
    `?contentType=Audit.Exchange&startTime=2026-03-14T09%3A00%3A00&endTime=2026-03-14T10%3A00%3A00&PublisherIdentifier=${publisherTenantId}`,
  )
  for (const { searchParams } of asked) expect(searchParams.get('PublisherIdentifier')).toBe(publisherTenantId)
})

test('a blob gives its records as they are', async () => {
  const records = [{ Id: 'a', Size: 1 }, null, 'text', [1]]
  const upstream = await aFeed(() => ({ body: `\ufeff${JSON.stringify(records)}` }))
  const uri = `${upstream.server.url}${feed}/audit/id-1`
  expect(await upstream.managementActivity.blob(uri)).toEqual(records)
  expect(upstream.server.received[0]?.path).toBe(`${feed}/audit/id-1?PublisherIdentifier=${publisherTenantId}`)
})

test('a number beyond what a double holds is read as an import reads it, so that the record keeps its hash', async () => {
  const upstream = await aFeed(() => ({ body: '[{"Id":"a","Size":12345678901234567890}]' }))
  const uri = `${upstream.server.url}${feed}/audit/id-1`
  expect(await upstream.managementActivity.blob(uri)).toEqual(JSON.parse('[{"Id":"a","Size":12345678901234567890}]'))
})

test.each([
  ['another host', () => `https://attacker.example.com${feed}/audit/1`],
  ['another port', (url: string) => `${Object.assign(new URL(url), { port: '1' }).origin}${feed}/audit/1`],
  ["another tenant's feed", (url: string) => `${url}${feed.replace(contoso, fabrikam)}/audit/1`],
  ['a path that climbs out', (url: string) => `${url}${feed}/../../../../v1.0/users`],
  ['no address', () => 'audit/1'],
])('our token goes nowhere else: %s', async (_, addressFor) => {
  const upstream = await aFeed(() => ({
    body: [],
    headers: { NextPageUri: addressFor(upstream.server.url) },
  }))
  const refused = { kind: 'BAD_REQUEST', status: null, mayHaveActed: false }
  expect(await failureOf(upstream.managementActivity.blob(addressFor(upstream.server.url)))).toMatchObject(refused)
  expect(upstream.server.received).toHaveLength(0)
  expect(await failureOf(all(upstream))).toMatchObject(refused)
  expect(upstream.server.received).toHaveLength(1)
})

test('pages that go round in a circle end', async () => {
  const upstream = await aFeed((request) => ({
    body: [],
    headers: { NextPageUri: `${upstream.server.url}${request.path}` },
  }))
  expect(await failureOf(all(upstream))).toMatchObject({ kind: 'BAD_REQUEST', status: null })
  expect(upstream.server.received).toHaveLength(1)
})

test.each([
  ['expired content', code(400, 'AF20051'), 'NOT_FOUND'],
  ['content that is not known', code(404, 'AF20050'), 'NOT_FOUND'],
  ['an internal fault, whatever its status', code(400, 'AF50000'), 'UNAVAILABLE'],
  ['throttling by code', code(403, 'AF429'), 'THROTTLED'],
  ['no list', { body: { value: [] } }, 'CONNECTION'],
  ['no JSON', { body: '<html>' }, 'CONNECTION'],
] as const)('a blob that cannot be had is told by its code: %s', async (_, reply, kind) => {
  const headers = { 'retry-after': '0' }
  const upstream = await aFeed(() => ({ ...reply, headers }))
  const uri = `${upstream.server.url}${feed}/audit/1`
  expect(await failureOf(upstream.managementActivity.blob(uri))).toMatchObject({ kind, service: 'management' })
})

test('a list that names content without its address cannot be read', async () => {
  const upstream = await aFeed(() => ({ body: [{ contentId: 'a' }], headers: { 'retry-after': '0' } }))
  expect(await failureOf(all(upstream))).toMatchObject({ kind: 'CONNECTION', status: 200 })
})
