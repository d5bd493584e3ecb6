import { randomInt } from 'node:crypto'
import { Secret } from './secret.ts'

/** Nothing that is mistaken for something else when it is read aloud or copied by hand: no 0 and O, no 1, l and I, no 5 and S, no B and 8, no 2 and Z. */
const classes = {
  lower: 'abcdefghijkmnpqrstuvwxyz',
  upper: 'ACDEFGHJKLMNPQRTUVWXY',
  digit: '34679',
  symbol: '!#%+=?@',
} as const
const all = Object.values(classes).join('')

const groups = 5
const groupLength = 4

const pick = (from: string): string => from.charAt(randomInt(from.length))

/**
 * Twenty characters of four classes from a cryptographic source, in groups of four joined by hyphens: 24 in all.
 * More than 115 bits.
 */
export function generatePassword(): Secret {
  const required = Object.values(classes).map(pick)
  const rest = Array.from({ length: groups * groupLength - required.length }, () => pick(all))
  const characters = shuffled([...required, ...rest]).join('')
  const parts = Array.from({ length: groups }, (_, index) =>
    characters.slice(index * groupLength, (index + 1) * groupLength),
  )
  return new Secret(parts.join('-'))
}

/** Fisher and Yates, with the same source. */
function shuffled(characters: string[]): string[] {
  const result = [...characters]
  for (let last = result.length - 1; last > 0; last--) {
    const other = randomInt(last + 1)
    const [a, b] = [result[last], result[other]]
    if (a !== undefined && b !== undefined) {
      result[last] = b
      result[other] = a
    }
  }
  return result
}
