/** Nothing left out and nothing twice, whatever commits when, whoever is slow, and whatever is cut. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { connect, type Database } from '../../src/db/connection.ts'
import { type ApiScene, anApiScene, analyst, contoso, fabrikam, litware, partner } from '../support/api-scene.ts'
import { anArrival, arrive } from '../support/arriving.ts'
import { anEventStream, type EventStream, edgesOf } from '../support/event-stream.ts'
import { aGateway, type TestGateway } from '../support/gateway.ts'
import { ownerSql } from '../support/owner-sql.ts'
import { seeded } from '../support/seeded.ts'

vi.setConfig({ testTimeout: 180_000 })

let scene: ApiScene
let gateways: TestGateway[]
/** As another process has it. */
let importer: Database
const opened: EventStream[] = []

beforeAll(async () => {
  scene = await anApiScene()
  const { microsoft } = scene.gateway
  const { database } = scene
  const live = { queueMax: 10, readMax: 7, pollMs: 500, retryMs: 50 }
  gateways = [await aGateway({ microsoft, database, live }), await aGateway({ microsoft, database, live })]
  importer = connect({ url: database.url, max: 20, applicationName: 'importer' })
  await scene.gateway.connectTenant(litware)
  await scene.gateway.grantPartner(
    { name: 'Litware', entraTenantId: litware.id, members: [partner.userId ?? ''] },
    [contoso, fabrikam, litware].map(({ id }) => ({ tenantId: id, roles: ['Events.Read'] as const })),
  )
})
afterEach(() => {
  for (const stream of opened.splice(0)) stream.cut()
})
afterAll(async () => {
  for (const gateway of gateways ?? []) await gateway.close()
  await importer?.close()
  await scene?.close()
})

const gatewayOf = (index: number): TestGateway => {
  const gateway = gateways[index % gateways.length]
  if (!gateway) throw new Error('There is no gateway.')
  return gateway
}
async function subscribe(...given: Parameters<typeof anEventStream>): Promise<EventStream> {
  const stream = await anEventStream(...given)
  opened.push(stream)
  return stream
}
const titlesOf = (streams: readonly EventStream[]) =>
  streams.flatMap(({ edges }) => edges.map(({ node }) => node.title))
const until = <T>(check: () => T) => vi.waitFor(check, { timeout: 60_000, interval: 20 })

test.each([11, 12, 13])(
  'cut and resumed while imports overlap, a subscriber gets each event once (seed %i)',
  async (seed) => {
    const chance = seeded(seed)
    const first = await subscribe(gatewayOf(0), {}, { as: partner })
    const streams = [first]
    const watching = await subscribe(gatewayOf(1), {}, { as: partner })
    // So that both have a cursor.
    const expected = [`${seed}/first`]
    await arrive(importer, contoso.id, [anArrival(`${seed}/first`)])
    for (const stream of [first, watching]) await edgesOf(stream, 1)

    const importing = Array.from({ length: 60 }, async (_, index) => {
      const tenant = chance.oneOf([contoso, fabrikam, litware])
      // Ids follow the time of the event, so they say nothing about the order of commits.
      const titles = Array.from({ length: chance.whole(1, 6) }, (_, nth) => `${seed}/${index}/${nth}`)
      const drafts = titles.map((title) =>
        anArrival(title, { happenedAt: new Date(Date.now() - chance.whole(0, 90) * 86_400_000) }),
      )
      expected.push(...titles)
      const startMs = chance.whole(0, 1_500)
      const openMs = chance.oneOf([0, 0, 10, 200])
      await sleep(startMs)
      await arrive(importer, tenant.id, drafts, () => sleep(openMs))
    })
    let over = false
    const imported = Promise.all(importing).finally(() => {
      over = true
    })

    for (let cut = 1; !over; cut++) {
      await sleep(chance.whole(20, 250))
      const last = streams.at(-1)
      last?.cut()
      await until(() => expect(last?.isOver()).toBe(true))
      const after = streams.findLast(({ edges }) => edges.length > 0)?.edges.at(-1)?.cursor
      streams.push(await subscribe(gatewayOf(cut), { after }, { as: partner }))
    }
    await imported
    await edgesOf(watching, expected.length)
    await until(() => expect(titlesOf(streams).length).toBeGreaterThanOrEqual(expected.length))
    expect(titlesOf([watching]).toSorted()).toEqual(expected.toSorted())
    expect(titlesOf(streams).toSorted()).toEqual(expected.toSorted())
    // One order for everybody.
    expect(titlesOf(streams)).toEqual(titlesOf([watching]))
    expect(streams.length).toBeGreaterThan(4)
  },
)

