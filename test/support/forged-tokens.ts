/** Access tokens that nobody should let in: most of them are signed by the simulated Entra itself, so that one fault alone refuses them. */
import { createHmac, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { TokenRequest } from '../../simulator/login/issue.ts'
import { type Claims, makeSigningKeys, type SigningKeys } from '../../simulator/tokens.ts'
import { canary } from './canary/canary.ts'
import type { TestMicrosoft } from './microsoft.ts'

/** What a forger has in hand. */
export interface Forge {
  /** A token that is accepted, and its parts. */
  token: string
  header: Claims
  claims: Claims
  entraUrl: string
  keys: SigningKeys
  /** A tenant that is connected, but not the caller's. */
  otherTenantId: string
  /** Serves the key of `stranger`, should anybody ask there. */
  attackerUrl: string
  /** Signed by Entra; each part as it is, or as a text of JSON. */
  signed(header: unknown, claims: unknown): string
  /** The good token but for these claims. */
  saying(claims: Claims): string
  /** The good token but for these members of its header, signed by Entra or by another key. */
  under(header: Claims, key?: KeyObject): string
  /** The same caller's token for an API of Microsoft. */
  tokenFor(audience: string): string
}

const otherTenantId = '99999999-aaaa-4bbb-8ccc-000000000001'

export type ForgedToken = [title: string, forge: (forge: Forge) => string]

/** A key that Entra does not know. */
export const stranger = makeSigningKeys()

export function aForge(
  microsoft: TestMicrosoft,
  caller: TokenRequest,
  attackerUrl: string,
  connectedTenantId = otherTenantId,
): Forge {
  const { keys } = microsoft.simulator.engine
  const token = microsoft.token(caller)
  const [header = {}, claims = {}] = token.split('.', 2).map(decoded)
  return {
    token,
    header,
    claims,
    entraUrl: microsoft.url,
    keys,
    otherTenantId: connectedTenantId,
    attackerUrl,
    signed: (otherHeader, otherClaims) => signedWith(keys.privateKey, otherHeader, otherClaims),
    saying: (other) => signedWith(keys.privateKey, header, { ...claims, ...other }),
    under: (other, key = keys.privateKey) => signedWith(key, { ...header, ...other }, claims),
    tokenFor: (audience) => microsoft.token({ ...caller, audience }),
  }
}

const decoded = (part: string): Claims => JSON.parse(Buffer.from(part, 'base64url').toString())
const encoded = (part: unknown) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')

function signedWith(key: KeyObject, header: unknown, claims: unknown): string {
  const input = `${encoded(header)}.${encoded(claims)}`
  const token = `${input}.${sign('RSA-SHA256', Buffer.from(input), key).toString('base64url')}`
  canary.secret('access token of a caller', token)
  return token
}

function hmac(header: Claims, claims: Claims, secret: string | Buffer): string {
  const input = `${encoded({ ...header, alg: 'HS256' })}.${encoded(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

const ofTenant = (entraUrl: string, tid: string): Claims => ({ tid, iss: `${entraUrl}/${tid}/v2.0` })
const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow
/** A claim twice, which JSON allows: the last one counts. */
const twice = ({ header, claims, signed }: Forge, name: string, second: string) =>
  signed(header, JSON.stringify(claims).replace(/}$/, `,"${name}":"${second}"}`))
const withNumber = (claims: Claims, name: string, number: string) =>
  JSON.stringify({ ...claims, [name]: '?' }).replace('"?"', number)

/** By what is wrong with them. */
export const forgedTokens: Record<string, readonly ForgedToken[]> = {
  'that others signed, or nobody': [
    ['no signature', ({ token }) => token.replace(/[^.]*$/, '')],
    ['none, and alg none', ({ claims }) => `${encoded({ typ: 'JWT', alg: 'none' })}.${encoded(claims)}.`],
    [
      'another text under a good signature',
      ({ token, claims }) => token.replace(/\..*\./, `.${encoded({ ...claims, roles: ['Administer'] })}.`),
    ],
    ['a key that Entra does not have', ({ under }) => under({ kid: stranger.kid }, stranger.privateKey)],
    ['such a key under the name of one of Entra', ({ under }) => under({}, stranger.privateKey)],
  ],
  'of another algorithm': [
    ...['None', 'NONE', 'nOnE', ' none', '', 'rs256', 'RS256 ', 'RS512', 'PS256', 'ES256', 'EdDSA', 'HS256', 'dir'].map(
      (alg): ForgedToken => [`alg ${JSON.stringify(alg)}`, ({ under }) => under({ alg })],
    ),
    ['a list of algorithms', ({ under }) => under({ alg: ['RS256'] })],
    ['no algorithm', ({ header: { kid }, claims, signed }) => signed({ kid }, claims)],
    ['none, said first', ({ header, claims }) => `${encoded({ ...header, alg: 'none' })}.${encoded(claims)}.none`],
    [
      'HS256 with the public key (PEM) as secret',
      ({ header, claims, keys }) =>
        hmac(header, claims, keys.publicKey.export({ format: 'pem', type: 'spki' }).toString()),
    ],
    [
      'HS256 with the public key (DER) as secret',
      ({ header, claims, keys }) => hmac(header, claims, keys.publicKey.export({ format: 'der', type: 'spki' })),
    ],
    ['HS256 with the modulus as secret', ({ header, claims, keys }) => hmac(header, claims, keys.jwk.n)],
    [
      'HS256 with the public key (PKCS #1) as secret',
      ({ header, claims, keys }) =>
        hmac(header, claims, keys.publicKey.export({ format: 'pem', type: 'pkcs1' }).toString()),
    ],
    [
      'HS256 with the public key (JWK) as secret',
      ({ header, claims, keys }) => hmac(header, claims, JSON.stringify(keys.jwk)),
    ],
    [
      'HS256 with the bytes of the modulus as secret',
      ({ header, claims, keys }) => hmac(header, claims, Buffer.from(keys.jwk.n, 'base64url')),
    ],
    ['HS256 with the name of the key as secret', ({ header, claims, keys }) => hmac(header, claims, keys.kid)],
    ['HS256 with nothing as secret', ({ header, claims }) => hmac(header, claims, '')],
    ['encrypted, in five parts', ({ token }) => `${token}.AAAA.AAAA`],
  ],
  'that bring their own key': [
    ['an embedded key', ({ under }) => under({ jwk: stranger.jwk }, stranger.privateKey)],
    [
      'an embedded key and its name',
      ({ under }) => under({ jwk: stranger.jwk, kid: stranger.kid }, stranger.privateKey),
    ],
    ['jku', ({ attackerUrl, under }) => under({ jku: `${attackerUrl}/keys`, kid: stranger.kid }, stranger.privateKey)],
    [
      'jku under the name of a key of Entra',
      ({ attackerUrl, under }) => under({ jku: `${attackerUrl}/keys` }, stranger.privateKey),
    ],
    [
      'x5u',
      ({ attackerUrl, under }) => under({ x5u: `${attackerUrl}/cert.pem`, kid: stranger.kid }, stranger.privateKey),
    ],
    ['x5c', ({ under }) => under({ x5c: [stranger.pem.replaceAll(/-.*-|\n/g, '')] }, stranger.privateKey)],
    [
      'an issuer with metadata of its own',
      ({ attackerUrl, header, claims }) =>
        signedWith(stranger.privateKey, { ...header, kid: stranger.kid }, { ...claims, iss: `${attackerUrl}/v2.0` }),
    ],
  ],
  'that name no key of Entra': [
    ...[
      '../../../../../../dev/null',
      '/proc/self/environ',
      'https://evil.example.com/key',
      "' or 1=1 --",
      '__proto__',
      'constructor',
      '',
      'unknown\u0000',
    ].map((kid): ForgedToken => [JSON.stringify(kid), ({ under }) => under({ kid }, stranger.privateKey)]),
    ['null', ({ under }) => under({ kid: null })],
    ['a number', ({ under }) => under({ kid: 0 })],
    ['a list', ({ header, under }) => under({ kid: [header['kid']] })],
    ['a critical extension', ({ under }) => under({ crit: ['evil'], evil: true })],
  ],
  'of another issuer or tenant': [
    ['another host', ({ claims, saying }) => saying({ iss: `https://evil.example.com/${claims['tid']}/v2.0` })],
    ['another tenant than the issuer', ({ saying }) => saying({ tid: otherTenantId })],
    ['without tenant', ({ entraUrl, saying }) => saying({ iss: `${entraUrl}/v2.0` })],
    ['of no tenant in particular', ({ entraUrl, saying }) => saying({ iss: `${entraUrl}/common/v2.0` })],
    ['the template', ({ entraUrl, saying }) => saying({ iss: `${entraUrl}/{tenantid}/v2.0` })],
    ['of any organisation', ({ entraUrl, saying }) => saying({ iss: `${entraUrl}/organizations/v2.0` })],
    ['over http', ({ claims, saying }) => saying({ iss: String(claims['iss']).replace('https:', 'http:') })],
    ['in capitals', ({ claims, saying }) => saying({ iss: String(claims['iss']).toUpperCase() })],
    [
      'with a dot after the host',
      ({ entraUrl, claims, saying }) =>
        saying({ iss: String(claims['iss']).replace(new URL(entraUrl).hostname, (host) => `${host}.`) }),
    ],
    [
      'behind a user name',
      ({ claims, saying }) => saying({ iss: String(claims['iss']).replace('://', '://evil.example.com@') }),
    ],
    ['with a query', ({ claims, saying }) => saying({ iss: `${claims['iss']}?evil` })],
    ['with a blank', ({ claims, saying }) => saying({ iss: `${claims['iss']} ` })],
    ['of version 1', ({ claims, saying }) => saying({ iss: `https://sts.windows.net/${claims['tid']}/` })],
    [
      'another tenant that is ours, too',
      ({ claims, otherTenantId: other, saying }) => saying({ tid: other, iss: claims['iss'] }),
    ],
    ['with a slash at its end', ({ claims, saying }) => saying({ iss: `${claims['iss']}/` })],
    ['another host that begins alike', ({ claims, saying }) => saying({ iss: `${claims['iss']}.evil.example.com` })],
    ['a list', ({ claims, saying }) => saying({ iss: [claims['iss']] })],
    ['none', ({ saying }) => saying({ iss: undefined })],
    [
      'the tenant of personal accounts',
      ({ entraUrl, saying }) => saying(ofTenant(entraUrl, '9188040d-6c67-4c5b-b112-36a304b66dad')),
    ],
    ['a domain as tenant', ({ entraUrl, saying }) => saying(ofTenant(entraUrl, 'contoso.com'))],
    ['a path as tenant', ({ entraUrl, claims, saying }) => saying(ofTenant(entraUrl, `../${claims['tid']}`))],
    [
      'two lines as tenant',
      ({ entraUrl, claims, saying }) => saying(ofTenant(entraUrl, `${claims['tid']}\n${otherTenantId}`)),
    ],
    ['a list as tenant', ({ claims, saying }) => saying({ tid: [claims['tid']] })],
    ['no tenant', ({ saying }) => saying({ tid: undefined })],
    ['the tenant twice, the last time another', (good) => twice(good, 'tid', otherTenantId)],
  ],
  'for another API': [
    ['Graph', ({ saying }) => saying({ aud: '00000003-0000-0000-c000-000000000000' })],
    ['ours and another', ({ claims, saying }) => saying({ aud: [claims['aud'], 'evil'] })],
    ['ours with more', ({ claims, saying }) => saying({ aud: `${claims['aud']}0` })],
    ['ours with less', ({ claims, saying }) => saying({ aud: String(claims['aud']).slice(0, -1) })],
    ['as an address', ({ claims, saying }) => saying({ aud: `api://${claims['aud']}` })],
    ['in capitals', ({ claims, saying }) => saying({ aud: `${claims['aud']} `.toUpperCase() })],
    ['a list of ours alone', ({ claims, saying }) => saying({ aud: [claims['aud']] })],
    ['none', ({ saying }) => saying({ aud: undefined })],
    ['empty', ({ saying }) => saying({ aud: '' })],
    ['ours first, another in the end', (good) => twice(good, 'aud', '00000003-0000-0000-c000-000000000000')],
    ['a token for Graph', ({ tokenFor }) => tokenFor('https://graph.microsoft.com')],
    ['a token for Exchange', ({ tokenFor }) => tokenFor('https://outlook.office365.com')],
  ],
  'out of their time': [
    ['ended an hour ago', ({ saying }) => saying({ exp: seconds(-3600) })],
    ['without end', ({ saying }) => saying({ exp: undefined })],
    ['an end that is a text', ({ saying }) => saying({ exp: '4102444800' })],
    ['an end beyond all numbers', ({ header, claims, signed }) => signed(header, withNumber(claims, 'exp', '1e999'))],
    ['good for ten years', ({ saying }) => saying({ exp: seconds(10 * 365 * 24 * 3600) })],
    ['good for three days', ({ saying }) => saying({ exp: seconds(72 * 3600) })],
    ['ended before it began', ({ saying }) => saying({ nbf: seconds(3600), exp: seconds(-3600) })],
    ['from tomorrow on', ({ saying }) => saying({ nbf: seconds(86_400), exp: seconds(90_000) })],
    ['ten years old, and good for another hour', ({ saying }) => saying({ iat: seconds(-10 * 365 * 24 * 3600) })],
    ['a beginning that is a text', ({ saying }) => saying({ nbf: 'now' })],
    ['an end before all time', ({ saying }) => saying({ exp: -1 })],
    ['issued tomorrow', ({ saying }) => saying({ iat: seconds(86_400), exp: seconds(90_000) })],
    ['issued at no number', ({ saying }) => saying({ iat: 'yesterday' })],
  ],
  'that are no access token of a caller': [
    [
      'an ID token',
      ({ header, claims: { scp, azp, azpacr, ...claims }, signed }) => signed(header, { ...claims, nonce: 'evil' }),
    ],
    [
      'of version 1',
      ({ claims: { azp, ...claims }, header, signed }) => signed(header, { ...claims, appid: azp, ver: '1.0' }),
    ],
    ['that says version 1', ({ saying }) => saying({ ver: '1.0' })],
    ['that says no version', ({ saying }) => saying({ ver: undefined })],
    ['another scope', ({ saying }) => saying({ scp: 'openid profile' })],
    ['a scope that begins alike', ({ saying }) => saying({ scp: 'access_as_user_too' })],
    ['an ID token that says who asked', ({ saying }) => saying({ scp: undefined, nonce: 'evil', sub: 'pairwise' })],
    ['an application that is another than its subject', ({ saying }) => saying({ scp: undefined, sub: otherTenantId })],
    ['roles that are a text', ({ saying }) => saying({ roles: 'Administer' })],
    ['roles that are an object', ({ saying }) => saying({ roles: { 0: 'Administer', length: 1 } })],
    ['a person without scope', ({ saying }) => saying({ scp: undefined })],
    ['an empty scope', ({ saying }) => saying({ scp: '' })],
    ['a list of scopes', ({ saying }) => saying({ scp: ['access_as_user'] })],
    ['no object id', ({ saying }) => saying({ oid: undefined })],
    ['an object id that is a name', ({ saying }) => saying({ oid: 'ada@contoso.com' })],
    ['a client that is no GUID', ({ saying }) => saying({ azp: "evil' or 1=1 --" })],
    ['claims that are a list', ({ header, claims, signed }) => signed(header, [claims])],
    ['claims that are a text', ({ header, signed }) => signed(header, '"evil"')],
    ['claims that are null', ({ header, signed }) => signed(header, 'null')],
    ['claims that are no JSON', ({ header, signed }) => signed(header, '{"aud":')],
    ['a header that is no JSON', ({ claims, signed }) => signed('{"alg":', claims)],
  ],
  'that are no token': [
    ['a word', () => 'evil-evil-evil'],
    ['dots', () => '..'],
    ['a signature alone', ({ token }) => `..${token.split('.')[2]}`],
    ['two parts', ({ token }) => token.replace(/\..*\./, '.')],
    ['a line break', ({ token }) => `${token}\u0085evil`],
    ['a byte more', ({ token }) => `${token}AA`],
    ['a byte less', ({ token }) => token.slice(0, -2)],
    ['a quotation mark at its end', ({ token }) => `${token}"`],
    ['a fourth part', ({ token }) => `${token}.AAAA`],
    ['another by a comma', ({ token }) => `${token},evil`],
    ['in the alphabet of plain base64', ({ token }) => token.replace(/[^.]*$/, (part) => `+/${part.slice(2)}`)],
    ['14 kB', ({ saying }) => `${saying({ evil: 'x'.repeat(8_000) })}${randomBytes(1_875).toString('base64url')}`],
  ],
}
