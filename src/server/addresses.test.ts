import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { createAddresses } from './addresses.ts'

const asked = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage

test.each([
  ['10.0.0.7', undefined, '10.0.0.7'],
  ['10.0.0.7', '198.51.100.9', '198.51.100.9'],
  ['::ffff:10.0.0.7', '198.51.100.9', '198.51.100.9'],
  // What the client itself wrote stands in front of what the proxy saw.
  ['10.0.0.7', '203.0.113.1, 198.51.100.9', '198.51.100.9'],
  ['10.0.0.7', '203.0.113.1, 198.51.100.9, 10.1.2.3', '198.51.100.9'],
  ['10.0.0.7', 'nonsense', '10.0.0.7'],
  ['10.0.0.7', '203.0.113.1, nonsense', '10.0.0.7'],
  ['10.0.0.7', '', '10.0.0.7'],
  ['192.0.2.1', '198.51.100.9', '192.0.2.1'],
  ['fd00::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::5', undefined, '2001:db8:0:0::/64'],
  ['2001:0db8:0:0:9::5', undefined, '2001:db8:0:0::/64'],
  ['::1', undefined, '0:0:0:0::/64'],
])('%s that forwards for %s is %s', (remote, forwarded, expected) => {
  expect(createAddresses(['10.0.0.0/8', 'fd00::/8']).of(asked(remote, forwarded))).toBe(expected)
})

test('nobody is believed who is not named', () => {
  expect(createAddresses([]).of(asked('10.0.0.7', '198.51.100.9'))).toBe('10.0.0.7')
})
