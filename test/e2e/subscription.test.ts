import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { connect } from '../../src/db/connection.ts'
import { newId } from '../../src/db/ids.ts'
import { revokeAccess, upsertPartner } from '../../src/db/operators.ts'
import {
  type ApiScene,
  anApiScene,
  analyst,
  aRecord,
  contoso,
  fabrikam,
  idOfTenant,
  ingester,
  litware,
  partner,
  stranger,
} from '../support/api-scene.ts'
import { anArrival, arrive } from '../support/arriving.ts'
import { anEventStream, type EventStream, edgesOf, live } from '../support/event-stream.ts'
import { aGateway, type TestGateway } from '../support/gateway.ts'
import { ownerSql } from '../support/owner-sql.ts'

vi.setConfig({ testTimeout: 120_000 })

let scene: ApiScene
let gateway: TestGateway
/** Looks at accesses and for lost notifications all the time. */
let watchful: TestGateway
const opened: EventStream[] = []

beforeAll(async () => {
  scene = await anApiScene()
  const { microsoft } = scene.gateway
  const { database } = scene
  // Polls so rarely that what is delivered here was notified.
  gateway = await aGateway({ microsoft, database, live: { pollMs: 3_600_000, perOperatorMax: 3 } })
  watchful = await aGateway({ microsoft, database, live: { pollMs: 50, accessCheckMs: 50 } })
})
afterEach(() => {
  for (const stream of opened.splice(0)) stream.cut()
})
afterAll(async () => {
  await gateway?.close()
  await watchful?.close()
  await scene?.close()
})

async function subscribe(...given: Parameters<typeof anEventStream>): Promise<EventStream> {
  const stream = await anEventStream(...given)
  opened.push(stream)
  return stream
}
const store = (tenantId: string, ...titles: string[]) =>
  arrive(
    scene.database.db,
    tenantId,
    titles.map((title) => anArrival(title)),
  )
const titlesOf = ({ edges }: EventStream) => edges.map(({ node }) => node.title)
const until = <T>(check: () => T) => vi.waitFor(check, { timeout: 60_000, interval: 20 })
const ends = (stream: EventStream) => until(() => expect(stream.isOver()).toBe(true))
const under = async (one: TestGateway) =>
  Number(/^tourniquet_subscriptions (\d+)$/m.exec(await (await one.fetch('/metrics')).text())?.[1])

describe('delivery', () => {
  test('an event that one gateway stored arrives at a subscriber of another', async () => {
    const stream = await subscribe(gateway, {}, { as: analyst })
    expect(stream.status).toBe(200)
    expect(stream.headers).toMatchObject({
      'content-type': expect.stringContaining('text/event-stream'),
      'cache-control': expect.stringContaining('no-cache'),
      'x-accel-buffering': 'no',
    })
    expect(stream.headers['content-encoding']).toBeUndefined()
    const imported = await scene.gateway.graphql(
      `mutation ($input: ImportAuditRecordsInput!) { importAuditRecords(input: $input) {
        ... on ImportedAuditRecords { results { eventId } } } }`,
      { input: { records: [aRecord(contoso, 'Rea', 20)] } },
      { as: ingester },
    )
    await edgesOf(stream, 1)
    expect(stream.edges[0]?.node.id).toBe(imported.data.importAuditRecords.results[0].eventId)
  })

  test('events of one transaction come once each, with a cursor of their own', async () => {
    const stream = await subscribe(gateway, {}, { as: analyst })
    await store(contoso.id, 'a', 'b', 'c')
    await edgesOf(stream, 3)
    expect(titlesOf(stream).toSorted()).toEqual(['a', 'b', 'c'])
    expect(new Set(stream.edges.map(({ cursor }) => cursor)).size).toBe(3)
  })

  test('a record that only adds to an event is no new event', async () => {
    const stream = await subscribe(gateway, {}, { as: analyst })
    const first = anArrival('One action')
    const second = anArrival('The same action')
    for (const { event } of [first, second]) if (event) event.actionKey = `action ${first.recordId}`
    await arrive(scene.database.db, contoso.id, [first])
    await arrive(scene.database.db, contoso.id, [second])
    await store(contoso.id, 'Another')
    await edgesOf(stream, 2)
    expect(titlesOf(stream)).toEqual(['One action', 'Another'])
  })

  test('a lost notification is made good by looking', async () => {
    const stream = await subscribe(watchful, {}, { as: analyst })
    const id = newId()
    await scene.database.db.withTenants([contoso.id], async (tx) => {
      await tx.execute(sql`
        insert into security_event (tenant_id, id, type, severity, title, description, occurred_at, techniques, reasons, source, subjects, rank)
        values (${contoso.id}, ${id}, 'USER_ACTIVITY', 'LOW', 'Nobody was told', '', now(), '{}', '{}', 'FEED', '[]', 5)`)
      await tx.execute(sql`insert into event_arrival (tenant_id, event_id) values (${contoso.id}, ${id})`)
    })
    await edgesOf(stream, 1)
    expect(titlesOf(stream)).toEqual(['Nobody was told'])
  })

  test('events of one transaction are read once for all subscribers of the tenant, however many there are', async () => {
    const { db } = scene.database
    const streams = await Promise.all(Array.from({ length: 15 }, () => subscribe(scene.gateway, {}, { as: analyst })))
    await store(contoso.id, 'So that all stand at one place')
    for (const stream of streams) await edgesOf(stream, 1)
    const other = connect({ url: scene.database.url, max: 1 })
    const before = db.statements()
    await arrive(
      other,
      contoso.id,
      Array.from({ length: 40 }, (_, index) => anArrival(`${index}`)),
    )
    for (const stream of streams) await edgesOf(stream, 41)
    await other.close()
    // Places, events, and for each subscriber whether it may still be told; two for each would be 30.
    expect(db.statements() - before).toBeLessThan(2 * streams.length)
  })

  test('what keeps the connection alive comes while nothing happens', async () => {
    const stream = await subscribe(gateway, {}, { as: analyst })
    await until(() => expect(stream.comments()).toBeGreaterThan(2))
    expect(stream.edges).toEqual([])
  })

  test('GET subscribes, too, and each event has its remediations judged anew', async () => {
    const query =
      'subscription { securityEventAdded { cursor node { id title greyedOutReasons { code } tenant { health { status } } } } }'
    const answer = await gateway.fetch(`/graphql?query=${encodeURIComponent(query)}`, {
      headers: { authorization: gateway.authorizationOf(analyst) ?? '', accept: 'text/event-stream' },
    })
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
    await scene.gateway.importRecords([aRecord(contoso, 'Rea', 21), aRecord(contoso, 'Rea', 22)])
    let text = ''
    while (text.split('"cursor"').length < 3) text += (await reader?.read())?.value
    await reader?.cancel()
    expect(text).not.toContain('"errors"')
    expect(text.match(/"health":\{"status":"HEALTHY"\}/g)).toHaveLength(2)
  })
})

