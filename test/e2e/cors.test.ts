/** Pages of other origins, and forms that a browser sends for them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiScene, anApiScene, analyst, blockUser } from '../support/api-scene.ts'
import { aGateway, type TestGateway } from '../support/gateway.ts'

const app = 'https://app.example.com'
let scene: ApiScene
let gateway: TestGateway

beforeAll(async () => {
  scene = await anApiScene()
  const { microsoft } = scene.gateway
  const edge = { corsOrigins: [app, 'http://localhost:5173'] }
  gateway = await aGateway({ microsoft, database: scene.database, edge })
})
afterAll(async () => {
  await gateway?.close()
  await scene?.close()
})

const ofCors = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')))
const preflight = (origin: string, at: TestGateway = gateway, path = '/graphql') =>
  at.fetch(path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  })
const ask = (origin: string | null, headers: Record<string, string> = {}, at: TestGateway = gateway) =>
  at.fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: gateway.authorizationOf(analyst) ?? '',
      ...(origin === null ? {} : { origin }),
      ...headers,
    },
    body: JSON.stringify({ query: '{ __typename }' }),
  })

describe('an origin that is configured', () => {
  test('may ask: its preflight is answered without a credential, and kept for two hours', async () => {
    const answer = await preflight(app)
    expect(answer.status).toBe(204)
    expect(ofCors(answer)).toEqual({
      'access-control-allow-origin': app,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization, content-type, x-request-id, traceparent',
      'access-control-max-age': '7200',
    })
    expect(answer.headers.get('vary')).toBe('origin')
  })

  test('reads the answer, its id and its limits, and sends no cookies', async () => {
    const answer = await ask(app)
    expect(await answer.json()).toEqual({ data: { __typename: 'Query' } })
    expect(ofCors(answer)).toEqual({
      'access-control-allow-origin': app,
      'access-control-expose-headers': 'ratelimit, ratelimit-policy, retry-after, x-request-id, www-authenticate',
    })
    expect(answer.headers.get('vary')).toContain('origin')
  })

  test('reads refusals, too', async () => {
    const answer = await ask(app, { authorization: 'Bearer nonsense' })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('access-control-allow-origin')).toBe(app)
  })

  test('reaches nothing but the API', async () => {
    for (const path of ['/metrics', '/health/ready', '/sign-in/nothing', '/graphiql/authorization', '/nothing']) {
      const answers = [await gateway.fetch(path, { headers: { origin: app } }), await preflight(app, gateway, path)]
      expect(answers.map(ofCors)).toEqual([{}, {}])
    }
  })
})

test.each([
  'https://app.example.com.evil.example',
  'https://evil-app.example.com',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://APP.example.com',
  'https://app.example.com/',
  'http://localhost:5174',
  'null',
  '*',
])('the origin %s is not one of them', async (origin) => {
  const refused = await preflight(origin)
  expect(refused.status).toBe(401)
  expect(ofCors(refused)).toEqual({})
  expect(refused.headers.get('vary')).toBe('origin')
  const asked = await ask(origin)
  expect(ofCors(asked)).toEqual({})
  expect(asked.headers.get('vary')).toContain('origin')
})

test('an answer differs by origin, so it says so even to who names none', async () => {
  expect((await ask(null)).headers.get('vary')).toContain('origin')
})

test('without configuration no origin may', async () => {
  const answers = [await preflight(app, scene.gateway), await ask(app, {}, scene.gateway)]
  expect(answers.map(ofCors)).toEqual([{}, {}])
})

describe('what a form or a link of any site can send changes nothing', () => {
  const sessionsOf = () =>
    scene.gateway.microsoft.tenant('Contoso').users.map((user) => user.signInSessionsValidFromDateTime)
  const variables = () => scene.input({ actions: ['REVOKE_SESSIONS'] })

  test.each([
    'text/plain',
    'text/plain; charset=utf-8; application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/graphql',
    'application/jsonx',
    'text/json',
    '',
  ])('as %j', async (type) => {
    const before = sessionsOf()
    const answer = await ask(app, {}, gateway).then(() =>
      gateway.fetch('/graphql', {
        method: 'POST',
        headers: { authorization: gateway.authorizationOf(analyst) ?? '', 'content-type': type },
        body: new TextEncoder().encode(JSON.stringify({ query: blockUser, variables: variables() })),
      }),
    )
    expect(answer.status).toBe(415)
    expect(sessionsOf()).toEqual(before)
  })

  test.each(['GET', 'HEAD'])('by %s', async (method) => {
    const before = sessionsOf()
    const search = new URLSearchParams({ query: blockUser, variables: JSON.stringify(variables()) })
    const answer = await gateway.fetch(`/graphql?${search}`, {
      method,
      headers: { authorization: gateway.authorizationOf(analyst) ?? '' },
    })
    expect(answer.status).toBe(405)
    expect(sessionsOf()).toEqual(before)
  })

  test('and the same as JSON does', async () => {
    const before = sessionsOf()
    const { data } = await gateway.graphql(blockUser, variables(), { as: analyst })
    expect(data.blockUser.status).toBe('SUCCEEDED')
    expect(sessionsOf()).not.toEqual(before)
  })
})
