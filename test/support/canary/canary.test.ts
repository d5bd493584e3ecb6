/** The canary scan sees what it is there to see: every kind of secret, in every place, in every spelling. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { makeSigningKeys, signToken } from '../../../simulator/tokens.ts'
import { generatePassword } from '../../../src/services/passwords/generate.ts'
import { type Collector, collectedIn, collectorIn, places, type SecretKind, secretKinds } from './collect.ts'
import { judge } from './verdict.ts'

const root = resolve(import.meta.dirname, '../../..')
const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

/** The verdict on a run that collected this, through real files. */
function verdictOn(collect: (collector: Collector) => void, everything = false): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'tourniquet-canary-'))
  folders.push(folder)
  collect(
    collectorIn(
      () => folder,
      () => 'a test',
    ),
  )
  return judge(collectedIn(folder), { everything }).faults
}

const keys = makeSigningKeys()
const aToken = () => signToken(keys, { tid: crypto.randomUUID(), iat: Date.now() })
const makers: Record<SecretKind, () => string | Buffer> = {
  'access token of a caller': aToken,
  'access token of ours for Microsoft': aToken,
  'id token': aToken,
  'client assertion': aToken,
  'refresh token': () => `1.${randomBytes(64).toString('base64url')}`,
  'authorization code': () => `1.${randomBytes(48).toString('base64url')}`,
  'PKCE verifier': () => randomBytes(48).toString('base64url'),
  'client secret': () => `secret-of-${crypto.randomUUID()}`,
  'temporary password': () => generatePassword().reveal(),
  'API key': () => `tq_${randomBytes(32).toString('base64url')}`,
  'sealing key': () => randomBytes(32),
  'database password': () => randomBytes(24).toString('hex'),
}
const textOf = (secret: string | Buffer) => (typeof secret === 'string' ? secret : secret.toString('base64'))

describe('the canary scan', () => {
  test.each(secretKinds.flatMap((kind) => places.map((place) => [kind, place] as const)))(
    'finds %s in %s, says where, and does not repeat it',
    (kind, place) => {
      const [planted, other] = [makers[kind](), makers[kind]()]
      const faults = verdictOn((collector) => {
        collector.secret(kind, planted)
        collector.secret(kind, other)
        collector.written(place, 'x', 'nothing here')
        collector.written(place, 'y', `{"some": "text around ${textOf(planted)}"}`)
      })
      const where = `A secret (${kind}, made in "a test") is in a place that must hold none: ${place} y, `
      expect(faults.length).toBeGreaterThan(0)
      for (const fault of faults) expect(fault.startsWith(where)).toBe(true)
      expect(faults.join().includes(textOf(planted).slice(-12))).toBe(false)
    },
  )

  test.each(secretKinds)('finds no %s that was not written', (kind) => {
    const faults = verdictOn((collector) => {
      collector.secret(kind, makers[kind]())
      for (const place of places) collector.written(place, 'x', randomBytes(5_000).toString('hex'))
    })
    expect(faults).toEqual([])
  })

  const password = 'Kp"7+xE=/&c-4%Rm-w3!h'
  test.each<[string, (text: string) => string]>([
    ['as it is', (text) => text],
    ['in hexadecimal', (text) => Buffer.from(text).toString('hex')],
    ['in hexadecimal', (text) => Buffer.from(text).toString('hex').toUpperCase()],
    ...['', 'x', 'xy'].flatMap((before): [string, (text: string) => string][] => [
      ['in base64', (text) => Buffer.from(`${before}${text} and more`).toString('base64')],
      ['in base64', (text) => Buffer.from(`${before}${text} and more`).toString('base64url')],
      ['in base64', (text) => encodeURIComponent(Buffer.from(`${before}${text} and more`).toString('base64'))],
    ]),
    ['URL-encoded', (text) => encodeURIComponent(text)],
    ['URL-encoded', (text) => new URLSearchParams({ text: `${text} and more` }).toString()],
    ['escaped for JSON', (text) => JSON.stringify({ text })],
    ['escaped for JSON twice', (text) => JSON.stringify({ inner: JSON.stringify({ text }) })],
    ['escaped for HTML', (text) => `<p>${text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}</p>`],
  ])('finds a password %s', (form, spelt) => {
    const faults = verdictOn((collector) => {
      collector.secret('temporary password', password)
      collector.written('log', 'x', spelt(password))
    })
    expect(faults[0]).toContain(`log x, ${form}`)
  })

  test('finds a part of a token that was cut, and the bytes of a key in a bytea', () => {
    const token = aToken()
    const key = randomBytes(32)
    const faults = verdictOn((collector) => {
      collector.secret('access token of a caller', token)
      collector.secret('sealing key', key)
      collector.written('log', 'cut', token.slice(-100, -40))
      collector.written('table', 'x', `\\x00${key.toString('hex')}00`)
      collector.written('log', 'header and claims', token.slice(0, token.lastIndexOf('.')))
    })
    expect(faults).toEqual([expect.stringContaining('log cut'), expect.stringContaining('table x, in hexadecimal')])
  })

  test.each([
    ['token', aToken()],
    ['API key', `tq_${randomBytes(32).toString('base64url')}`],
    ['private key', keys.pem],
  ])('knows a %s that nobody told it of by its form', (form, text) => {
    expect(verdictOn((collector) => collector.written('log', 'x', text))).toEqual([expect.stringContaining(form)])
  })
})