describe('who is told what', () => {
  test("another tenant's events are never delivered, whatever is asked for", async () => {
    const stream = await subscribe(gateway, {}, { as: analyst })
    const asked = await subscribe(
      gateway,
      { tenantIds: [idOfTenant(contoso), idOfTenant(fabrikam), crypto.randomUUID()] },
      { as: analyst },
    )
    await store(fabrikam.id, 'Of Fabrikam')
    await store(contoso.id, 'Of Contoso')
    await edgesOf(stream, 1)
    await edgesOf(asked, 1)
    expect([...titlesOf(stream), ...titlesOf(asked)]).toEqual(['Of Contoso', 'Of Contoso'])
  })

  test('a foreign tenant and one that does not exist get the same answer, at once', async () => {
    const answers = []
    for (const tenantIds of [[idOfTenant(contoso)], [crypto.randomUUID()], undefined]) {
      const stream = await subscribe(gateway, tenantIds ? { tenantIds } : {}, { as: stranger })
      await ends(stream)
      answers.push(stream.codes)
    }
    expect(answers).toEqual([['FORBIDDEN'], ['FORBIDDEN'], ['FORBIDDEN']])
    const withoutRole = await subscribe(gateway, {}, { as: ingester })
    await ends(withoutRole)
    expect(withoutRole.codes).toEqual(['FORBIDDEN'])
  })

  test('a partner is told of its tenants; one that is taken away ends what named it, and nothing of it is delivered any more', async () => {
    const both = [contoso, fabrikam].map(({ id }) => ({ tenantId: id, roles: ['Events.Read'] as const }))
    const members = [partner.userId ?? '']
    await gateway.grantPartner({ name: 'Litware', entraTenantId: litware.id, members }, both)
    const named = await subscribe(gateway, { tenantIds: [contoso, fabrikam].map(idOfTenant) }, { as: partner })
    const all = await subscribe(gateway, {}, { as: partner })
    await store(fabrikam.id, 'Still ours')
    await store(contoso.id, 'Ours')
    for (const stream of [named, all]) await edgesOf(stream, 2)

    await scene.database.db.plain(async (tx) => {
      const { id: partnerId } = await upsertPartner(tx, { name: 'Litware', entraTenantId: litware.id })
      await revokeAccess(tx, { partnerId, tenantId: fabrikam.id, revokedAt: new Date() })
    })
    await store(fabrikam.id, 'No longer ours')
    await ends(named)
    expect(named.codes).toEqual(['FORBIDDEN'])
    await store(contoso.id, 'Ours as before')
    await edgesOf(all, 3)
    expect(titlesOf(all)).toEqual(['Still ours', 'Ours', 'Ours as before'])
    expect(titlesOf(named)).toEqual(['Still ours', 'Ours'])

    await gateway.grantPartner({ name: 'Litware', entraTenantId: litware.id, members }, both)
    await store(contoso.id, 'Looks again')
    await edgesOf(all, 4)
    await store(fabrikam.id, 'Ours again')
    await until(() => expect(titlesOf(all)).toContain('Ours again'))
  })

  test.each(['revoked', 'expired'])(
    'an API key that is %s ends its subscription, also when nothing happens',
    async (how) => {
      const authorization = await watchful.anApiKey([{ tenantId: contoso.id, roles: ['Events.Read'] }])
      const stream = await subscribe(watchful, {}, { as: authorization })
      const lastFour = authorization.slice(-4)
      const column = how === 'revoked' ? 'revoked_at' : 'expires_at'
      await ownerSql(
        scene.database,
        `update api_key set ${column} = now() - interval '1 second' where last_four = '${lastFour}'`,
      )
      await ends(stream)
      expect(stream.codes).toEqual(['UNAUTHENTICATED'])
      expect(stream.isComplete()).toBe(true)
    },
  )
})

