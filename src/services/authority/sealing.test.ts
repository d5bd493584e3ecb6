import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { keyedHashes, seal, unseal } from './sealing.ts'
import { openConsentTicket, openTicket, sealTicket, ticketLifetimeMs } from './tickets.ts'

const keys = [randomBytes(32)]
const ids = { operatorId: crypto.randomUUID(), tenantId: crypto.randomUUID() }

test('a sealed text opens with every key that is still held, for its own purpose and binding alone', () => {
  const sealed = seal(keys, 'token', 'a secret', 'tenant one')
  expect(sealed).not.toContain('secret')
  expect(unseal([randomBytes(32), ...keys], 'token', sealed, 'tenant one')).toBe('a secret')
  expect(unseal(keys, 'token', sealed, 'tenant two')).toBeNull()
  expect(unseal(keys, 'cookie', sealed, 'tenant one')).toBeNull()
  expect(unseal([randomBytes(32)], 'token', sealed, 'tenant one')).toBeNull()
})

test('a change of any character is noticed', () => {
  const sealed = seal(keys, 'token', 'a secret')
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`
    expect(unseal(keys, 'token', changed)).toBeNull()
  }
  for (const text of ['', 'A', '!', `${sealed}=`, `${sealed}A`]) expect(unseal(keys, 'token', text)).toBeNull()
})

test('a link names operator and tenant, ends, and is no link of another kind', () => {
  let at = new Date('2026-03-14T15:00:00Z')
  const sealing = { sealingKeys: keys, now: () => at }
  const { ticket, expiresAt } = sealTicket(sealing, ids)
  expect(openTicket(sealing, ticket)).toEqual({ ticket: { ...ids, expiresAt } })
  expect(openConsentTicket(sealing, ticket)).toEqual({ fault: 'INVALID' })
  expect(openTicket(sealing, 'x'.repeat(100_000))).toEqual({ fault: 'INVALID' })
  at = new Date(at.getTime() + ticketLifetimeMs)
  expect(openTicket(sealing, ticket)).toEqual({ fault: 'EXPIRED' })
})

test('a code is stored as a hash that nobody without the key can search for', () => {
  const [hash] = keyedHashes(keys, 'code', 'K7PM2XWA')
  expect(keyedHashes([randomBytes(32), ...keys], 'code', 'K7PM2XWA')[1]).toEqual(hash)
  expect(keyedHashes([randomBytes(32)], 'code', 'K7PM2XWA')[0]).not.toEqual(hash)
})
