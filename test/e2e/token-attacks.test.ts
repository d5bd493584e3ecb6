/** Access tokens that open nothing, and those beside them that do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { userOf } from '../../simulator/builders.ts'
import { roles } from '../../src/context.ts'
import { type AnsweringServer, anAnsweringServer } from '../support/answering-server.ts'
import {
  type ApiScene,
  anApiScene,
  analyst,
  aRecord,
  blockUser,
  contoso,
  eventsQuery,
  fabrikam,
  idOfTenant,
} from '../support/api-scene.ts'
import { aForge, type Forge, forgedTokens, stranger } from '../support/forged-tokens.ts'
import { expectNotLetIn, whoAmI, whoAmIWithLines } from '../support/not-let-in.ts'

let scene: ApiScene
let attacker: AnsweringServer
let forge: Forge

beforeAll(async () => {
  attacker = await anAnsweringServer(() => ({ body: { issuer: attacker.url, keys: [stranger.jwk] } }))
  scene = await anApiScene()
  forge = aForge(scene.gateway.microsoft, analyst, attacker.url, fabrikam.id)
})
afterAll(async () => {
  await scene?.close()
  await attacker?.close()
})

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const viewerOf = async (headers: Record<string, string>) => {
  const answer = await whoAmI(scene.gateway, headers)
  return { status: answer.status, viewer: (await answer.json()).data?.viewer }
}
const ada = { status: 200, viewer: { operator: { kind: 'PERSON' }, tenants: [{ tenant: { name: 'Contoso' } }] } }

describe.each(Object.entries(forgedTokens))('tokens %s are not let in', (_, forged) => {
  test.each(forged)('%s', async (_title, make) => {
    const calls = scene.gateway.microsoft.journal().length
    const token = make(forge)
    const statements = scene.gateway.db.statements()
    await expectNotLetIn(scene.gateway, token, bearer(token))
    expect(scene.gateway.db.statements()).toBe(statements)
    expect(await viewerOf(bearer(forge.token))).toEqual(ada)
    // Whatever a token says, keys come from Entra's own addresses, and nobody else is asked.
    expect(attacker.received).toEqual([])
    const asked = scene.gateway.microsoft.journal().slice(calls)
    expect(asked.filter(({ service, path }) => service !== 'login' || !path.startsWith('/common/'))).toEqual([])
  })
})

describe('tokens in other places are not let in', () => {
  test.each<[string, (token: string) => { headers?: Record<string, string>; path?: string }]>([
    ['no header', () => ({})],
    ['an empty header', () => ({ headers: { authorization: '' } })],
    ['the scheme alone', () => ({ headers: { authorization: 'Bearer' } })],
    ['no scheme', (token) => ({ headers: { authorization: token } })],
    ['another scheme', (token) => ({ headers: { authorization: `Basic ${token}` } })],
    ['a scheme that begins alike', (token) => ({ headers: { authorization: `BearerX ${token}` } })],
    ['the scheme twice', (token) => ({ headers: { authorization: `Bearer Bearer ${token}` } })],
    ['two tokens', (token) => ({ headers: { authorization: `Bearer ${token}, Bearer ${token}` } })],
    ['a token and a parameter', (token) => ({ headers: { authorization: `Bearer ${token} evil=1` } })],
    ['the query string', (token) => ({ path: `/graphql?access_token=${token}` })],
    ['the query string as a header', (token) => ({ path: `/graphql?authorization=Bearer%20${token}` })],
    ['a cookie', (token) => ({ headers: { cookie: `authorization=Bearer ${token}; access_token=${token}` } })],
    ['the header of proxies', (token) => ({ headers: { 'proxy-authorization': `Bearer ${token}` } })],
    ['a header of the load balancer', (token) => ({ headers: { 'x-forwarded-authorization': `Bearer ${token}` } })],
  ])('%s', async (_, place) => {
    const { headers = {}, path } = place(forge.token)
    await expectNotLetIn(scene.gateway, forge.token, headers, path)
  })

  test('two lines of the header, in either order: another than ours may be the one that a proxy judged', async () => {
    const [good, bad] = [`Bearer ${forge.token}`, 'Bearer evil']
    expect(await whoAmIWithLines(scene.gateway, { authorization: [good] })).toBe(200)
    expect(await whoAmIWithLines(scene.gateway, { authorization: [good, bad] })).toBe(401)
    expect(await whoAmIWithLines(scene.gateway, { authorization: [bad, good] })).toBe(401)
  })

  test('headers of more than 16 kB end the connection, and the next request is served', async () => {
    const answer = await whoAmI(scene.gateway, bearer('A'.repeat(20_000)))
    expect(answer.status).toBe(431)
    expect(await answer.text()).toBe('')
    expect(await viewerOf(bearer(forge.token))).toEqual(ada)
  })

  test('a subscription is refused as any other request', async () => {
    const token = forge.under({ alg: 'none' })
    const answer = await whoAmI(scene.gateway, { ...bearer(token), accept: 'text/event-stream' })
    expect(answer.status).toBe(401)
    expect((await answer.json()).errors[0].extensions.code).toBe('UNAUTHENTICATED')
  })
})

describe('tokens that are let in', () => {
  test.each(['bearer', 'BEARER', 'Bearer  '])('under the scheme %j', async (scheme) => {
    expect(await viewerOf({ authorization: `${scheme} ${forge.token}` })).toEqual(ada)
  })

  test.each<[string, () => string]>([
    ['their ids in capitals', () => forge.saying({ tid: contoso.id.toUpperCase() })],
    ['a whole day to live', () => forge.saying({ exp: Math.floor(Date.now() / 1000) + 86_400 })],
    ['a clock three minutes ahead', () => forge.saying({ iat: Math.floor(Date.now() / 1000) + 180 })],
    ['a place for keys in the header that nobody looks at', () => forge.under({ jku: `${attacker.url}/keys` })],
    ['roles that nobody knows', () => forge.saying({ roles: ['Events.Read', 'Owner', 5, null] })],
    ['a name that cannot be stored as it is', () => forge.saying({ name: `A\0da \ud800 ${'a'.repeat(1_000)}` })],
  ])('with %s', async (_, make) => {
    expect(await viewerOf(bearer(make()))).toEqual(ada)
    expect(attacker.received).toEqual([])
    expect(scene.gateway.log()).not.toContain('"level":50')
  })

  test.each<[string, () => string, 'PERSON' | 'APPLICATION']>([
    ['a person without roles', () => forge.saying({ roles: undefined }), 'PERSON'],
    ['a tenant that nobody connected', () => forge.saying(unknownTenant()), 'PERSON'],
    ['an application without roles', () => forge.saying(anApplication([])), 'APPLICATION'],
  ])('but see no tenant: %s', async (_, make, kind) => {
    const authorization = `Bearer ${make()}`
    expect(await viewerOf({ authorization })).toMatchObject({ status: 200, viewer: { operator: { kind } } })
    const { data } = await scene.gateway.graphql(
      'query ($id: ID!) { tenants { edges { cursor } } tenant(id: $id) { id } securityEvents { edges { cursor } } }',
      { id: idOfTenant(contoso) },
      { as: authorization },
    )
    expect(data).toEqual({ tenants: { edges: [] }, tenant: null, securityEvents: { edges: [] } })
  })

  test('an application acts on people, but neither on administrators nor as one: a person must', async () => {
    const as = `Bearer ${forge.saying(anApplication(roles))}`
    await scene.gateway.importRecords([aRecord(contoso, 'Hanna', 40)])
    const { data } = await scene.gateway.graphql(eventsQuery, {}, { as })
    const { node } = data.securityEvents.edges[0]
    const hanna = node.subjects.find((one: { userPrincipalName?: string }) => /hanna/.test(one.userPrincipalName ?? ''))
    const input = { eventId: node.id, subjectId: hanna.id, actions: ['DISABLE_USER'], idempotencyKey: 'hanna' }
    expect((await scene.gateway.graphql(blockUser, { input }, { as })).data.blockUser).toMatchObject({
      __typename: 'PrivilegedSignInRequiredError',
    })
    const confirm = `mutation ($input: ConfirmPrivilegedSignInInput!) { confirmPrivilegedSignIn(input: $input) { __typename } }`
    const code = { tenantId: idOfTenant(contoso), code: 'AAAA-AAAA' }
    expect((await scene.gateway.graphql(confirm, { input: code }, { as })).data.confirmPrivilegedSignIn).toEqual({
      __typename: 'NotAllowedError',
    })
    expect(scene.gateway.microsoft.user(userOf(contoso, 'Hanna').id).accountEnabled).toBe(true)
    const bruno = scene.input({ actions: ['REVOKE_SESSIONS'] })
    expect((await scene.gateway.graphql(blockUser, bruno, { as })).data.blockUser.__typename).toBe('RemediationRun')
  })

  test('roles of a token count for their own tenant alone, and what they lack is FORBIDDEN', async () => {
    const as = `Bearer ${forge.saying({ ...anApplication(['Events.Read']) })}`
    const { status, errors } = await scene.gateway.graphql(
      'query ($id: ID!) { auditEntries(tenantId: $id) { edges { cursor } } }',
      { id: idOfTenant(contoso) },
      { as },
    )
    expect(status).toBe(200)
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
  })
})

const unknownTenant = () => {
  const tid = '99999999-aaaa-4bbb-8ccc-000000000002'
  return { tid, iss: `${scene.gateway.microsoft.url}/${tid}/v2.0` }
}

/** Claims of an application of Contoso instead of a person's. */
const anApplication = (held: readonly string[]) => {
  const oid = '99999999-aaaa-4bbb-8ccc-000000000003'
  return { scp: undefined, idtyp: 'app', oid, sub: oid, azp: '99999999-aaaa-4bbb-8ccc-000000000004', roles: held }
}
