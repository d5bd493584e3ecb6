/** Rate limits as callers meet them, on two gateways of one database. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Role } from '../../src/context.ts'
import { pageOfAuditEntries } from '../../src/db/audit.ts'
import { connect } from '../../src/db/connection.ts'
import { tenantGlobalId } from '../../src/resolvers/global-ids.ts'
import type { RateLimits } from '../../src/server/edge-options.ts'
import {
  type ApiScene,
  anApiScene,
  analyst,
  aRecord,
  blockUser,
  contoso,
  fabrikam,
  reader,
} from '../support/api-scene.ts'
import { aGateway, type GraphqlAnswer, type TestGateway } from '../support/gateway.ts'
import { ownerSql } from '../support/owner-sql.ts'

let scene: ApiScene
const opened: TestGateway[] = []

beforeAll(async () => {
  scene = await anApiScene()
})
afterAll(async () => {
  for (const gateway of opened) await gateway.close()
  await scene?.close()
})

/** Another gateway of the scene's database, with these limits and no others. */
async function aLimitedGateway(limits: Partial<RateLimits>, failedSignInsMax = 1_000_000): Promise<TestGateway> {
  const most = 1_000_000
  const rateLimits = { operatorReads: most, operatorWrites: most, tenantReads: most, tenantWrites: most, ...limits }
  const { microsoft } = scene.gateway
  const gateway = await aGateway({ microsoft, database: scene.database, edge: { rateLimits, failedSignInsMax } })
  opened.push(gateway)
  return gateway
}
const aKey = (roles: readonly Role[] = ['Events.Read'], tenantIds: readonly string[] = [contoso.id]) =>
  scene.gateway.anApiKey(tenantIds.map((tenantId) => ({ tenantId, roles })))

const typename = '{ __typename }'
const eventsOf = 'query ($ids: [ID!]) { securityEvents(tenantIds: $ids, first: 1) { edges { cursor } } }'
/** Changes nothing: the key is not there. */
const revoke = 'mutation { revokeApiKey(input: { apiKeyId: "bm90aGluZw" }) { __typename } }'
const codesOf = ({ errors }: GraphqlAnswer) => errors.map(({ extensions }) => extensions['code'])
const isLimited = (answer: GraphqlAnswer) => answer.status === 429

async function untilLimited(ask: () => Promise<GraphqlAnswer>, triesMax = 200): Promise<GraphqlAnswer> {
  for (let tries = 0; tries < triesMax; tries++) {
    const answer = await ask()
    if (isLimited(answer)) return answer
    expect(codesOf(answer)).toEqual([])
  }
  throw new Error('The limit was never reached.')
}

