import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { exportJWK, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AnsweringServer, anAnsweringServer, type Reply } from '../../../test/support/answering-server.ts'
import { type AccessTokenVerifier, createAccessTokenVerifier } from './access-token.ts'

const contoso = '11111111-aaaa-4bbb-8ccc-000000000001'
const consumers = '9188040d-6c67-4c5b-b112-36a304b66dad'
const audience = '22222222-aaaa-4bbb-8ccc-000000000000'
const caller = '22222222-aaaa-4bbb-8ccc-000000000009'
const adele = '33333333-aaaa-4bbb-8ccc-000000000001'

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
const keys = { good: rsa(), consumers: rsa(), next: rsa(), stranger: rsa() }
const published: { kid: string; key: KeyObject; issuer?: string }[] = []
let server: AnsweringServer
let keysReply: Reply | null = null
let keyRequests = 0
let time = Date.parse('2026-03-01T10:00:00Z')
const open: AccessTokenVerifier[] = []

beforeAll(async () => {
  server = await anAnsweringServer(async ({ path }) => {
    if (path === '/common/v2.0/.well-known/openid-configuration') {
      return { body: { issuer: `${server.url}/{tenantid}/v2.0`, jwks_uri: `${server.url}/common/discovery/v2.0/keys` } }
    }
    keyRequests += 1
    if (keysReply) return keysReply
    const jwks = published.map(async ({ kid, key, issuer = `${server.url}/{tenantid}/v2.0` }) => ({
      ...(await exportJWK(key)),
      kid,
      use: 'sig',
      issuer,
    }))
    return { body: { keys: await Promise.all(jwks) } }
  })
  published.push({ kid: 'good', key: keys.good.publicKey })
  published.push({ kid: 'consumers', key: keys.consumers.publicKey, issuer: `${server.url}/${consumers}/v2.0` })
})
afterAll(async () => {
  for (const verifier of open) await verifier.close()
  await server.close()
})

function aVerifier(): AccessTokenVerifier {
  const verifier = createAccessTokenVerifier({ entraUrl: server.url, audience, now: () => new Date(time) })
  open.push(verifier)
  return verifier
}

type Claims = Record<string, unknown>

const inSeconds = (seconds: number) => Math.floor(time / 1_000) + seconds
const person = (): Claims => ({
  aud: audience,
  iss: `${server.url}/${contoso}/v2.0`,
  tid: contoso,
  oid: adele,
  sub: 'pairwise',
  azp: caller,
  scp: 'access_as_user',
  name: 'Adele Vance',
  roles: ['Events.Read'],
  nbf: inSeconds(0),
  exp: inSeconds(3_600),
  ver: '2.0',
})

interface Signing {
  kid?: string
  key?: KeyObject
  alg?: string
}
const sign = (claims: Claims, { kid = 'good', key = keys.good.privateKey, alg = 'RS256' }: Signing = {}) =>
  new SignJWT(claims).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(key)

test("a person's token of any tenant is read", async () => {
  expect(await aVerifier().verify(await sign(person()))).toEqual({
    tenantId: contoso,
    objectId: adele,
    appId: caller,
    kind: 'PERSON',
    name: 'Adele Vance',
    roles: ['Events.Read'],
    expiresAt: inSeconds(3_600) * 1_000,
  })
})

test.each<[string, Claims, 'PERSON' | 'APPLICATION']>([
  ['marked as an application', { idtyp: 'app', scp: undefined }, 'APPLICATION'],
  ['without scope, subject is the object', { scp: undefined, sub: adele }, 'APPLICATION'],
  ['with scope', { sub: adele }, 'PERSON'],
])('who calls is told: %s', async (_, claims, kind) => {
  expect(await aVerifier().verify(await sign({ ...person(), ...claims }))).toMatchObject({ kind })
})

