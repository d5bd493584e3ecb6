/** API keys that open nothing. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiKey, revokeApiKey } from '../../src/db/api-keys.ts'
import { grantAccess, revokeAccess } from '../../src/db/operators.ts'
import { hashOfApiKey } from '../../src/services/operators/api-key-form.ts'
import { type ApiScene, anApiScene, analyst, contoso, idOfTenant } from '../support/api-scene.ts'
import { canary } from '../support/canary/canary.ts'
import { expectNotLetIn, whoAmI } from '../support/not-let-in.ts'

let scene: ApiScene
let good: { key: string }

beforeAll(async () => {
  scene = await anApiScene()
  good = await aKey()
})
afterAll(() => scene?.close())

/** May read Contoso's events. */
async function aKey({ expiresAt = null as Date | null, revoked = false } = {}) {
  const key = `tq_${randomBytes(32).toString('base64url')}`
  canary.secret('API key', key)
  const given = { name: 'Ticket system', hash: hashOfApiKey(key), lastFour: key.slice(-4), expiresAt }
  return scene.gateway.db.plain(async (tx) => {
    const { id, operatorId } = await createApiKey(tx, given)
    await grantAccess(tx, { operatorId, tenantId: contoso.id, roles: ['Events.Read'], grantedBy: 'test' })
    if (revoked) await revokeApiKey(tx, id, new Date())
    return { id, operatorId, key }
  })
}

const works = async ({ key }: { key: string }) => {
  const answer = await whoAmI(scene.gateway, { authorization: `Bearer ${key}` })
  return (await answer.json()).data?.viewer
}
const reader = { operator: { kind: 'API_KEY' }, tenants: [{ tenant: { name: 'Contoso' } }] }

const swapped = (text: string) =>
  text.replace(/[a-z]/gi, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()))

describe('are not let in', () => {
  test.each<[string, () => string | Promise<string>]>([
    ['a revoked key', async () => (await aKey({ revoked: true })).key],
    ['a key that expired a minute ago', async () => (await aKey({ expiresAt: new Date(Date.now() - 60_000) })).key],
    ['a key that nobody made', () => `tq_${randomBytes(32).toString('base64url')}`],
    ['in the other case', () => `tq_${swapped(good.key.slice(3))}`],
    ['in capitals', () => good.key.toUpperCase()],
    ['its prefix in capitals', () => good.key.replace('tq_', 'TQ_')],
    ['without prefix', () => good.key.slice(3)],
    ['with the prefix twice', () => `tq_${good.key}`],
    ['with another prefix', () => good.key.replace('tq_', 'sk_')],
    ['the prefix alone', () => 'tq_'],
    ['a byte more', () => `${good.key}A`],
    ['a byte less', () => good.key.slice(0, -1)],
    ['with padding', () => `${good.key}=`],
    ['encoded for an address', () => good.key.replace('_', '%5F')],
    ['a byte of another alphabet at its end', () => `${good.key}\u00a0`],
    ['its last four characters', () => `tq_${good.key.slice(-4)}`],
    ['its hash, which is what is stored', () => `tq_${hashOfApiKey(good.key).toString('base64url')}`],
    ['a pattern', () => 'tq_%'],
    ['SQL', () => "tq_'evil'||''--"],
    ['two by a comma', () => `${good.key},evil`],
    ['12 kB', () => `tq_${randomBytes(9_000).toString('base64url')}`],
  ])('%s', async (_, make) => {
    const key = await make()
    await expectNotLetIn(scene.gateway, key, { authorization: `Bearer ${key}` })
    expect(await works(good)).toEqual(reader)
  })

  test.each<[string, (key: string) => { headers?: Record<string, string>; path?: string }]>([
    ['no scheme', (key) => ({ headers: { authorization: key } })],
    ['another scheme', (key) => ({ headers: { authorization: `ApiKey ${key}` } })],
    ['as a password', (key) => ({ headers: { authorization: `Basic ${btoa(`tourniquet:${key}`)}` } })],
    ['a header of its own', (key) => ({ headers: { 'x-api-key': key } })],
    ['the query string', (key) => ({ path: `/graphql?api_key=${key}&key=${key}` })],
    ['a cookie', (key) => ({ headers: { cookie: `api_key=${key}` } })],
  ])('by %s', async (_, place) => {
    const { headers = {}, path } = place(good.key)
    await expectNotLetIn(scene.gateway, good.key, headers, path)
  })
})

test('what cannot be a key costs the database nothing; what can be one costs a single statement', async () => {
  const { db } = scene.gateway
  const costOf = async (key: string) => {
    const before = db.statements()
    expect((await whoAmI(scene.gateway, { authorization: `Bearer ${key}` })).status).toBe(401)
    return db.statements() - before
  }
  const swappedEnd = `${good.key.slice(0, -1)}${good.key.endsWith('B') ? 'C' : 'B'}`
  const garbage = [
    'tq_',
    'tq_short',
    `${good.key}A`,
    good.key.slice(0, -1),
    swappedEnd,
    `tq_${'%'.repeat(43)}`,
    `tq_${'x'.repeat(9_000)}`,
  ]
  for (const key of garbage) expect(await costOf(key)).toBe(0)
  expect(await costOf(`tq_${randomBytes(32).toString('base64url')}`)).toBe(1)
})

test('a key that expires in a while works, and ends by itself, by a revocation, or with its grant', async () => {
  const [expiring, revoked, bare] = [
    await aKey({ expiresAt: new Date(Date.now() + 3_600_000) }),
    await aKey(),
    await aKey(),
  ]
  for (const key of [expiring, revoked, bare]) expect(await works(key)).toEqual(reader)
  await scene.gateway.db.plain(async (tx) => {
    await revokeApiKey(tx, revoked.id, new Date())
    await revokeAccess(tx, { operatorId: bare.operatorId, tenantId: contoso.id, revokedAt: new Date() })
  })
  await expectNotLetIn(scene.gateway, revoked.key, { authorization: `Bearer ${revoked.key}` })
  expect(await works(bare)).toEqual({ operator: { kind: 'API_KEY' }, tenants: [] })
  expect(await works(expiring)).toEqual(reader)
})

test('a key made by the API says itself once, and is gone from the next request after its revocation', async () => {
  const ask = (query: string, input: object) => scene.gateway.graphql(query, { input }, { as: analyst })
  const create =
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreatedApiKey { key apiKey { id } } } }'
  const grants = [{ tenantId: idOfTenant(contoso), roles: ['Events.Read'] }]
  const { data } = await ask(create, { name: 'Pager', grants })
  const { key, apiKey } = data.createApiKey
  expect(await works({ key })).toEqual(reader)
  const revoke = 'mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { __typename } }'
  expect((await ask(revoke, { apiKeyId: apiKey.id })).errors).toEqual([])
  await expectNotLetIn(scene.gateway, key, { authorization: `Bearer ${key}` })
})
