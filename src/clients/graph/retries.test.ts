import { afterEach, expect, test } from 'vitest'
import { type Answering, batchItemsOf, type Received, type Reply } from '../../../test/support/answering-server.ts'
import {
  anUpstream,
  batchSizes,
  contoso,
  echo,
  fabrikam,
  failureOf,
  onGraph,
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

test('P20: a throttled item is sent again alone after its own delay and delays nobody else', async () => {
  let throttled = 1
  const setup = await aGraph(
    reads((path) => {
      const slow = path === '/users/slow' && throttled-- > 0
      return slow ? { status: 429, headers: { 'Retry-After': '0.4' }, body: { error: {} } } : { body: { path } }
    }),
  )
  const start = performance.now()
  const slow = setup.graph.get('/users/slow').then(() => performance.now() - start)
  const others = Promise.all(['/a', '/b', '/c'].map((path) => setup.graph.get(path))).then(
    () => performance.now() - start,
  )
  expect(await slow).toBeGreaterThanOrEqual(400)
  expect(await others).toBeLessThan(await slow)
  expect(batchSizes(setup)).toEqual([4, 1])
  expect(setup.server.received[1]?.path).toBe('/v1.0/users/slow')
})

test('items that wait for the same time are sent again in one batch, and no more than three times', async () => {
  const setup = await aGraph(
    reads((path) =>
      path.startsWith('/busy')
        ? { status: path === '/busy/0' ? 424 : 503, headers: { 'retry-after': '0.1' }, body: {} }
        : { body: {} },
    ),
  )
  const busy = Array.from({ length: 5 }, (_, index) => failureOf(setup.graph.get(`/busy/${index}`)))
  await setup.graph.get('/users/adele')
  const failures = await Promise.all(busy)
  expect(failures.map(({ kind }) => kind)).toEqual(['THROTTLED', ...Array(4).fill('UNAVAILABLE')])
  expect(batchSizes(setup)).toEqual([6, 5, 5])
})

test('throttled items of batches that are answered one shortly after the other leave in one, none before its own delay', async () => {
  const throttled = new Set(['/users/early-0', '/users/late-0'])
  const answer = reads((path) =>
    throttled.delete(path) ? { status: 429, headers: { 'retry-after': '0.3' }, body: { error: {} } } : { body: {} },
  )
  const isLate = (request: Received) =>
    batchItemsOf(request)?.every(({ url }) => url.startsWith('/users/late')) === true
  const setup = await aGraph(async (request) => {
    const reply = await answer(request)
    return reply && { ...reply, delayMs: isLate(request) ? 26 : 0 }
  })
  const paths = ['early', 'late'].flatMap((when) => Array.from({ length: 20 }, (_, index) => `/users/${when}-${index}`))
  await Promise.all(paths.map((path) => setup.graph.get(path)))
  expect(batchSizes(setup)).toEqual([20, 20, 2])
  const [, late, again] = setup.server.received
  expect((again?.atMs ?? 0) - (late?.atMs ?? 0)).toBeGreaterThanOrEqual(326)
})

test('without Retry-After an item waits at least a second', async () => {
  let first = true
  const setup = await aGraph(
    reads((path) => {
      const status = path === '/b' && first ? 429 : 200
      if (path === '/b') first = false
      return { status, body: {} }
    }),
  )
  await Promise.all([setup.graph.get('/a'), setup.graph.get('/b')])
  const [before, after] = setup.server.received
  expect((after?.atMs ?? 0) - (before?.atMs ?? 0)).toBeGreaterThan(990)
})

test('a batch that fails as a whole is sent again as a whole', async () => {
  const replies: Reply[] = [{ status: 429, headers: { 'retry-after': '0.05' } }, { cut: true }]
  const setup = await aGraph(onGraph((request) => replies.shift() ?? echo(request)))
  const answers = await Promise.all(['/a', '/b', '/c'].map((path) => setup.graph.get(path)))
  expect(answers.map(({ body }) => body)).toEqual([{ path: '/a' }, { path: '/b' }, { path: '/c' }])
  expect(batchSizes(setup)).toEqual([3, 3, 3])
})

test('the deadline ends a silent call, and no delay is waited for that would pass it', async () => {
  const slow: Answering = onGraph(() => ({ delayMs: 2_000, body: {} }))
  const { graph } = await aGraph(slow, { deadlineAt: Date.now() + 500 })
  const failures = await Promise.all([failureOf(graph.get('/a')), failureOf(graph.get('/b'))])
  expect(failures.map(({ kind }) => kind)).toEqual(['TIMEOUT', 'TIMEOUT'])

  const throttled = await aGraph(
    reads(() => ({ status: 429, headers: { 'retry-after': '60' }, body: {} })),
    { deadlineAt: Date.now() + 5_000 },
  )
  const failure = await failureOf(throttled.graph.get('/a'))
  expect(failure).toMatchObject({ kind: 'THROTTLED', retryAfterMs: 60_000, mayHaveActed: false })
  expect(throttled.server.received).toHaveLength(1)
})

test("the caller's abort ends what is under way and what waits for its retry", async () => {
  const abort = new AbortController()
  const { graph } = await aGraph(
    onGraph((request) =>
      request.path.endsWith('/later')
        ? { status: 429, headers: { 'retry-after': '20' }, body: {} }
        : { delayMs: 5_000, body: {} },
    ),
    { signal: abort.signal },
  )
  const later = failureOf(graph.get('/later'))
  await new Promise((resolve) => setTimeout(resolve, 200))
  const silent = failureOf(graph.get('/silent'))
  await new Promise((resolve) => setTimeout(resolve, 100))
  abort.abort()
  expect((await silent).kind).toBe('TIMEOUT')
  expect((await later).kind).toBe('TIMEOUT')
})

test('after five failures in a row reads fail at once for ten seconds, writes still try, one read tries again', async () => {
  let up = false
  let time = Date.now()
  const upstream = await anUpstream(
    onGraph((request) => (up ? echo(request) : { status: 503, headers: { 'retry-after': '0' } })),
    { now: () => new Date(time) },
  )
  open.push(upstream)
  const { microsoft, server } = upstream
  const graphOf = (tenantId: string) => microsoft.session().tenant(tenantId).graph
  await failureOf(graphOf(contoso).get('/a'))
  await failureOf(graphOf(contoso).get('/b'))
  expect(server.received).toHaveLength(5)
  expect(await failureOf(graphOf(contoso).get('/c'))).toMatchObject({
    kind: 'UNAVAILABLE',
    status: null,
    mayHaveActed: false,
  })
  expect(server.received).toHaveLength(5)
  await failureOf(graphOf(contoso).post('/d'))
  expect(server.received).toHaveLength(6)
  up = true
  expect((await graphOf(fabrikam).get('/e')).status).toBe(200)
  await failureOf(graphOf(contoso).get('/f'))
  time += 10_000
  expect((await graphOf(contoso).get('/g')).status).toBe(200)
  expect((await graphOf(contoso).get('/h')).status).toBe(200)
})

test('a single item of a batch whose token is not accepted is asked for once more with a new one', async () => {
  let refusals = 1
  const upstream = await aGraph(
    reads((path) => (path === '/b' && refusals-- > 0 ? { status: 401, body: { error: {} } } : { body: { path } })),
  )
  const answers = await Promise.all(['/a', '/b', '/c'].map((path) => upstream.graph.get(path)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(batchSizes(upstream)).toEqual([3, 1])
  expect(upstream.server.received[1]?.headers.authorization).toBe('Bearer token-2')
})

test('a read never acts, whatever became of it', async () => {
  const { graph } = await aGraph(
    onGraph(() => ({ delayMs: 2_000, body: {} })),
    { deadlineAt: Date.now() + 300 },
  )
  const failures = await Promise.all([failureOf(graph.get('/a')), failureOf(graph.query('/b', { ids: [] }))])
  expect(failures.map(({ mayHaveActed }) => mayHaveActed)).toEqual([false, false])
})