const refused: [string, () => Claims, Signing, string][] = [
  ['another audience', () => ({ aud: caller }), {}, 'WRONG_AUDIENCE'],
  ['several audiences', () => ({ aud: [audience, caller] }), {}, 'WRONG_AUDIENCE'],
  ['the issuer of another tenant', () => ({ iss: `${server.url}/${consumers}/v2.0` }), {}, 'WRONG_ISSUER'],
  ['a version 1 issuer', () => ({ iss: `https://sts.windows.net/${contoso}/` }), {}, 'WRONG_ISSUER'],
  ['another issuer', () => ({ iss: `https://evil.example.com/${contoso}/v2.0` }), {}, 'WRONG_ISSUER'],
  ['a tenant that is no GUID', () => ({ tid: '{tenantid}', iss: `${server.url}/{tenantid}/v2.0` }), {}, 'MALFORMED'],
  [
    'a key that is good for another issuer only',
    () => ({}),
    { kid: 'consumers', key: keys.consumers.privateKey },
    'WRONG_ISSUER',
  ],
  ['expired beyond the skew', () => ({ exp: inSeconds(-301) }), {}, 'EXPIRED'],
  ['not valid yet beyond the skew', () => ({ nbf: inSeconds(301) }), {}, 'EXPIRED'],
  ['issued in the future', () => ({ iat: inSeconds(301) }), {}, 'EXPIRED'],
  ['good for longer than Entra lets any be', () => ({ exp: inSeconds(49 * 3_600) }), {}, 'MALFORMED'],
  [
    'of a personal account',
    () => ({ tid: consumers, iss: `${server.url}/${consumers}/v2.0` }),
    { kid: 'consumers', key: keys.consumers.privateKey },
    'WRONG_ISSUER',
  ],
  ['without expiry', () => ({ exp: undefined }), {}, 'MALFORMED'],
  ['signed by a stranger', () => ({}), { key: keys.stranger.privateKey }, 'BAD_SIGNATURE'],
  ['an unknown key id', () => ({}), { kid: 'unknown' }, 'BAD_SIGNATURE'],
  ['another algorithm', () => ({}), { alg: 'PS256' }, 'MALFORMED'],
  ['an ID token', () => ({ azp: undefined, scp: undefined }), {}, 'MALFORMED'],
  ['of version 1', () => ({ ver: '1.0' }), {}, 'MALFORMED'],
  ['without version', () => ({ ver: undefined }), {}, 'MALFORMED'],
  ['another scope than ours', () => ({ scp: 'User.Read' }), {}, 'MALFORMED'],
  ['a scope that begins alike', () => ({ scp: 'access_as_user2' }), {}, 'MALFORMED'],
  ['roles that are a text', () => ({ roles: 'Administer' }), {}, 'MALFORMED'],
  ['issued long ago for very long', () => ({ iat: inSeconds(-49 * 3_600) }), {}, 'MALFORMED'],
  ['neither a person nor an application', () => ({ scp: undefined }), {}, 'MALFORMED'],
  ['without object id', () => ({ oid: undefined }), {}, 'MALFORMED'],
]
test.each(refused)('a token is refused: %s', async (_, claims, signing, code) => {
  const token = await sign({ ...person(), ...claims() }, signing)
  const failure = await aVerifier()
    .verify(token)
    .catch((error: unknown) => error)
  expect(failure).toMatchObject({ name: 'AccessTokenError', code })
  expect(String(failure)).not.toContain(token.slice(0, 20))
})

test('what is no signed token at all is refused', async () => {
  const [header, payload] = (await sign(person())).split('.')
  const none = Buffer.from(JSON.stringify({ alg: 'none', kid: 'good' })).toString('base64url')
  for (const token of ['', 'a.b.c', 'x'.repeat(20_000), `${none}.${payload}.`]) {
    await expect(aVerifier().verify(token)).rejects.toMatchObject({ code: 'MALFORMED' })
  }
  await expect(aVerifier().verify(`${header}.${payload}.AAAA`)).rejects.toMatchObject({ code: 'BAD_SIGNATURE' })
})

test('five minutes of clock difference are allowed', async () => {
  const verifier = aVerifier()
  await verifier.verify(await sign({ ...person(), exp: inSeconds(-299) }))
  await verifier.verify(await sign({ ...person(), nbf: inSeconds(299) }))
})

test('a verified token is remembered for five minutes at most, and never beyond its end', async () => {
  const verifier = aVerifier()
  const long = await sign(person())
  const short = await sign({ ...person(), exp: inSeconds(60) })
  const first = await verifier.verify(long)
  expect(await verifier.verify(long)).toBe(first)
  const shortFirst = await verifier.verify(short)
  time += 61_000
  expect(await verifier.verify(long)).toBe(first)
  expect(await verifier.verify(short)).not.toBe(shortFirst)
  time += 300_000
  await expect(verifier.verify(short)).rejects.toMatchObject({ code: 'EXPIRED' })
  expect(await verifier.verify(long)).not.toBe(first)
})

test('a new key is fetched when a token names it, and unknown ones do not make us ask again and again', async () => {
  const verifier = aVerifier()
  await verifier.verify(await sign(person()))
  const before = keyRequests
  const token = await sign(person(), { kid: 'next', key: keys.next.privateKey })
  await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'BAD_SIGNATURE' })
  published.push({ kid: 'next', key: keys.next.publicKey })
  expect(keyRequests).toBe(before)
  time += 31_000
  await verifier.verify(token)
  await expect(verifier.verify(await sign(person(), { kid: 'made-up' }))).rejects.toMatchObject({
    code: 'BAD_SIGNATURE',
  })
  expect(keyRequests).toBe(before + 1)
})

test('keys that cannot be fetched are told apart from a bad token, and known ones stay good', async () => {
  const verifier = aVerifier()
  keysReply = { status: 503 }
  await expect(verifier.verify(await sign(person()))).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' })
  const before = keyRequests
  const callers = Array.from({ length: 20 }, async () => verifier.verify(await sign(person())))
  for (const { status } of await Promise.allSettled(callers)) expect(status).toBe('rejected')
  expect(keyRequests).toBe(before)
  keysReply = null
  time += 2_000
  await verifier.verify(await sign(person()))
  keysReply = { cut: true }
  time += 25 * 60 * 60_000
  await verifier.verify(await sign(person()))
  keysReply = null
})
