import { afterEach, expect, test } from 'vitest'
import { type Answering, batchItemsOf } from '../../../test/support/answering-server.ts'
import {
  anUpstream,
  batchSizes,
  contoso,
  echo,
  fabrikam,
  failureOf,
  reads,
  type Upstream,
} from '../../../test/support/upstream.ts'
import type { Microsoft } from '../types.ts'

const open: Upstream[] = []
afterEach(async () => {
  for (const upstream of open.splice(0)) await upstream.close()
})

async function aGraph(answer: Answering, session: Parameters<Microsoft['session']>[0] = {}): Promise<Upstream> {
  const upstream = await anUpstream(answer, { session })
  open.push(upstream)
  return upstream
}

test('the access token leaves with alone and batched reads and with writes', async () => {
  const { graph, server } = await aGraph(echo)
  await graph.get('/users/adele')
  await Promise.all([graph.get('/users/alex'), graph.get('/users/diego')])
  await graph.post('/users/adele/revokeSignInSessions')
  expect(server.received.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill('Bearer token-1'))
  expect(server.tokenRequests).toHaveLength(1)
  expect(String(server.tokenRequests[0]?.body)).toContain('graph.microsoft.com')
})

test('one lone read goes without a batch, with its query and headers', async () => {
  const { graph, server } = await aGraph(echo)
  const { body, status } = await graph.get("/users?$filter=displayName eq 'A & B'&$count=true".replace('&', '%26'), {
    headers: { ConsistencyLevel: 'eventual' },
  })
  expect(status).toBe(200)
  expect(body).toEqual({ path: '/users?$filter=displayName%20eq%20%27A%20%26%20B%27&$count=true' })
  expect(server.received[0]).toMatchObject({ method: 'GET', headers: { consistencylevel: 'eventual' } })
  expect(server.received[0]?.headers['client-request-id']).toMatch(/^[0-9a-f-]{36}$/)
})

test('reads of a tick leave as full batches side by side and each gets its own answer', async () => {
  const { promise: allAreHere, resolve } = Promise.withResolvers<void>()
  let batches = 0
  const setup = await aGraph(async (request) => {
    const reply = await echo(request)
    if (!reply) return reply
    batches += 1
    if (batches === 3) resolve()
    // One after the other they would wait here for ever.
    await allAreHere
    return reply
  })
  const paths = Array.from({ length: 45 }, (_, index) => `/users/person${index}`)
  const answers = await Promise.all(paths.map((path) => setup.graph.get(path)))
  expect(answers.map(({ body }) => body)).toEqual(paths.map((path) => ({ path })))
  expect(batchSizes(setup)).toEqual([15, 15, 15])
})

test('no batch holds more than four mailbox reads, and batches are filled evenly', async () => {
  const setup = await aGraph(echo)
  await Promise.all([
    ...Array.from({ length: 9 }, (_, index) => setup.graph.get(`/users/m${index}/mailboxSettings`, { mailbox: true })),
    ...Array.from({ length: 20 }, (_, index) => setup.graph.get(`/users/u${index}`)),
  ])
  expect(batchSizes(setup).sort()).toEqual([10, 10, 9].sort())
  const mailboxes = setup.server.received.map(
    (request) => batchItemsOf(request)?.filter(({ url }) => url.endsWith('mailboxSettings')).length,
  )
  expect(mailboxes).toEqual([3, 3, 3])
})

test('equal reads of a session are sent once, a fresh read again, tenants apart', async () => {
  const { graph, server, microsoft } = await aGraph(echo)
  await Promise.all([graph.get('/users/adele'), graph.get('/users/adele')])
  await graph.get('/users/adele')
  expect(server.received).toHaveLength(1)
  await Promise.all([graph.get('/users/adele', { fresh: true }), graph.get('/users/adele', { fresh: true })])
  expect(server.received).toHaveLength(2)
  const session = microsoft.session()
  await Promise.all([session.tenant(contoso).graph.get('/me'), session.tenant(fabrikam).graph.get('/me')])
  expect(server.received).toHaveLength(4)
  expect(server.tokenRequests.map(({ path }) => path.split('/')[1])).toEqual([contoso, fabrikam])
})

