/** Events that came in by themselves, as whoever looks at the tenant sees them. */
import { afterEach, expect, test } from 'vitest'
import { tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import { aFeedScene, dayMs, type FeedScene } from '../support/feed-scene.ts'
import { aGateway, type TestGateway } from '../support/gateway.ts'
import { ownerSql } from '../support/owner-sql.ts'

let scene: FeedScene
let gateway: TestGateway
let key: string
afterEach(async () => {
  await gateway.close()
  await scene.close()
})

async function open(): Promise<void> {
  scene = await aFeedScene({ tenants: ['Contoso', 'Fabrikam'] })
  const { microsoft, database } = scene
  gateway = await aGateway({ microsoft, database })
  key = await gateway.anApiKey([{ tenantId: scene.tenant.id, roles: ['Events.Read', 'Audit.Read'] }])
}

const query = `query ($id: ID!) {
  tenant(id: $id) {
    feed { lastReceivedAt
      contents { contentType listedUntil lastReceivedAt fault faultSince openBlobs records duplicates unreadable }
      gaps { contentType from until why message noticedAt } }
    health { checks { name status message mendUrl } } }
  auditEntries(tenantId: $id) { edges { node { name sentence } } }
  securityEvents { edges { node { source title } } } }`

async function shown() {
  const { data, errors } = await gateway.graphql(query, { id: tenantGlobalId(scene.tenant.id) }, { as: key })
  expect(errors).toEqual([])
  const check = data.tenant.health.checks.find(({ name }: { name: string }) => name === 'ACTIVITY_FEED')
  const sentences = data.auditEntries.edges.map(({ node }: { node: { sentence: string } }) => node.sentence)
  return { feed: data.tenant.feed, check, sentences, events: data.securityEvents.edges }
}
async function metrics(): Promise<Map<string, number>> {
  const text = await (await gateway.fetch('/metrics')).text()
  const lines = text.split('\n').filter((line) => line.startsWith('tourniquet_feed'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}
const disabled = (switchedOff: boolean) => {
  for (const one of scene.tenant.activitySubscriptions ?? []) {
    Object.assign(one, { status: switchedOff ? 'disabled' : 'enabled', disabledByAdmin: switchedOff })
  }
}

test('a tenant whose feed was never read has none, and metrics stand at zero', async () => {
  await open()
  expect(await shown()).toMatchObject({ feed: null, check: { status: 'HEALTHY' } })
  expect((await metrics()).get('tourniquet_feed_records_total{outcome="EVENT"}')).toBe(0)
})

test('what arrived is shown with its source, and counted', async () => {
  await open()
  const [one, two] = [scene.record(1), scene.record(2)]
  scene.blob([one, two, null])
  scene.blob([two])
  await scene.turn()
  const { feed, check, sentences, events } = await shown()
  expect(feed).toMatchObject({
    lastReceivedAt: expect.any(String),
    contents: [
      {
        contentType: 'Audit.AzureActiveDirectory',
        fault: null,
        records: 2,
        duplicates: 1,
        unreadable: 1,
        openBlobs: 0,
      },
    ],
    gaps: [],
  })
  expect(check).toMatchObject({ status: 'HEALTHY' })
  expect(events.map(({ node }: { node: { source: string } }) => node.source)).toEqual(['FEED', 'FEED'])
  expect(sentences).toEqual(['The product subscribed to Audit.AzureActiveDirectory: its records arrive from now on.'])
  const numbers = await metrics()
  expect(numbers.get('tourniquet_feed_records_total{outcome="EVENT"}')).toBe(2)
  expect(numbers.get('tourniquet_feed_records_total{outcome="DUPLICATE"}')).toBe(1)
  expect(numbers.get('tourniquet_feed_records_total{outcome="UNREADABLE"}')).toBe(1)
  expect(numbers.get('tourniquet_feed_open_blobs')).toBe(0)
  expect(numbers.get('tourniquet_feed_behind_seconds')).toBeLessThan(3600)
  // Read again, the totals are the same.
  expect((await metrics()).get('tourniquet_feed_records_total{outcome="EVENT"}')).toBe(2)
})

test('a gap is in the API, in health, in the metrics and in the audit', async () => {
  await open()
  await scene.turn()
  scene.later(9 * dayMs)
  await scene.turn()
  const { feed, check, sentences } = await shown()
  expect(feed.gaps).toMatchObject([{ why: 'NOT_READ_IN_TIME', contentType: 'Audit.AzureActiveDirectory' }])
  const { message, from, until } = feed.gaps[0]
  expect(message).toContain('seven days')
  expect(Date.parse(until) - Date.parse(from)).toBeGreaterThan(1.9 * dayMs)
  expect(check).toMatchObject({ status: 'HEALTHY', message: expect.stringContaining(message) })
  expect(sentences).toContain(message)
  expect((await metrics()).get('tourniquet_feed_gaps_total{why="NOT_READ_IN_TIME"}')).toBe(1)
})

test('B20 a subscription that an administrator switched off is shown as long as it is, also after Microsoft was asked', async () => {
  await open()
  await scene.turn()
  disabled(true)
  await scene.turn()
  expect(await shown()).toMatchObject({
    feed: { contents: [{ fault: 'SUBSCRIPTION_DISABLED', faultSince: expect.any(String) }] },
    check: { status: 'UNHEALTHY', mendUrl: expect.stringMatching(/^https:/) },
  })
  expect((await metrics()).get('tourniquet_feed_faults{fault="SUBSCRIPTION_DISABLED"}')).toBe(1)
  disabled(false)
  await scene.turn()
  expect(await shown()).toMatchObject({ feed: { contents: [{ fault: null }] }, check: { status: 'HEALTHY' } })
  expect((await metrics()).get('tourniquet_feed_faults{fault="SUBSCRIPTION_DISABLED"}')).toBe(0)
})

test('that no worker reads the feed is said, with the time since when', async () => {
  await open()
  await scene.turn()
  await ownerSql(scene.database, "update feed set listed_at = listed_at - interval '1 hour'")
  expect((await shown()).check).toMatchObject({ status: 'UNKNOWN', message: expect.stringContaining('no worker runs') })
})

test('nobody sees the feed of another tenant', async () => {
  await open()
  const [, fabrikam] = scene.tenants
  if (!fabrikam) throw new Error('Two tenants are needed')
  const { data } = await gateway.graphql(
    query.replace(/auditEntries.*/, ''),
    { id: tenantGlobalId(fabrikam.id) },
    { as: key },
  )
  expect(data.tenant).toBeNull()
})
