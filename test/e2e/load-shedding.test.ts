/** A gateway with more to do than it can: it says so at once, to reads first, and never to who asks for its health. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openClient } from '../../src/db/driver.ts'
import { type ApiScene, anApiScene, analyst, aRecord, blockUser, contoso, ingester } from '../support/api-scene.ts'
import { aGateway, type GraphqlAnswer, type TestGateway } from '../support/gateway.ts'

let scene: ApiScene
const opened: TestGateway[] = []

beforeAll(async () => {
  scene = await anApiScene()
})
afterAll(async () => {
  for (const gateway of opened) await gateway.close()
  await scene?.close()
})

async function aGatewayFor(inFlightMax: number): Promise<TestGateway> {
  const { microsoft } = scene.gateway
  const edge = { load: { inFlightMax, eventLoopDelayMsMax: Number.POSITIVE_INFINITY } }
  const gateway = await aGateway({ microsoft, database: scene.database, edge })
  opened.push(gateway)
  return gateway
}
const events = '{ securityEvents(first: 1) { edges { cursor } } }'
const metric = async (gateway: TestGateway, name: string) =>
  Number(
    (await (await gateway.fetch('/metrics')).text())
      .split('\n')
      .find((line) => line.startsWith(name))
      ?.split(' ')
      .at(-1),
  )
const codeOf = ({ errors }: GraphqlAnswer) => errors[0]?.extensions['code']

test('reads that are under way are finished, the surplus is sent away at once, and changes go through', async () => {
  const gateway = await aGatewayFor(5)
  const lock = openClient(scene.database.ownerUrl)
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const { promise: locked, resolve: hasLocked } = Promise.withResolvers<void>()
  const holding = lock.begin(async (tx) => {
    await tx`lock table security_event in access exclusive mode`
    hasLocked()
    await released
  })
  await locked
  const slow = Array.from({ length: 5 }, () => gateway.graphql(events, {}, { as: analyst }))
  await expect.poll(() => metric(gateway, 'tourniquet_requests_in_flight{kind="reads"}')).toBe(5)
  try {
    const begunAt = performance.now()
    const surplus = await Promise.all(Array.from({ length: 40 }, () => gateway.graphql(events, {}, { as: analyst })))
    expect(surplus.map(({ status }) => status)).toEqual(Array(40).fill(503))
    expect(new Set(surplus.map(codeOf))).toEqual(new Set(['OVERLOADED']))
    for (const { headers } of surplus) expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(performance.now() - begunAt).toBeLessThan(10_000)
    const change = 'mutation { revokeApiKey(input: { apiKeyId: "bm90aGluZw" }) { __typename } }'
    expect((await gateway.graphql(change, {}, { as: analyst })).data).toEqual({ revokeApiKey: expect.anything() })
    expect((await gateway.fetch('/health/live')).status).toBe(200)
    expect((await gateway.fetch('/health/ready')).status).toBe(200)
    expect(await metric(gateway, 'tourniquet_requests_shed_total{kind="reads"}')).toBe(40)
  } finally {
    release()
    await holding
    await lock.end()
  }
  expect((await Promise.all(slow)).map(({ status, errors }) => [status, errors])).toEqual(Array(5).fill([200, []]))
  expect((await gateway.graphql(events, {}, { as: analyst })).status).toBe(200)
  expect(await metric(gateway, 'tourniquet_requests_in_flight{kind="reads"}')).toBe(0)
})

describe('while reads are given up', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await aGatewayFor(0)
  })

  test.each(['application/json', 'application/graphql-response+json', 'text/event-stream'])(
    'they are told so before anybody asks who they are, in %s',
    async (accept) => {
      const before = scene.database.db.statements()
      const answer = await gateway.graphql('{ __typename }', {}, { as: analyst, headers: { accept } })
      expect([answer.status, codeOf(answer)]).toEqual([503, 'OVERLOADED'])
      expect(scene.database.db.statements()).toBe(before)
    },
  )

  test.each([
    ['a query by GET', () => gateway.fetch('/graphql?query={__typename}')],
    ['a body that is no JSON', () => gateway.fetch('/graphql', json('nonsense'))],
    ['a body of another type', () => gateway.fetch('/graphql', { method: 'POST', body: 'mutation' })],
  ])('so is %s', async (_, ask) => {
    expect((await ask()).status).toBe(503)
  })
  const json = (body: string) => ({ method: 'POST', body, headers: { 'content-type': 'application/json' } })

  test('an account is blocked all the same, and an import is taken', async () => {
    const { data } = await gateway.graphql(blockUser, scene.input({ actions: ['REVOKE_SESSIONS'] }), { as: analyst })
    expect(data.blockUser).toMatchObject({ status: 'SUCCEEDED' })
    const records = Array.from({ length: 600 }, (_, index) => ({
      ...aRecord(contoso, 'Rea', 2_000 + index),
      Filler: 'x'.repeat(500),
    }))
    const document = 'mutation ($records: [JSON]!) { importAuditRecords(input: { records: $records }) { __typename } }'
    const imported = await gateway.graphql(document, { records }, { as: ingester })
    expect(imported.data).toEqual({ importAuditRecords: { __typename: 'ImportedAuditRecords' } })
  })

  test('who is nobody gets no further with a change than before', async () => {
    expect((await gateway.graphql(blockUser, scene.input())).status).toBe(401)
  })

  test('pages of a sign-in are shown', async () => {
    expect((await gateway.fetch('/sign-in/nothing')).status).toBe(404)
  })
})

test('a subscription that is under way holds up nobody', async () => {
  const gateway = await aGatewayFor(1)
  const stop = new AbortController()
  const stream = await gateway.fetch('/graphql', {
    method: 'POST',
    signal: stop.signal,
    headers: {
      authorization: gateway.authorizationOf(analyst) ?? '',
      'content-type': 'application/json',
      accept: 'text/event-stream',
    },
    body: JSON.stringify({ query: 'subscription { securityEventAdded { cursor } }' }),
  })
  expect(stream.status).toBe(200)
  expect((await gateway.graphql(events, {}, { as: analyst })).status).toBe(200)
  expect(await metric(gateway, 'tourniquet_subscriptions')).toBe(1)
  stop.abort()
  await stream.text().catch(() => null)
})

test('the metrics show what the process does: event loop, memory, requests under way', async () => {
  const gateway = await aGatewayFor(10)
  await sleep(300)
  const text = await (await gateway.fetch('/metrics')).text()
  for (const name of [
    'tourniquet_event_loop_delay_seconds',
    'tourniquet_requests_in_flight{kind="reads"}',
    'tourniquet_requests_in_flight{kind="writes"}',
    'tourniquet_requests_shed_total{kind="reads"}',
    'tourniquet_requests_shed_total{kind="writes"}',
    'nodejs_eventloop_lag_p99_seconds',
    'process_resident_memory_bytes',
    'nodejs_heap_size_used_bytes',
  ]) {
    expect(text).toMatch(new RegExp(`^${name.replaceAll(/[{}]/g, '\\$&')} [0-9.e-]+$`, 'm'))
  }
})