test('a transaction that stays open holds up nobody else, and what it brings is not passed over', async () => {
  const stream = await subscribe(gatewayOf(0), {}, { as: partner })
  const release = Promise.withResolvers<void>()
  const isOpen = Promise.withResolvers<void>()
  const late = arrive(importer, fabrikam.id, [anArrival('Inserted first, committed last')], () => {
    isOpen.resolve()
    return release.promise
  })
  await isOpen.promise
  await arrive(importer, contoso.id, [anArrival('Committed meanwhile')])
  await edgesOf(stream, 1)
  stream.cut()
  const resumed = await subscribe(gatewayOf(1), { after: stream.edges[0]?.cursor }, { as: partner })
  release.resolve()
  await late
  await edgesOf(resumed, 1)
  expect(titlesOf([stream, resumed])).toEqual(['Committed meanwhile', 'Inserted first, committed last'])
})

test('who takes nothing for a while gets all of it afterwards, and holds up nobody', async () => {
  const [slow, quick] = await Promise.all([1, 2].map(() => subscribe(gatewayOf(0), {}, { as: analyst })))
  if (!slow || !quick) throw new Error('Nobody subscribed.')
  slow.pause()
  const query = 'subscription { securityEventAdded { cursor node { id title description } } }'
  const wordy = await subscribe(gatewayOf(0), {}, { as: analyst, query })
  wordy.pause()
  const description = 'x'.repeat(20_000)
  const titles: string[] = []
  for (let batch = 0; batch < 10; batch++) {
    const some = Array.from({ length: 50 }, (_, nth) => `${batch}/${nth}`)
    titles.push(...some)
    await arrive(
      importer,
      contoso.id,
      some.map((title) => anArrival(title, { description })),
    )
  }
  await edgesOf(quick, titles.length)
  // 10 MB wait for it: far more than what sockets hold.
  expect(wordy.edges.length).toBeLessThan(titles.length)
  for (const stream of [slow, wordy]) stream.goOn()
  for (const stream of [slow, wordy]) await edgesOf(stream, titles.length)
  expect(titlesOf([slow])).toEqual(titlesOf([quick]))
  expect(titlesOf([wordy])).toEqual(titlesOf([quick]))
  expect(titlesOf([quick]).toSorted()).toEqual(titles.toSorted())
})

test('when every connection to the database is cut, subscriptions go on by themselves', async () => {
  const { microsoft } = scene.gateway
  const gateway = await aGateway({ microsoft, database: scene.database, live: { pollMs: 3_600_000, retryMs: 50 } })
  gateways.push(gateway)
  const stream = await subscribe(gateway, {}, { as: analyst })
  await arrive(importer, contoso.id, [anArrival('Before')])
  await edgesOf(stream, 1)
  await ownerSql(
    scene.database,
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'app'",
  )
  await until(() => arrive(importer, contoso.id, [anArrival('After')]))
  await until(() => expect(titlesOf([stream])).toContain('After'))
  // Nobody looks by himself here for an hour: notifications are heard again.
  await arrive(importer, contoso.id, [anArrival('Later')])
  await until(() => expect(titlesOf([stream])).toContain('Later'))
  expect(stream.isOver()).toBe(false)
})

test('a gateway that is drained ends its subscriptions, and another one goes on with them', async () => {
  const { microsoft } = scene.gateway
  const ending = await aGateway({ microsoft, database: scene.database })
  try {
    const streams = await Promise.all([1, 2, 3].map(() => subscribe(ending, {}, { as: analyst })))
    await arrive(importer, contoso.id, [anArrival('Before the end')])
    for (const stream of streams) await edgesOf(stream, 1)
    ending.drain()
    for (const stream of streams) await until(() => expect(stream.isOver()).toBe(true))
    expect(streams.map(({ codes }) => codes)).toEqual([['SHUTTING_DOWN'], ['SHUTTING_DOWN'], ['SHUTTING_DOWN']])
    expect(streams.every((stream) => stream.isComplete())).toBe(true)
    const late = await subscribe(ending, {}, { as: analyst })
    await until(() => expect(late.codes).toEqual(['SHUTTING_DOWN']))

    await arrive(importer, contoso.id, [anArrival('Between')])
    const resumed = await subscribe(gatewayOf(0), { after: streams[0]?.edges[0]?.cursor }, { as: analyst })
    await edgesOf(resumed, 1)
    expect(titlesOf([resumed])).toEqual(['Between'])
  } finally {
    await ending.close()
  }
})