test('a write makes the session forget what it read', async () => {
  const { graph, server } = await aGraph(echo)
  await graph.get('/users/adele')
  await graph.patch('/users/adele', { accountEnabled: false })
  await graph.get('/users/adele')
  expect(server.received.map(({ method }) => method)).toEqual(['GET', 'PATCH', 'GET'])
})

test('an answer that is missing in a batch fails its own read only', async () => {
  const { graph } = await aGraph(reads((path) => (path === '/lost' ? undefined : { body: { path } })))
  const [found, lost] = await Promise.all([graph.get('/found'), failureOf(graph.get('/lost'))])
  expect(found.body).toEqual({ path: '/found' })
  expect(lost).toMatchObject({ kind: 'CONNECTION', mayHaveActed: false })
})

test('lists follow next links on the configured host, pages of several lists in one batch', async () => {
  const setup = await aGraph((request) =>
    reads((path) => {
      const [, name = '', page = '1'] = /^\/(\w+)(?:\?\$skiptoken=(\d))?$/.exec(path) ?? []
      const link =
        page < '3' ? `https://${request.headers.host}/v1.0/${name}?$skiptoken=${Number(page) + 1}` : undefined
      return { body: { value: [`${name}${page}`], '@odata.nextLink': link } }
    })(request),
  )
  const [users, groups] = await Promise.all([setup.graph.list('/users'), setup.graph.list('/groups')])
  expect(users).toEqual(['users1', 'users2', 'users3'])
  expect(groups).toEqual(['groups1', 'groups2', 'groups3'])
  expect(batchSizes(setup)).toEqual([2, 2, 2])
})

test('a next link that leads elsewhere or around in a circle is not followed', async () => {
  const { graph, server } = await aGraph((request) =>
    reads((path) => {
      const host = path === '/away' ? 'graph.evil.example.com' : request.headers.host
      return { body: { value: [1], '@odata.nextLink': `https://${host}/v1.0${path}` } }
    })(request),
  )
  expect(await failureOf(graph.list('/away'))).toMatchObject({ kind: 'CONNECTION' })
  expect(await failureOf(graph.list('/round'))).toMatchObject({ kind: 'CONNECTION' })
  expect(server.received).toHaveLength(2)
})

test('a reading POST is batched, and its body decides whether it is the same read', async () => {
  const setup = await aGraph(reads((path, item) => ({ body: { path, sent: item?.body ?? null } })))
  const [one, two] = await Promise.all([
    setup.graph.query('/directoryObjects/getByIds', { ids: ['a'] }),
    setup.graph.query('/directoryObjects/getByIds', { ids: ['b'] }),
    setup.graph.query('/directoryObjects/getByIds', { ids: ['b'] }),
  ])
  expect(one?.body).toMatchObject({ sent: { ids: ['a'] } })
  expect(two?.body).toMatchObject({ sent: { ids: ['b'] } })
  expect(batchItemsOf(setup.server.received[0] ?? Object())?.[0]?.headers).toEqual({
    'Content-Type': 'application/json',
  })
})

test('a 401 makes a read ask for a new token, once', async () => {
  const setup = await aGraph((request) => {
    if (!request.path.startsWith('/v1.0')) return undefined
    const accepted = request.headers.authorization === 'Bearer token-2' && !request.path.endsWith('/never')
    return accepted ? echo(request) : { status: 401, body: { error: { code: 'InvalidAuthenticationToken' } } }
  })
  await Promise.all(['/a', '/b'].map((path) => setup.graph.get(path)))
  expect(setup.server.tokenRequests).toHaveLength(2)
  const failure = await failureOf(setup.graph.get('/never'))
  expect(failure).toMatchObject({ kind: 'UNAUTHORIZED', status: 401, upstreamCode: 'InvalidAuthenticationToken' })
  expect(setup.server.received).toHaveLength(4)
})