describe('the limit of an operator', () => {
  test('is one for all gateways, and is told in standard headers', async () => {
    const gateways = await Promise.all([1, 2].map(() => aLimitedGateway({ operatorReads: 60 })))
    const as = await aKey()
    const begunAt = Date.now()
    const answers = await Promise.all(
      gateways.flatMap((gateway) => Array.from({ length: 100 }, () => gateway.graphql(typename, {}, { as }))),
    )
    const let_in = answers.filter((answer) => !isLimited(answer))
    const refilled = (Date.now() - begunAt) / 1_000
    expect(let_in.length).toBeGreaterThanOrEqual(60)
    // Of each gateway a twentieth and one more.
    expect(let_in.length).toBeLessThanOrEqual(60 + refilled + 2 * (3 + 1))
    for (const answer of let_in) expect(answer.data).toEqual({ __typename: 'Query' })

    const refused = answers.find(isLimited)
    expect(refused?.errors).toEqual([
      {
        message: expect.stringContaining('Send it again after'),
        extensions: { code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) },
      },
    ])
    expect(refused?.data).toBeUndefined()
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(refused?.headers.get('ratelimit-policy')).toContain(
      '"operator-reads";q=60;w=60, "operator-writes";q=1000000;w=60',
    )
    expect(refused?.headers.get('ratelimit')).toMatch(/"operator-reads";r=0;t=6\d, "operator-writes";r=1000000;t=0/)
    expect(answers.every(({ headers }) => headers.has('ratelimit') && headers.has('ratelimit-policy'))).toBe(true)
  })

  test('lets requests in again when the answer says so', async () => {
    const gateway = await aLimitedGateway({ operatorReads: 30 })
    const as = await aKey()
    const refused = await untilLimited(() => gateway.graphql(typename, {}, { as }))
    const retryAfter = Number(refused.headers.get('retry-after'))
    expect(retryAfter).toBeLessThanOrEqual(3)
    await new Promise((resolve) => setTimeout(resolve, retryAfter * 1_000))
    expect((await gateway.graphql(typename, {}, { as })).status).toBe(200)
  })

  test('is its own: another one is served', async () => {
    const gateway = await aLimitedGateway({ operatorReads: 5 })
    const [as, other] = [await aKey(), await aKey()]
    await untilLimited(() => gateway.graphql(typename, {}, { as }))
    expect((await gateway.graphql(typename, {}, { as: other })).status).toBe(200)
  })

  test('has budgets of reads and of changes that do not use each other up', async () => {
    const gateway = await aLimitedGateway({ operatorReads: 4, operatorWrites: 4 })
    const [asReader, asWriter] = [await aKey(['Administer']), await aKey(['Administer'])]
    await untilLimited(() => gateway.graphql(typename, {}, { as: asReader }))
    expect((await gateway.graphql(revoke, {}, { as: asReader })).data).toEqual({ revokeApiKey: expect.anything() })
    const refused = await untilLimited(() => gateway.graphql(revoke, {}, { as: asWriter }))
    expect(refused.headers.get('ratelimit')).toContain('"operator-writes";r=0')
    expect((await gateway.graphql(typename, {}, { as: asWriter })).status).toBe(200)
  })

  test('counts a read by what it asks for', async () => {
    const gateway = await aLimitedGateway({ operatorReads: 1_000 })
    const as = await aKey()
    const large = `{ securityEvents(first: 100) { edges { node { runs(first: 40) { edges { cursor } } } } } }`
    const { headers, errors } = await gateway.graphql(large, {}, { as })
    expect(errors).toEqual([])
    const left = Number(/"operator-reads";r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1])
    expect(left).toBeLessThan(996)
    expect(left).toBeGreaterThan(900)
  })

  test.each([
    ['that is none', '{'],
    ['of unknown fields', '{ nothing }'],
    ['that asks for too much', `{ ${'__typename '.repeat(3_100)} }`],
  ])('counts a document %s, too', async (_, document) => {
    const gateway = await aLimitedGateway({ operatorReads: 5 })
    const as = await aKey()
    const ask = async () => codesOf(await gateway.graphql(document, {}, { as }))[0]
    expect(await ask()).not.toBe('RATE_LIMITED')
    await expect.poll(ask, { interval: 1 }).toBe('RATE_LIMITED')
  })

  test('holds for subscriptions, under the same code', async () => {
    const gateway = await aLimitedGateway({ operatorReads: 2 })
    const as = await aKey()
    await untilLimited(() => gateway.graphql(typename, {}, { as }))
    const headers = { accept: 'text/event-stream' }
    const answer = await gateway.fetch('/graphql', {
      method: 'POST',
      headers: { ...headers, authorization: as, 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'subscription { securityEventAdded { cursor } }' }),
    })
    expect(answer.status).toBe(429)
    expect(await answer.text()).toContain('"RATE_LIMITED"')
  })

  test.each(['application/json', 'application/graphql-response+json'])('is status 429 for %s', async (accept) => {
    const gateway = await aLimitedGateway({ operatorWrites: 1 })
    const as = await aKey(['Administer'])
    await gateway.graphql(revoke, {}, { as })
    const { status, headers } = await gateway.graphql(revoke, {}, { as, headers: { accept } })
    expect(status).toBe(429)
    expect(headers.get('content-type')).toContain(accept)
    expect(headers.get('retry-after')).toBe('60')
  })
})