describe('asking for it', () => {
  test('cursors of another order, and what is no cursor, are refused by name', async () => {
    const page = await gateway.graphql('{ securityEvents(first: 1) { pageInfo { endCursor } } }', {}, { as: analyst })
    for (const after of [page.data.securityEvents.pageInfo.endCursor, 'nonsense']) {
      const stream = await subscribe(gateway, { after }, { as: analyst })
      await ends(stream)
      expect(stream.codes).toEqual(['BAD_USER_INPUT'])
    }
    const stream = await subscribe(gateway, {}, { as: analyst })
    await store(contoso.id, 'One')
    await edgesOf(stream, 1)
    const { errors } = await gateway.graphql(
      'query ($after: String) { securityEvents(after: $after) { edges { cursor } } }',
      { after: stream.edges[0]?.cursor },
      { as: analyst },
    )
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['BAD_USER_INPUT'])
  })

  test('a cursor that is too old, or of a tenant that one may not see, says to subscribe anew', async () => {
    const stream = await subscribe(gateway, {}, { as: analyst })
    await store(contoso.id, 'Long ago')
    await edgesOf(stream, 1)
    const after = stream.edges[0]?.cursor
    const theirs = await subscribe(gateway, { after }, { as: stranger })
    await ends(theirs)
    await ownerSql(scene.database, "update event_arrival set arrived_at = now() - interval '7 days 1 minute'")
    const ours = await subscribe(gateway, { after }, { as: analyst })
    await ends(ours)
    expect([theirs.codes, ours.codes]).toEqual([['FORBIDDEN'], ['CURSOR_EXPIRED']])
    expect(ours.isComplete()).toBe(true)
  })

  test('one operator holds a few subscriptions; one that ended makes room', async () => {
    await until(async () => expect(await under(gateway)).toBe(0))
    const held = await Promise.all([1, 2, 3].map(() => subscribe(gateway, {}, { as: analyst })))
    const refused = await subscribe(gateway, {}, { as: analyst })
    await ends(refused)
    expect(refused.codes).toEqual(['RATE_LIMITED'])
    expect(await under(gateway)).toBe(3)
    held[0]?.cut()
    await until(async () => expect(await under(gateway)).toBe(2))
    const next = await subscribe(gateway, {}, { as: analyst })
    await store(contoso.id, 'Room')
    await edgesOf(next, 1)
  })

  test.each([
    [
      'incremental delivery',
      'subscription { securityEventAdded { cursor ... @defer { node { id } } } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'too many levels',
      `subscription { securityEventAdded { node { ${'runs { edges { node { event { '.repeat(3)} id ${'} } } } '.repeat(3)} } } }`,
      'QUERY_TOO_COMPLEX',
    ],
    [
      'too many fields',
      `subscription { securityEventAdded { node { runs(first: 100) { edges { node { event { runs(first: 100) { edges { node { steps { kind } } } } } } } } } } }`,
      'QUERY_TOO_COMPLEX',
    ],
    [
      'two things at once',
      'subscription { a: securityEventAdded { cursor } b: securityEventAdded { cursor } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
  ])('%s is refused before anything runs', async (_, query, code) => {
    const stream = await subscribe(gateway, {}, { as: analyst, query })
    await ends(stream)
    expect(stream.codes).toEqual([code])
  })

  test('who takes no event stream is told so, and holds nothing', async () => {
    await until(async () => expect(await under(gateway)).toBe(0))
    const { errors } = await gateway.graphql(live, {}, { as: analyst })
    expect(errors).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT' }, message: expect.stringContaining('event-stream') },
    ])
    expect(await under(gateway)).toBe(0)
  })
})
