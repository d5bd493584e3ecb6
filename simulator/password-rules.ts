/** Entra's password policy, and passwords that the service makes itself. */
import { randomInt } from 'node:crypto'
import type { Tenant } from './world.ts'

const lengthMin = 8
const lengthMax = 256
const classes = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/]
const classesMin = 3
// A sample of the global list; the tenant's name counts besides.
const banned = [
  'password',
  'welcome',
  'qwerty',
  'letmein',
  'admin',
  'summer',
  'winter',
  'monday',
  'microsoft',
  'abc123',
]
const pointsMin = 5

/** 8 to 256 characters, three of four classes, and more than banned words with a little around them. */
export function meetsPasswordPolicy(tenant: Pick<Tenant, 'displayName'>, password: string): boolean {
  if (password.length < lengthMin || password.length > lengthMax) return false
  if (classes.filter((one) => one.test(password)).length < classesMin) return false
  return pointsOf(password, [...banned, ...nameWords(tenant)]) >= pointsMin
}

const nameWords = ({ displayName }: Pick<Tenant, 'displayName'>): string[] =>
  displayName
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word.length >= 4)

/** Letters written as digits or signs are read as letters; each banned word is one point, every other character one. */
function pointsOf(password: string, words: readonly string[]): number {
  const alike: Record<string, string> = { '0': 'o', '1': 'l', '3': 'e', '@': 'a', $: 's' }
  let rest = password.toLowerCase().replaceAll(/[013@$]/g, (sign) => alike[sign] ?? sign)
  let points = 0
  for (const word of words) {
    const parts = rest.split(word)
    points += parts.length - 1
    rest = parts.join('')
  }
  return points + rest.length
}

const consonants = 'bcdfghjklmnpqrstvwxz'
const vowels = 'aeiou'

/** Of the form of those that the service makes: `Kuta8153`-like, with a sign. */
export function madePassword(): string {
  const pick = (letters: string): string => letters.charAt(randomInt(letters.length))
  const word = Array.from({ length: 4 }, () => pick(consonants) + pick(vowels)).join('')
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}${randomInt(1000, 10_000)}!`
}
