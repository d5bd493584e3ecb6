import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { generatePassword } from './generate.ts'

const passwords = Array.from({ length: 2_000 }, () => generatePassword().reveal())

test('a password has 20 characters or more of four classes', () => {
  for (const password of passwords) {
    expect(password.replaceAll('-', '').length).toBeGreaterThanOrEqual(20)
    for (const kind of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9-]/]) expect(password).toMatch(kind)
  }
})

test('it can be read aloud: nothing in it is mistaken for something else', () => {
  expect(passwords.join('')).not.toMatch(/[0O1lI5SB82Zo|`'"]/)
})

test('no two are the same, and every character turns up', () => {
  expect(new Set(passwords).size).toBe(passwords.length)
  expect(new Set(passwords.join('')).size).toBe('abcdefghijkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXY34679!#%+=?@-'.length)
})

test('it prints as nothing wherever it might slip', () => {
  const secret = generatePassword()
  const slips = [
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ secret }, { depth: 9 }),
    String(Object.values(secret)),
  ]
  for (const slip of slips) expect(slip).not.toContain(secret.reveal())
})
