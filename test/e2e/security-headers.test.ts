/** What browsers are told with every kind of answer. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiScene, anApiScene, analyst } from '../support/api-scene.ts'
import { aGateway, type TestGateway } from '../support/gateway.ts'

let scene: ApiScene
let gateway: TestGateway
/** Lets in nobody more. */
let limited: TestGateway
/** Has too much to do. */
let busy: TestGateway

beforeAll(async () => {
  scene = await anApiScene()
  const { microsoft } = scene.gateway
  const { database } = scene
  gateway = await aGateway({ microsoft, database, graphiql: { tabs: [], authorization: async () => 'Bearer none' } })
  const rateLimits = { operatorReads: 1, operatorWrites: 1, tenantReads: 1, tenantWrites: 1 }
  limited = await aGateway({ microsoft, database, edge: { rateLimits } })
  busy = await aGateway({ microsoft, database, edge: { load: { inFlightMax: -1, eventLoopDelayMsMax: 1_000 } } })
  await graphql(limited, '{ __typename }')
})
afterAll(async () => {
  for (const one of [gateway, limited, busy, scene]) await one?.close()
})

const graphql = (at: TestGateway, query: string, headers: Record<string, string> = {}) =>
  at.fetch('/graphql', {
    method: 'POST',
    headers: { authorization: at.authorizationOf(analyst) ?? '', 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  })

const nothing = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

const answers: [string, number, string | RegExp, () => Promise<Response>][] = [
  ['an answer', 200, nothing, () => graphql(gateway, '{ __typename }')],
  [
    'an answer to GET',
    200,
    nothing,
    () =>
      gateway.fetch('/graphql?query={__typename}', {
        headers: { authorization: gateway.authorizationOf(analyst) ?? '' },
      }),
  ],
  [
    'a stream of events',
    200,
    nothing,
    () => graphql(gateway, 'subscription { securityEventAdded { cursor } }', { accept: 'text/event-stream' }),
  ],
  ['a faulty document', 400, nothing, () => graphql(gateway, '{', { accept: 'application/graphql-response+json' })],
  ['a body of another type', 415, nothing, () => graphql(gateway, '', { 'content-type': 'text/plain' })],
  ['a caller who is not let in', 401, nothing, () => graphql(gateway, '', { authorization: 'Bearer nonsense' })],
  [
    'a method that is none',
    405,
    nothing,
    () =>
      gateway.fetch('/graphql', { method: 'PUT', headers: { authorization: gateway.authorizationOf(analyst) ?? '' } }),
  ],
  ['a rate limit', 429, nothing, () => graphql(limited, '{ __typename }')],
  ['too much to do', 503, nothing, () => graphql(busy, '{ __typename }')],
  ['a page, with too much to do', 503, nothing, () => busy.fetch('/sign-in/nothing')],
  [
    'GraphiQL',
    200,
    /^default-src 'none'; script-src 'self'; /,
    () => gateway.fetch('/graphql', { headers: { accept: 'text/html' } }),
  ],
  ['a file of GraphiQL', 200, nothing, async () => gateway.fetch(await aFileOfGraphiql())],
  ['the token of the sandbox, asked for from elsewhere', 403, nothing, () => gateway.fetch('/graphiql/authorization')],
  ['the link of an event', 303, nothing, () => gateway.fetch('/events/abc', { redirect: 'manual' })],
  ['a sign-in page', 404, /^default-src 'none'; style-src /, () => gateway.fetch('/sign-in/nothing')],
  ['the end of a sign-in', 400, /^default-src 'none'; style-src /, () => gateway.fetch('/sign-in/callback')],
  ['a consent page', 404, /^default-src 'none'; style-src /, () => gateway.fetch('/consent/nothing')],
  ['the end of a consent', 400, /^default-src 'none'; style-src /, () => gateway.fetch('/consent/callback')],
  ['health', 200, nothing, () => gateway.fetch('/health/live')],
  ['readiness', 200, nothing, () => gateway.fetch('/health/ready')],
  ['metrics', 200, nothing, () => gateway.fetch('/metrics')],
  ['nothing', 404, nothing, () => gateway.fetch('/nothing')],
]

async function aFileOfGraphiql(): Promise<string> {
  const page = await (await gateway.fetch('/graphql', { headers: { accept: 'text/html' } })).text()
  return /src="(\/graphiql[^"]+boot\.js)"/.exec(page)?.[1] ?? '/no-file-in-the-page'
}

describe('every answer keeps browsers careful', () => {
  test.each(answers)('%s (%i)', async (_, status, policy, ask) => {
    const answer = await ask()
    expect(answer.status).toBe(status)
    const { headers } = answer
    await answer.body?.cancel()
    expect(headers.get('content-security-policy')).toEqual(
      typeof policy === 'string' ? policy : expect.stringMatching(policy),
    )
    // Scripts are only ever our own files.
    expect(headers.get('content-security-policy')).not.toMatch(/script-src[^;]*(?:unsafe|\*|https?:)/)
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      // Our own forms say where they come from.
      'referrer-policy': expect.stringMatching(/^(?:no-referrer|same-origin)$/),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect(headers.get('x-powered-by') ?? headers.get('server')).toBeNull()
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    if (status === 429 || status === 503) expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    const isPublicFile = headers.get('cache-control')?.includes('immutable')
    expect(isPublicFile || /no-store|no-cache/.test(headers.get('cache-control') ?? '')).toBe(true)
  })
})
