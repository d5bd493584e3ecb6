import { describe, expect, test } from 'vitest'
import { canonicalAddress } from './addresses.ts'
import { canonicalJson, eventId, guid, sha256, utcTime } from './ids.ts'
import { listIn, scalarIn } from './json-in-strings.ts'
import { linesOf } from './lines.ts'
import { destinations, mailboxName } from './mailboxes.ts'
import { parseRecord } from './record.ts'
import { plain, storable } from './text.ts'

describe('client addresses (trap 25)', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:52378', '203.0.113.7'],
    ['[203.0.113.7]', '203.0.113.7'],
    ['[203.0.113.7]:1', '203.0.113.7'],
    ['[2001:DB8::0:1]:47114', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8:0:0:0:0:0:1', '2001:db8::1'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:12345', '203.0.113.7'],
    ['::1', '::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['[CORRECTIPV4 (203.0.113.7)]', '203.0.113.7'],
    ['[INCORRECTIPV4 (203.900.0.1)]', null],
    ['NOTANIPV4 (203.9000.0.1)', null],
    ['localhost', null],
    ['cool.client.local:12345', null],
    ['[localhost]:12345', null],
    ['', null],
    ['1.2.3.4, 5.6.7.8', null],
    ['x'.repeat(10_000), null],
  ])('%s', (text, address) => expect(canonicalAddress(text)).toBe(address))
})

describe('times (trap 26)', () => {
  test.each([
    ['2021-06-15T10:09:55', '2021-06-15T10:09:55.000Z'],
    ['2021-06-15T10:09:55Z', '2021-06-15T10:09:55.000Z'],
    ['2021-06-15T10:09:55.1234567Z', '2021-06-15T10:09:55.123Z'],
    ['2021-06-15T10:09:55+02:00', '2021-06-15T08:09:55.000Z'],
    ['2021-02-31T10:09:55', undefined],
    ['2021-13-01T10:09:55', undefined],
    ['0001-01-01T00:00:00', undefined],
    ['4/25/2021 7:00:00 AM', undefined],
    ['', undefined],
  ])('%s', (text, time) => expect(utcTime(text)?.toISOString()).toBe(time))
})

describe('ids', () => {
  const at = new Date('2026-01-31T07:34:51Z')
  test('of events are UUIDs of version 7 that begin with the time and follow from the record', () => {
    const id = eventId(at, 'tenant', 'record', sha256('x'))
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(at.getTime())
    expect(eventId(at, 'tenant', 'record', sha256('x'))).toBe(id)
    for (const other of [eventId(at, 'other', 'record', sha256('x')), eventId(at, 'tenant', 'record', sha256('y'))]) {
      expect(other).not.toBe(id)
    }
  })

  test('of records do not depend on how the JSON is written', () => {
    const [a, b] = ['{"b":[1,{"d":2,"c":3}],"a":"x"}', '{ "a": "\\u0078", "b": [1, {"c": 3, "d": 2}] }']
    expect(canonicalJson(JSON.parse(a))).toBe(canonicalJson(JSON.parse(b)))
    expect(canonicalJson(JSON.parse('{"__proto__":{"x":1}}'))).toBe('{"__proto__":{"x":1}}')
  })

  test('of all zeros are none', () => expect(guid('00000000-0000-0000-0000-000000000000')).toBeUndefined())
})

test('JSON in strings is read, and text that only looks like it is not (trap 9)', () => {
  expect(scalarIn('[\r\n  "siem2"\r\n]')).toBe('siem2')
  expect(scalarIn('[\r\n  true\r\n]')).toBe('true')
  expect(scalarIn('plain')).toBe('plain')
  expect(scalarIn('[]')).toBeUndefined()
  expect(listIn('[] => [[Id: 1]]')).toEqual([])
  expect(listIn('{"a":1}')).toEqual([{ a: 1 }])
})

test('Parameters are read as a list and as one command line (trap 12)', () => {
  expect(parseRecord({ Parameters: [{ Name: 'Name', Value: '.' }, 'x', null] })?.Parameters).toEqual(
    new Map([['Name', '.']]),
  )
  expect(parseRecord({ Parameters: '-Name "foo" -Comment "" -Force True' })?.Parameters).toEqual(
    new Map([
      ['Name', 'foo'],
      ['Comment', ''],
      ['Force', 'True'],
    ]),
  )
  expect(parseRecord({ ModifiedProperties: ['HtmlBody'] })?.ModifiedProperties.size).toBe(0)
})

test('mailboxes are read as address, alias and directory path (trap 19)', () => {
  expect(mailboxName('EUR.PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/contoso.onmicrosoft.com/Pia')).toBe(
    'Pia',
  )
  expect(mailboxName('pia@contoso.com')).toBe('pia@contoso.com')
  expect(mailboxName(' ')).toBeUndefined()
})

test('destinations of forwarding are read in all their forms', () => {
  const internal = new Set(['contoso.com'])
  const whereabouts = (text: string) =>
    destinations(text, internal).map((to) => `${to.whereabouts} ${to.address ?? to.name}`)
  expect(whereabouts('smtp:eve@example.net')).toEqual(['EXTERNAL eve@example.net'])
  expect(whereabouts('"Pia, P" [SMTP:pia@contoso.com];Eve <eve@example.net>')).toEqual([
    'INTERNAL pia@contoso.com',
    'EXTERNAL eve@example.net',
  ])
  expect(whereabouts('Some Contact')).toEqual(['UNKNOWN Some Contact'])
  for (const nothing of ['', ' ; ', '$null', 'False']) expect(whereabouts(nothing)).toEqual([])
})

describe('text out of records', () => {
  test('is one short line without control characters when shown', () => {
    expect(plain('a\u0000\r\n\u001b[31m\u202eb')).toBe('a [31m b')
    expect(plain('x'.repeat(500), 10)).toBe(`${'x'.repeat(9)}…`)
    expect(plain('  ')).toBe('(blank)')
  })
  test('is what the database can hold when stored', () => {
    expect(storable('a\u0000b')).toBe('ab')
    expect(storable('😀😀', 3).isWellFormed()).toBe(true)
    expect(storable('\ud800x').isWellFormed()).toBe(true)
  })
})

describe('lines of a file', () => {
  async function read(text: string, chunkSize: number, bytesMax?: number) {
    const bytes = Buffer.from(text)
    async function* chunks() {
      for (let at = 0; at < bytes.length; at += chunkSize) yield bytes.subarray(at, at + chunkSize)
    }
    const lines = []
    for await (const line of linesOf(chunks(), bytesMax)) lines.push(line)
    return lines
  }

  test('are numbered from 1, whatever the chunks, also without a last line break', async () => {
    for (const size of [1, 2, 3, 100]) {
      expect(await read('ä\n\nc\r\nd', size)).toEqual([
        { line: 1, text: 'ä' },
        { line: 2, text: '' },
        { line: 3, text: 'c\r' },
        { line: 4, text: 'd' },
      ])
    }
  })

  test('that are too long are named and passed over', async () => {
    const lines = await read(`a\n${'x'.repeat(2_000_000)}\nb\n`, 65_536, 1_048_576)
    expect(lines).toEqual([
      { line: 1, text: 'a' },
      { line: 2, text: '', problem: 'The line is longer than 1 MB.' },
      { line: 3, text: 'b' },
    ])
  })
})
