import { expect, test } from 'vitest'
import { parseExact } from './json.ts'

test.each([
  ['16752869479666417665', '16752869479666417665'],
  ['[-16752869479666417665, 9007199254740992]', ['-16752869479666417665', '9007199254740992']],
  [' {"a" : 16752869479666417665 }', { a: '16752869479666417665' }],
])('a whole number that a double cannot hold becomes text: %s', (text, value) => {
  expect(parseExact(text)).toEqual(value)
})

test.each([
  '9007199254740991',
  '[1675286947966641.5, 0.12345678901234567, 16752869479666417665.5, 1e16, 1675286947966641766500e2, -1e-16]',
])('every other number stays one: %s', (text) => {
  expect(parseExact(text)).toEqual(JSON.parse(text))
})

test('what only looks like a number inside a text stays as it is, whatever is around it', () => {
  const value = {
    'key":16752869479666417665': ':16752869479666417665,',
    b: '\\',
    c: '"',
    d: '\\" , 16752869479666417665 ]',
    e: ['user\\16752869479666417665', '\n:16752869479666417665'],
  }
  const text = JSON.stringify({ ...value, id: '@' }).replace('"@"', '16752869479666417665')
  expect(parseExact(text)).toEqual({ ...value, id: '16752869479666417665' })
})
