/** What leaves for a collector of traces, as it arrives there. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSpanExport, type SpanExport } from '../../src/otlp.ts'
import { collectSpans } from '../../src/trace.ts'
import { type ApiScene, anApiScene, analyst, blockUser, contoso, eventsQuery } from '../support/api-scene.ts'
import { canary } from '../support/canary/canary.ts'

interface Sent {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[]
  status: { code?: number }
}

const received: Sent[] = []
let bodies = ''
let collector: Server
let spans: SpanExport
let scene: ApiScene
beforeAll(async () => {
  collector = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    bodies += text
    canary.written('trace', String(request.url), text)
    for (const { resource, scopeSpans } of JSON.parse(text).resourceSpans) {
      expect(request.url).toBe('/v1/traces')
      expect(JSON.stringify(resource)).toContain('"tourniquet"')
      for (const scope of scopeSpans) received.push(...scope.spans)
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  spans = createSpanExport(`http://127.0.0.1:${(collector.address() as AddressInfo).port}/`)
  collectSpans(spans)
  scene = await anApiScene()
})
afterAll(async () => {
  collectSpans(null)
  await spans?.close()
  await scene?.close()
  collector?.close()
})

const callersTrace = '0af7651916cd43dd8448eb211c80319c'
const callersSpan = 'b7ad6b7169203331'

test('a mutation is one trace: request, operation, transactions, steps, calls to Microsoft; without a name, an address or a tenant', async () => {
  const { data } = await scene.gateway.graphql(eventsQuery, {}, { as: analyst })
  const { node } = data.securityEvents.edges[0]
  const { subject } = node.availableRemediations.find(({ kind }: { kind: string }) => kind === 'DISABLE_USER')
  const input = { eventId: node.id, subjectId: subject.id, actions: ['DISABLE_USER'], idempotencyKey: 'traced' }
  const done = await scene.gateway.graphql(
    blockUser,
    { input },
    { as: analyst, headers: { traceparent: `00-${callersTrace}-${callersSpan}-01` } },
  )
  expect(done.data.blockUser).toMatchObject({ __typename: 'RemediationRun' })
  const unsampled = { traceparent: `00-${'1'.repeat(32)}-${callersSpan}-00` }
  const quiet = await scene.gateway.graphql('{ viewer { operator { id } } }', {}, { as: analyst, headers: unsampled })
  expect(quiet.headers.get('x-trace-id')).toBe('1'.repeat(32))
  const own = quietTrace(await scene.gateway.fetch('/health/ready'))
  await spans.close()

  const mine = received.filter(({ traceId }) => traceId === callersTrace)
  const byId = new Map(mine.map((span) => [span.spanId, span]))
  const parentOf = (span: Sent) => byId.get(span.parentSpanId ?? '')?.name ?? span.parentSpanId
  const attributesOf = ({ attributes }: Sent) =>
    Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]))
  const named = (name: string) => mine.filter((span) => span.name === name)
  const [request] = named('request')
  const [operation] = named('operation')
  const [step] = named('step')
  const [write] = named('graph PATCH')
  if (!request || !operation || !step || !write) throw new Error(`Too few spans: ${mine.map(({ name }) => name)}`)
  expect(parentOf(request)).toBe(callersSpan)
  expect(attributesOf(request)).toEqual({ 'http.route': 'graphql', 'http.response.status_code': 200 })
  expect(parentOf(operation)).toBe('request')
  expect(attributesOf(operation)).toEqual({
    'graphql.operation.type': 'mutation',
    'tourniquet.fields': 'blockUser',
    'tourniquet.outcome': 'OK',
  })
  expect(parentOf(step)).toBe('operation')
  expect(attributesOf(step)).toEqual({ 'tourniquet.remediation': 'DISABLE_USER', 'tourniquet.step_state': 'CONFIRMED' })
  expect(parentOf(write)).toBe('step')
  expect(attributesOf(write)).toMatchObject({
    'http.request.method': 'PATCH',
    'tourniquet.service': 'graph',
    'http.response.status_code': 204,
    'tourniquet.upstream_request_id': expect.stringMatching(/^[0-9a-f-]{36}$/),
  })
  expect(named('transaction').some((span) => parentOf(span) === 'step')).toBe(true)
  for (const span of mine) expect(span.status.code ?? 0).toBe(0)

  expect(received.filter(({ traceId }) => traceId === '1'.repeat(32))).toEqual([])
  const began = received.filter(({ traceId }) => traceId === own)
  expect(began.map(({ name }) => name)).toContain('request')
  expect(began.find(({ name }) => name === 'request')?.parentSpanId ?? '').toBe('')
  for (const word of ['Bruno', 'Ada', 'contoso', contoso.id, 'traced', subject.id, node.id, 'Bearer'])
    expect(bodies.includes(word), word).toBe(false)
})

const quietTrace = (answer: Response) => answer.headers.get('x-trace-id')
