import { request as httpRequest } from 'node:http'
import { expect } from 'vitest'
import type { TestGateway } from './gateway.ts'

const query = JSON.stringify({ query: '{ viewer { operator { kind } tenants: grants { tenant { name } } } }' })

/** Asks who one is, with these headers besides the usual ones. */
export const whoAmI = (gateway: TestGateway, headers: Record<string, string>, path = '/graphql') =>
  gateway.fetch(path, { method: 'POST', body: query, headers: { 'content-type': 'application/json', ...headers } })

/** The same with lines of headers that `fetch` would join. */
export function whoAmIWithLines(gateway: TestGateway, lines: Record<string, string[]>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const headers = { 'content-type': 'application/json', ...lines }
  const sent = httpRequest(`${gateway.url}/graphql`, { method: 'POST', headers }, (answer) => {
    answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
  })
  sent.on('error', reject).end(query)
  return promise
}

export const mediaTypes = ['application/json', 'application/graphql-response+json'] as const

/** Refused with 401 and a GraphQL error in the media type asked for; nothing of `credential` is in answers and log. */
export async function expectNotLetIn(
  gateway: TestGateway,
  credential: string,
  headers: Record<string, string>,
  path?: string,
): Promise<void> {
  const logged = gateway.log().length
  for (const accept of mediaTypes) {
    const answer = await whoAmI(gateway, { accept, ...headers }, path)
    const text = await answer.text()
    expect(answer.status).toBe(401)
    expect(answer.headers.get('content-type')).toBe(`${accept}; charset=utf-8`)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect(JSON.parse(text)).toEqual({
      errors: [{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED' } }],
    })
    const log = gateway.log().slice(logged)
    expect(log).toContain('A caller was not let in')
    const written = [text, ...answer.headers.values(), log].join('\n')
    const parts = credential.split(/[^\w-]+/).filter((part) => part.length >= 12)
    expect(parts.filter((part) => written.includes(part))).toEqual([])
    expect(written).not.toContain('evil')
    expect(written).not.toContain('"level":50')
  }
}