describe('the limit of a tenant', () => {
  const eventsIn = (gateway: TestGateway, as: string, id = contoso.id) =>
    gateway.graphql(eventsOf, { ids: [tenantGlobalId(id)] }, { as })

  test('is one for all who ask about it, on all gateways', async () => {
    const [one, other] = [await aLimitedGateway({ tenantReads: 20 }), await aLimitedGateway({ tenantReads: 20 })]
    const [as, colleague] = [await aKey(undefined, [contoso.id, fabrikam.id]), await aKey()]
    const refused = await untilLimited(() => eventsIn(one, as))
    expect(refused.headers.get('ratelimit')).toContain('"tenant-reads";r=0')
    await untilLimited(() => eventsIn(other, colleague), 4)
    expect((await eventsIn(one, as, fabrikam.id)).status).toBe(200)
    expect((await one.graphql(typename, {}, { as })).status).toBe(200)
  })

  test.each([
    ['its id in Entra', () => ({ ids: [contoso.id.toUpperCase()] })],
    ['an id among others', () => ({ ids: [fabrikam.id, contoso.id] })],
  ])('holds for a tenant named by %s', async (_, variables) => {
    const gateway = await aLimitedGateway({ tenantReads: 1 })
    await forget(contoso.id)
    await eventsIn(gateway, await aKey())
    expect(isLimited(await gateway.graphql(eventsOf, variables(), { as: await aKey() }))).toBe(true)
  })

  test('holds for an event, and for an id in the document itself', async () => {
    const gateway = await aLimitedGateway({ tenantReads: 1 })
    await forget(contoso.id)
    const event = `{ securityEvent(id: "${scene.event.id}") { id } }`
    expect(isLimited(await gateway.graphql(event, {}, { as: await aKey() }))).toBe(false)
    expect(isLimited(await gateway.graphql(event, {}, { as: await aKey() }))).toBe(true)
  })

  test('cannot be used up by whoever does not see the tenant', async () => {
    const gateway = await aLimitedGateway({ tenantReads: 3 })
    await forget(contoso.id)
    const outsider = await aKey(undefined, [fabrikam.id])
    for (let index = 0; index < 10; index++) expect(isLimited(await eventsIn(gateway, outsider))).toBe(false)
    expect(isLimited(await eventsIn(gateway, await aKey()))).toBe(false)
  })

  test('counts the records of an import for their tenants, by the hundred', async () => {
    const gateway = await aLimitedGateway({ tenantWrites: 3 })
    await forget(contoso.id)
    const as = await aKey(['Events.Ingest'])
    const records = Array.from({ length: 200 }, (_, index) => aRecord(contoso, 'Rea', 1_000 + index))
    const document = `mutation ($records: [JSON]!) { importAuditRecords(input: { records: $records }) { __typename } }`
    const { data, headers } = await gateway.graphql(document, { records }, { as })
    expect(data.importAuditRecords.__typename).toBe('ImportedAuditRecords')
    expect(headers.get('ratelimit')).toContain('"tenant-writes";r=0')
    expect(isLimited(await gateway.graphql(document, { records: records.slice(0, 1) }, { as }))).toBe(true)
  })

  /** As after a minute. */
  const forget = (subject: string) => ownerSql(scene.database, `delete from rate_limit where subject = '${subject}'`)
})

test('a change that is refused did nothing and used no key: the same request goes through later', async () => {
  const gateway = await aLimitedGateway({ operatorWrites: 1 })
  const { db } = scene.database
  const done = () => db.withTenants([contoso.id], (tx) => pageOfAuditEntries(tx, contoso.id, { first: 100 }))
  await untilLimited(() => gateway.graphql(revoke, {}, { as: analyst }))
  const before = await done()
  const input = scene.input({ actions: ['REVOKE_SESSIONS'] })
  expect(isLimited(await gateway.graphql(blockUser, input, { as: analyst }))).toBe(true)
  expect(await done()).toEqual(before)
  const { data } = await scene.gateway.graphql(blockUser, input, { as: analyst })
  expect(data.blockUser).toMatchObject({ __typename: 'RemediationRun', status: 'SUCCEEDED' })
})

test('a request costs no statement more than without limits', async () => {
  const { db } = scene.database
  const gateway = await aLimitedGateway({})
  const as = await aKey()
  const statementsOf = async (asked: TestGateway) => {
    const before = db.statements()
    for (let index = 0; index < 40; index++) await asked.graphql(eventsOf, { ids: [contoso.id] }, { as })
    return db.statements() - before
  }
  const without = await statementsOf(scene.gateway)
  // Settlements in the background, four in a second at most.
  const begunAt = Date.now()
  const limited = await statementsOf(gateway)
  expect(limited - without).toBeLessThanOrEqual(1 + (Date.now() - begunAt) / 250)
  expect(limited).toBeLessThan(1.5 * without)
})

