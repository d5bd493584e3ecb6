import 'reflect-metadata'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PemConverter, X509CertificateGenerator } from '@peculiar/x509'
import { afterEach, expect, test } from 'vitest'
import { type Answering, anAnsweringServer, type Reply } from '../../test/support/answering-server.ts'
import type { Bounds } from './bounds.ts'
import type { UpstreamError } from './errors.ts'
import { clientTiming } from './timing.ts'
import { type AppCredential, createTokens } from './tokens.ts'

const contoso = '11111111-aaaa-4bbb-8ccc-000000000001'
const clientId = '22222222-aaaa-4bbb-8ccc-000000000000'
const scope = 'https://graph.microsoft.com/.default'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const resource of open.splice(0)) await resource.close()
})

const soon = (ms = 5_000): Bounds => ({
  deadlineAt: Date.now() + ms,
  signal: null,
  now: Date.now,
  timing: clientTiming,
})

async function anEntra(answer: Answering, options: { credential?: AppCredential; now?: () => number } = {}) {
  const server = await anAnsweringServer(answer)
  open.push(server)
  const credential = options.credential ?? { secret: 'correct horse' }
  return { server, tokens: createTokens({ clientId, credential, entraUrl: server.url, now: options.now ?? Date.now }) }
}

const refusing = (number: number, status = 400): Reply => ({
  status,
  body: {
    error: 'unauthorized_client',
    error_description: `AADSTS${number}: no.`,
    error_codes: [number],
    trace_id: 'trace-1',
  },
})
const onToken =
  (reply: Reply): Answering =>
  ({ path }) =>
    path.includes('/oauth2/') ? reply : undefined

const failures: [string, Reply, Partial<UpstreamError>][] = [
  [
    'no service principal',
    refusing(700016),
    { kind: 'NOT_CONSENTED', upstreamCode: 'AADSTS700016', requestId: 'trace-1' },
  ],
  ['no service principal (other)', refusing(7000229), { kind: 'NOT_CONSENTED' }],
  ['no consent', refusing(65001), { kind: 'NOT_CONSENTED' }],
  ['a disabled application', refusing(7000112), { kind: 'APP_DISABLED' }],
  ['a wrong secret', refusing(7000215, 401), { kind: 'CREDENTIAL_INVALID' }],
  ['an expired secret', refusing(7000222, 401), { kind: 'CREDENTIAL_INVALID' }],
  ['an unknown refusal', refusing(53003), { kind: 'BAD_REQUEST', upstreamCode: 'AADSTS53003' }],
]
test.each(failures)('Entra refuses a token: %s', async (_, reply, expected) => {
  const { tokens } = await anEntra(onToken(reply))
  await expect(tokens.get(contoso, scope, soon())).rejects.toMatchObject({
    service: 'login',
    mayHaveActed: false,
    ...expected,
  })
})

test('a tenant that Entra does not know is not consented', async () => {
  const { tokens } = await anEntra(({ path }) => (path.includes('/.well-known/') ? refusing(90002) : undefined))
  await expect(tokens.get(contoso, scope, soon())).rejects.toMatchObject({
    kind: 'NOT_CONSENTED',
    upstreamCode: 'AADSTS90002',
  })
})

test('consent that was given meanwhile works at once', async () => {
  let consented = false
  const { tokens } = await anEntra(({ path }) =>
    path.includes('/oauth2/') && !consented ? refusing(700016) : undefined,
  )
  await expect(tokens.get(contoso, scope, soon())).rejects.toMatchObject({ kind: 'NOT_CONSENTED' })
  consented = true
  expect(await tokens.get(contoso, scope, soon())).toMatch(/^token-/)
})

test('requests at the same time share one, and a dropped token is replaced once', async () => {
  const { tokens, server } = await anEntra(() => undefined)
  const [one, two] = await Promise.all([tokens.get(contoso, scope, soon()), tokens.get(contoso, scope, soon())])
  expect([one, two]).toEqual(['token-1', 'token-1'])
  tokens.drop(contoso, scope, 'token-1')
  expect(await tokens.get(contoso, scope, soon())).toBe('token-2')
  tokens.drop(contoso, scope, 'token-1')
  expect(await tokens.get(contoso, scope, soon())).toBe('token-2')
  expect(server.tokenRequests).toHaveLength(2)
})

test('a silent Entra ends at the deadline, a missing one is a connection that failed', async () => {
  const { tokens } = await anEntra(onToken({ delayMs: 3_000 }))
  await expect(tokens.get(contoso, scope, soon(300))).rejects.toMatchObject({ kind: 'TIMEOUT', service: 'login' })
  const nowhere = createTokens({
    clientId,
    credential: { secret: 'x' },
    entraUrl: 'https://127.0.0.1:9',
    now: Date.now,
  })
  await expect(nowhere.get(contoso, scope, soon(8_000))).rejects.toMatchObject({ kind: 'CONNECTION', status: null })
})

test('a certificate that cannot be read is a fault of our credential', async () => {
  const { tokens } = await anEntra(() => undefined, { credential: { certificatePath: '/nowhere/app.pem' } })
  await expect(tokens.get(contoso, scope, soon())).rejects.toMatchObject({ kind: 'CREDENTIAL_INVALID' })
})

test('a certificate proves who we are with a signed assertion', async () => {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=tourniquet',
    signingAlgorithm: algorithm,
    keys,
  })
  const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  const folder = mkdtempSync(join(tmpdir(), 'tourniquet-'))
  const certificatePath = join(folder, 'app.pem')
  writeFileSync(certificatePath, `${certificate.toString('pem')}\n${key}\n`)
  try {
    const { tokens, server } = await anEntra(() => undefined, { credential: { certificatePath } })
    expect(await tokens.get(contoso, scope, soon())).toBe('token-1')
    const form = new URLSearchParams(String(server.tokenRequests[0]?.body))
    expect(form.get('client_assertion')?.split('.')).toHaveLength(3)
    expect(form.has('client_secret')).toBe(false)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
