import { expect, test } from 'vitest'
import { sentenceOf } from './sentences.ts'

const olga = { id: '1', kind: 'PERSON' as const, displayName: 'Olga' }

test.each([
  [
    'remediation.requested',
    { kinds: ['DISABLE_USER', 'REVOKE_SESSIONS'] },
    'Olga asked for: Disable user, Revoke sessions.',
  ],
  [
    'remediation.refused',
    { kinds: ['DISABLE_USER'], code: 'SELF', message: 'This is your own account.' },
    'Olga asked for: Disable user. It was refused: This is your own account.',
  ],
  ['remediation.confirmed', { sentence: 'Disabled Bruno' }, 'Disabled Bruno'],
  ['remediation.skipped', {}, 'Disable user: skipped.'],
  ['events.imported', { events: { USER_ACTIVITY: 2, ROLE_ASSIGNED: 1 } }, 'Olga imported audit records: 3 new events.'],
  ['api_key.created', { name: 'Tickets', roles: ['Events.Read'] }, 'Olga made the API key "Tickets" with Events.Read.'],
  ['privileged_sign_in.ended', { reason: 'EXPIRED' }, 'Olga: privileged sign in ended (EXPIRED).'],
  ['something.new', { sentence: 5, kinds: 'no list' }, 'Olga: something new.'],
])('%s is worded', (name, details, sentence) => {
  expect(sentenceOf({ name, operator: olga, kind: 'DISABLE_USER', details })).toBe(sentence)
})

test('what was done without an operator names the command, or the product', () => {
  const entry = { name: 'tenant.connected', operator: null, kind: null }
  expect(sentenceOf({ ...entry, details: { by: { command: true, systemUser: 'root' } } })).toBe(
    'root at the command line: tenant connected.',
  )
  expect(sentenceOf({ ...entry, details: {} })).toBe('The product: tenant connected.')
})