test('without a database a limited gateway answers as any other', async () => {
  const { microsoft } = scene.gateway
  const db = connect({ url: 'postgres://app:none@127.0.0.1:1/none', max: 1 })
  const database = { ...scene.database, db }
  const rateLimits = { operatorReads: 1, operatorWrites: 1, tenantReads: 1, tenantWrites: 1 }
  const gateways = [
    await aGateway({ microsoft, database, edge: { rateLimits } }),
    await aGateway({ microsoft, database }),
  ]
  opened.push(...gateways)
  for (const gateway of gateways) {
    const answers = await Promise.all([1, 2, 3].map(() => gateway.graphql(typename, {}, { as: analyst })))
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503])
    expect(answers.flatMap(codesOf)).toEqual(Array(3).fill('INTERNAL_SERVER_ERROR'))
  }
  await db.close()
})

describe('requests that are not let in', () => {
  const guess = (index: number) => `Bearer tq_guess-number-${index}`

  test('are slowed down by address, and lock out nobody who is known', async () => {
    const gateway = await aLimitedGateway({}, 10)
    const good = await aKey()
    expect((await gateway.graphql(typename, {}, { as: good })).status).toBe(200)
    const before = scene.database.db.statements()
    const answers = []
    for (let index = 0; index < 30; index++) answers.push(await gateway.graphql(typename, {}, { as: guess(index) }))
    expect(answers.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(12)
    const last = answers.at(-1)
    expect(last?.status).toBe(429)
    expect(last && codesOf(last)).toEqual(['RATE_LIMITED'])
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    // What is beyond the limit is not even looked up.
    expect(scene.database.db.statements() - before).toBeLessThanOrEqual(12)
    expect((await gateway.graphql(typename, {}, { as: good })).status).toBe(200)
    expect((await gateway.graphql(typename, {}, { as: reader })).status).toBe(200)
    expect((await gateway.graphql(typename, {}, { as: 'Bearer nonsense' })).status).toBe(429)
    expect((await gateway.graphql(typename)).status).toBe(429)
  })

  test('a key that is revoked is no longer known', async () => {
    const gateway = await aLimitedGateway({}, 3)
    const key = await aKey()
    expect((await gateway.graphql(typename, {}, { as: key })).status).toBe(200)
    await ownerSql(scene.database, `update api_key set revoked_at = now() where last_four = '${key.slice(-4)}'`)
    const statuses = []
    for (let index = 0; index < 5; index++) statuses.push((await gateway.graphql(typename, {}, { as: key })).status)
    expect(statuses).toEqual([401, 401, 401, 429, 429])
  })
})

test('pages of sign-in and consent are for an address to open so often, and say when again', async () => {
  const { microsoft } = scene.gateway
  const gateway = await aGateway({ microsoft, database: scene.database, edge: { pagesMax: 4 } })
  opened.push(gateway)
  const before = scene.database.db.statements()
  const paths = ['/sign-in/x', '/consent/x', '/sign-in/callback?state=x', '/consent/callback?state=x', '/sign-in/x']
  const answers = []
  for (const path of paths) answers.push(await gateway.fetch(path))
  expect(answers.map(({ status }) => status === 429)).toEqual([false, false, false, false, true])
  expect(Number(answers.at(-1)?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect((await gateway.fetch('/sign-in/x', { method: 'POST' })).status).toBe(429)
  expect((await gateway.fetch('/health/live')).status).toBe(200)
  expect(scene.database.db.statements()).toBe(before)
})

test('what was refused is counted in the metrics', async () => {
  const gateway = await aLimitedGateway({ operatorReads: 1 })
  const as = await aKey()
  await untilLimited(() => gateway.graphql(typename, {}, { as }))
  expect(await (await gateway.fetch('/metrics')).text()).toMatch(
    /tourniquet_rate_limited_total\{limit="operator-reads"\} [1-9]/,
  )
})