describe('the one mail that may carry a password', () => {
  const to = 'carla@example.com'
  const verdictOnMails = (...mails: [to: string, text: string][]) =>
    verdictOn((collector) => {
      collector.secret('temporary password', 'Kp7x-Ec4R-mw3h-9qLt')
      collector.mailAskedFor({ to, password: 'Kp7x-Ec4R-mw3h-9qLt' })
      for (const [recipient, text] of mails) collector.written('mail', recipient, text)
    })
  const asked: [string, string] = [to, 'Temporary password: Kp7x-Ec4R-mw3h-9qLt']

  test('is that which was asked for', () => {
    expect(verdictOnMails(asked)).toEqual([])
  })

  test.each<[string, [string, string][]]>([
    ['a second one', [asked, asked]],
    ['one to somebody else, too', [asked, ['dora@example.com', asked[1]]]],
    ['one to several people', [asked, [`${to}, dora@example.com`, asked[1]]]],
    ['one that says it twice', [[to, `${asked[1]} Kp7x-Ec4R-mw3h-9qLt`]]],
    [
      'one that spells it otherwise besides',
      [[to, `${asked[1]} ${Buffer.from('Kp7x-Ec4R-mw3h-9qLt').toString('hex')}`]],
    ],
  ])('is not %s', (_, mails) => {
    expect(verdictOnMails(...mails).join()).toContain('temporary password')
  })

  test('must have come', () => {
    expect(verdictOnMails()).toEqual([expect.stringContaining('none did')])
  })
})

test('a whole run without some kind of secret or some place is blind, a part of one is not', () => {
  const some = (collector: Collector) => {
    for (const kind of secretKinds.slice(1)) collector.secret(kind, makers[kind]())
    for (const place of places.slice(1)) collector.written(place, 'x', 'y')
  }
  expect(verdictOn(some)).toEqual([])
  expect(verdictOn(some, true)).toEqual([
    expect.stringContaining(`told of no ${secretKinds[0]}`),
    expect.stringContaining(`given no ${places[0]}`),
  ])
})

test('a run that leaks fails, for every place, and prints no secret', { timeout: 120_000 }, () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--silent', '--config', 'test/support/canary/planted.config.ts'],
    { cwd: root, encoding: 'utf8', env: { PATH: process.env['PATH'], NO_COLOR: '1' } },
  )
  const output = stdout + stderr
  expect(output).toMatch(/7 passed/)
  expect(status).toBe(1)
  const found = [...output.matchAll(/A secret \(([^,]+),.*? must hold none: (.+?), (?:as it is|in|URL)/g)]
  expect(new Set(found.map(([, kind, place]) => `${kind}: ${place}`))).toEqual(
    new Set([
      'access token of a caller: table public.operator',
      'access token of a caller: statement to PostgreSQL',
      'API key: statement to PostgreSQL',
      'access token of ours for Microsoft: log of a gateway',
      'database password: output of a process node',
      'temporary password: mail somebody@example.com',
      'client secret: request to Microsoft POST',
      'sealing key: answer /graphql',
      'sealing key: metrics /metrics',
    ]),
  )
  expect(output).not.toMatch(/[\w-]{40,}/)
})
