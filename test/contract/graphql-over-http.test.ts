/** The public audits of GraphQL over HTTP, run with a caller's token on the gateway: https://graphql.github.io/graphql-over-http */
import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiScene, anApiScene, analyst } from '../support/api-scene.ts'

let scene: ApiScene

beforeAll(async () => {
  scene = await anApiScene()
})
afterAll(() => scene?.close())

const audits = serverAudits({
  url: () => `${scene.gateway.url}/graphql`,
  fetchFn: (url: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers)
    headers.set('authorization', scene.gateway.authorizationOf(analyst) ?? '')
    return fetch(url, { ...init, headers })
  },
})

/** Where the specification leaves a choice, the gateway has chosen what the audit asks for. */
describe.each(['MUST', 'SHOULD', 'MAY'])('what a server %s do', (level) => {
  const ofLevel = audits.filter(({ name }) => name.startsWith(`${level} `))

  test.each(ofLevel)('$id: $name', async ({ fn }) => {
    const result = await fn()
    expect(result.status === 'ok' ? 'ok' : result.reason).toBe('ok')
  })
})

test('no audit is left out', () => {
  const levels = Object.groupBy(audits, ({ name }) => name.split(' ', 1)[0] ?? '')
  expect(Object.fromEntries(Object.entries(levels).map(([level, all]) => [level, all?.length]))).toEqual({
    MUST: 13,
    SHOULD: 23,
    MAY: 25,
  })
})
