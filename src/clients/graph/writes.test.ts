import { afterEach, expect, test } from 'vitest'
import type { Answering, Reply } from '../../../test/support/answering-server.ts'
import { anUpstream, failureOf, onGraph, type Upstream } from '../../../test/support/upstream.ts'
import type { UpstreamError } from '../errors.ts'
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

const writeFailures: [string, Reply, Partial<UpstreamError>][] = [
  [
    'a refusal',
    { status: 403, body: { error: { code: 'Authorization_RequestDenied' } } },
    { kind: 'FORBIDDEN', mayHaveActed: false },
  ],
  ['a bad request', { status: 400, body: {} }, { kind: 'BAD_REQUEST', mayHaveActed: false }],
  ['a conflict', { status: 409, body: {} }, { kind: 'CONFLICT', mayHaveActed: false }],
  ['throttling', { status: 429, body: {} }, { kind: 'THROTTLED', mayHaveActed: false }],
  ['a server error', { status: 500, body: {} }, { kind: 'UNAVAILABLE', mayHaveActed: true }],
  ['an unavailable service', { status: 503, body: {} }, { kind: 'UNAVAILABLE', mayHaveActed: true }],
  ['a cut connection', { cut: true }, { kind: 'CONNECTION', mayHaveActed: true }],
  ['silence', { delayMs: 3_000 }, { kind: 'TIMEOUT', mayHaveActed: true }],
  ['an unreadable success', { body: '<html>' }, { kind: 'CONNECTION', mayHaveActed: true }],
  [
    'a redirect',
    { status: 307, headers: { location: 'https://127.0.0.1:1/v1.0/x' } },
    { kind: 'CONNECTION', mayHaveActed: false },
  ],
]
test.each(writeFailures)('a write is sent once and says whether it may have acted: %s', async (_, reply, expected) => {
  const { graph, server } = await aGraph(
    onGraph(() => reply),
    {
      deadlineAt: Date.now() + 1_500,
    },
  )
  expect(await failureOf(graph.patch('/users/adele', { accountEnabled: false }))).toMatchObject(expected)
  expect(server.received).toHaveLength(1)
  expect(server.received[0]?.headers['x-ms-throttle-priority']).toBe('High')
})

test('a write that never left cannot have acted', async () => {
  const { graph, server } = await aGraph((request) =>
    request.path.includes('/oauth2/')
      ? { status: 401, body: { error: 'invalid_client', error_description: 'AADSTS7000215: no' } }
      : undefined,
  )
  expect(await failureOf(graph.post('/users/adele/revokeSignInSessions'))).toMatchObject({
    kind: 'CREDENTIAL_INVALID',
    service: 'login',
    upstreamCode: 'AADSTS7000215',
    mayHaveActed: false,
  })
  expect(server.received).toHaveLength(0)

  const nowhere = await anUpstream(() => undefined, { graphUrl: 'https://127.0.0.1:9' })
  open.push(nowhere)
  const refused = await failureOf(nowhere.graph.post('/users/adele/revokeSignInSessions'))
  expect(refused).toMatchObject({ kind: 'CONNECTION', service: 'graph', mayHaveActed: false })
})

test('a repeatable write is sent again after 429, 503 and a cut connection, and remembers that it may have acted', async () => {
  const replies: Reply[] = [{ status: 503, headers: { 'retry-after': '0.05' } }, { cut: true }]
  const { graph, server } = await aGraph(onGraph(() => replies.shift() ?? { status: 204 }))
  expect(await graph.delete('/users/adele/x', { repeatable: true })).toMatchObject({ status: 204, body: null })
  expect(server.received).toHaveLength(3)
  replies.push({ cut: true }, { status: 403, body: {} })
  const failure = await failureOf(graph.delete('/users/adele/y', { repeatable: true }))
  expect(failure).toMatchObject({ kind: 'FORBIDDEN', mayHaveActed: true })
})
