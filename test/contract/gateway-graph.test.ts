/** What the gateway says to Graph, and what the simulator answers, against Microsoft's published description. */
import { beforeAll, describe, expect, test } from 'vitest'
import { catalogue } from '../../src/services/remediations/catalogue/index.ts'
import { type AllAtWork, everyRemediation } from '../support/every-remediation.ts'
import {
  type DescribedRequest,
  type GraphDescription,
  graphDescription,
  isDescriptionThere,
  warnIfNotDescribed,
} from '../support/graph-description.ts'
import type { WireRecord } from '../support/wire.ts'

warnIfNotDescribed()

/** All that the gateway may change through Graph. */
const changes = [
  'DELETE /applications/{application-id}',
  'DELETE /chats/{chat-id}/installedApps/{teamsAppInstallation-id}',
  'DELETE /servicePrincipals/{servicePrincipal-id}',
  'DELETE /teams/{team-id}/installedApps/{teamsAppInstallation-id}',
  'DELETE /users/{user-id}/teamwork/installedApps/{userScopeTeamsAppInstallation-id}',
  'PATCH /users/{user-id}',
  'POST /users/{user-id}/authentication/methods/{authenticationMethod-id}/resetPassword',
  'POST /users/{user-id}/revokeSignInSessions',
]
/** Reads of a technician's roles, and of a reset under way. */
const reads = [
  'GET /tenantRelationships/delegatedAdminRelationships',
  'GET /tenantRelationships/delegatedAdminRelationships/{delegatedAdminRelationship-id}/accessAssignments',
  'GET /users/{user-id}/authentication/operations/{longRunningOperation-id}',
  'POST /users/{user-id}/checkMemberObjects',
]

describe.skipIf(!isDescriptionThere)('what the gateway says to Graph', () => {
  let description: GraphDescription
  let work: AllAtWork
  let calls: WireRecord[]
  /** Addresses that Graph itself gave: pages, and where to ask how a reset goes. */
  let given: Set<string>

  beforeAll(async () => {
    description = graphDescription()
    work = await everyRemediation()
    calls = await work.wire.calls('/v1.0')
    given = new Set(calls.flatMap(addressesIn))
  }, 300_000)

  const urlOf = ({ url }: WireRecord): URL => new URL(url, 'https://graph.microsoft.com')
  const operationOf = (call: WireRecord) => description.operationFor(call.method, urlOf(call).pathname)
  const named = (call: WireRecord): string => `${call.method} ${operationOf(call)?.template ?? urlOf(call).pathname}`
  const requestOf = (call: WireRecord): DescribedRequest => ({
    method: call.method,
    query: urlOf(call).searchParams,
    headers: call.headers,
    body: call.body,
    isFollowed: given.has(call.url),
  })
  function problemsOf(call: WireRecord): string[] {
    const operation = operationOf(call)
    return operation ? description.problemsOfRequest(operation, requestOf(call)) : ['is not described']
  }
  /** A call that was sent, changed. */
  const one = (name: string): WireRecord => {
    const found = calls.find((call) => named(call) === name)
    if (!found) throw new Error(`Nothing was sent to ${name}`)
    return found
  }

  test('was collected while every kind of remediation was confirmed, and administrators of both sorts signed in', async () => {
    expect([...work.confirmed].toSorted()).toEqual(catalogue.map(({ kind }) => String(kind)).toSorted())
    expect(work.signedIn).toHaveLength(2)
    const used = new Set(calls.map(named))
    for (const name of [...changes, ...reads]) expect(used).toContain(name)
    expect(calls.filter(({ body }) => JSON.stringify(body)?.includes('"passwordProfile"'))).not.toEqual([])
    expect(await work.wire.calls('/beta')).toEqual([])
  })

  test('is all in the description: path, method, query, headers and body, items of a batch one by one', () => {
    const problems = calls.flatMap((call) => problemsOf(call).map((problem) => `${named(call)}: ${problem}`))
    expect([...new Set(problems)]).toEqual([])
  })

  test('changes a tenant by these operations alone', () => {
    const reading = ['POST /$batch', 'POST /users/{user-id}/checkMemberObjects']
    const changing = calls.filter(({ method }) => method !== 'GET').map(named)
    expect([...new Set(changing)].filter((name) => !reading.includes(name)).toSorted()).toEqual(changes)
  })

  test('is answered by the simulator as the description says, refusals too', () => {
    const problems = calls.flatMap((call) => {
      const operation = operationOf(call)
      const found = operation ? description.problemsOfAnswer(operation, { status: call.status, body: call.answer }) : []
      return found.map((problem) => `${named(call)} ${call.status}: ${problem}`)
    })
    expect([...new Set(problems)]).toEqual([])
    expect(new Set(calls.map(({ status }) => Math.floor(status / 100)))).toEqual(new Set([2, 4]))
  })

  test.each<[string, string, (call: WireRecord) => Partial<WireRecord>, string]>([
    ['another path', 'GET /domains', () => ({ url: '/domain' }), 'is not described'],
    ['another method', 'GET /domains', () => ({ method: 'DELETE' }), 'is not described'],
    ['a query option', 'GET /domains', ({ url }) => ({ url: `${url}&$skip=1` }), '$skip is not described'],
    ['a property', 'GET /domains', () => ({ url: '/domains?$select=colour' }), '$select colour is not described'],
    [
      'a value',
      'PATCH /users/{user-id}',
      () => ({ body: { accountEnabled: 'no' } }),
      '/accountEnabled must be boolean',
    ],
    ['a name', 'PATCH /users/{user-id}', () => ({ body: { enabled: false } }), '/enabled is not described'],
    [
      'a name within',
      'PATCH /users/{user-id}',
      () => ({ body: { passwordProfile: { word: 'x' } } }),
      '/passwordProfile/word is not described',
    ],
    ['no body', 'POST /users/{user-id}/checkMemberObjects', () => ({ body: null }), 'the body is missing'],
    ['a body', 'DELETE /applications/{application-id}', () => ({ body: {} }), 'a body is not described'],
    [
      'no consistency level',
      'GET /users/{user-id}/transitiveMemberOf/microsoft.graph.group',
      () => ({ headers: {} }),
      '$count without ConsistencyLevel',
    ],
  ])('would show as a fault with %s', (_, name, change, problem) => {
    const call = one(name)
    expect(problemsOf(call)).toEqual([])
    expect(problemsOf({ ...call, ...change(call) })).toContain(problem)
  })
})

function addressesIn({ answer, answerHeaders }: WireRecord): string[] {
  const next = (answer as { '@odata.nextLink'?: string } | null)?.['@odata.nextLink']
  return [next, answerHeaders['location']].flatMap((link) => {
    const [, address] = link?.split('/v1.0') ?? []
    return address ?? []
  })
}
