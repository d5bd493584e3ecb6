import { afterEach, expect, test } from 'vitest'
import type { Answering, Reply } from '../../../test/support/answering-server.ts'
import { anUpstream, contoso, failureOf, type Upstream } from '../../../test/support/upstream.ts'
import { cloudNames, clouds } from '../clouds.ts'
import type { UpstreamError } from '../errors.ts'

const open: Upstream[] = []
afterEach(async () => {
  for (const upstream of open.splice(0)) await upstream.close()
})

async function aFeed(answer: Answering): Promise<Upstream> {
  const onFeed: Answering = (request) => (request.path.startsWith('/api/') ? answer(request) : undefined)
  const upstream = await anUpstream(onFeed, { session: { deadlineAt: Date.now() + 5_000 } })
  open.push(upstream)
  return upstream
}

const exchange = { contentType: 'Audit.Exchange', status: 'enabled', webhook: null }

test('subscriptions are asked for in the tenant, with a token for the API', async () => {
  const { managementActivity, server } = await aFeed(() => ({ body: [exchange] }))
  expect(await managementActivity.subscriptions()).toEqual([{ contentType: 'Audit.Exchange', status: 'enabled' }])
  const [request] = server.received
  expect(request).toMatchObject({
    method: 'GET',
    path: `/api/v1.0/${contoso}/activity/feed/subscriptions/list`,
    headers: { authorization: 'Bearer token-1' },
  })
  expect(String(server.tokenRequests[0]?.body)).toContain(encodeURIComponent('https://manage.office.com/.default'))
})

test('a session asks once, and again only when it has to be fresh', async () => {
  const { managementActivity, server } = await aFeed(() => ({ body: [] }))
  await Promise.all([managementActivity.subscriptions(), managementActivity.subscriptions()])
  await managementActivity.subscriptions()
  expect(server.received).toHaveLength(1)
  await managementActivity.subscriptions({ fresh: true })
  expect(server.received).toHaveLength(2)
})

const code = (status: number, name: string): Reply => ({ status, body: { error: { code: name, message: 'no' } } })
const failures: [string, Reply, Partial<UpstreamError>][] = [
  ['a missing permission', code(403, 'AF10001'), { kind: 'FORBIDDEN', upstreamCode: 'AF10001' }],
  ['a tenant without auditing', code(400, 'AF20012'), { kind: 'BAD_REQUEST', upstreamCode: 'AF20012' }],
  ['an HTML page', { status: 403, body: '<html>' }, { kind: 'FORBIDDEN', upstreamCode: null }],
  ['an answer that is no list', { body: { value: [] } }, { kind: 'CONNECTION', status: 200 }],
  ['no JSON', { body: 'ok' }, { kind: 'CONNECTION', status: 200 }],
  [
    'an internal fault',
    { ...code(500, 'AF50000'), headers: { 'retry-after': '0' } },
    { kind: 'UNAVAILABLE', upstreamCode: 'AF50000' },
  ],
]
test.each(failures)('a failure is told by status and code: %s', async (_, reply, expected) => {
  const { managementActivity } = await aFeed(() => reply)
  expect(await failureOf(managementActivity.subscriptions())).toMatchObject({
    service: 'management',
    mayHaveActed: false,
    ...expected,
  })
})

test('a throttled call is made again after its delay, a refused token is replaced once', async () => {
  const throttled = await aFeed(() =>
    throttled.server.received.length === 1
      ? { ...code(429, 'AF429'), headers: { 'retry-after': '0.05' } }
      : { body: [exchange] },
  )
  expect(await throttled.managementActivity.subscriptions()).toHaveLength(1)
  const refused = await aFeed(({ headers }) =>
    headers.authorization === 'Bearer token-1' ? { status: 401 } : { body: [exchange] },
  )
  expect(await refused.managementActivity.subscriptions()).toHaveLength(1)
  const always = await aFeed(() => ({ status: 401 }))
  expect(await failureOf(always.managementActivity.subscriptions())).toMatchObject({ kind: 'UNAUTHORIZED' })
  expect(always.server.received).toHaveLength(2)
})

test('when it does not answer it is not asked for a while, and the other services are', async () => {
  const { microsoft, server } = await aFeed(() => ({ status: 500, headers: { 'retry-after': '0' } }))
  const clients = () => microsoft.session({ deadlineAt: Date.now() + 30_000 }).tenant(contoso)
  const ask = () => failureOf(clients().managementActivity.subscriptions())
  for (let tries = 1; tries <= 5; tries += 1) await ask()
  const asked = server.received.length
  expect(await ask()).toMatchObject({ kind: 'UNAVAILABLE', status: null })
  expect(server.received).toHaveLength(asked)
  expect(await failureOf(clients().graph.get('/users'))).toMatchObject({ kind: 'NOT_FOUND', status: 404 })
})

test.each(cloudNames)('the cloud %s has its own host and scope', (name) => {
  const { managementUrl, managementScope } = clouds[name]
  expect(managementUrl).toMatch(/^https:\/\/manage\.[\w.]+$/)
  expect(managementScope).toBe(`${managementUrl}/.default`)
})
