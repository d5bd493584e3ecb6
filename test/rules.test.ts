/** Every rule of the product has a test that shows where it holds and one that shows where it does not. */
import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** Add the id of a rule here once it is kept. */
const rules = [
  ...[
    'B3',
    'B4',
    'B5',
    'B7',
    'B8',
    'B9',
    'B10',
    'B11',
    'B12',
    'B13',
    'B14',
    'B15',
    'B16',
    'B17',
    'B18',
    'B19',
    'B20',
    'B21',
    'B22',
  ],
  ...['B23', 'B24', 'B25', 'B26', 'B27', 'B28', 'B29'],
]
const sides = ['holds', 'does not reach']

/** Titles such as `B7 holds: …` given to a test that runs. */
function titlesIn(source: string): string[] {
  const titled = /(\.\w+)?(?:\]\s*\)|\bas const\s*\))?\(\s*(?:'|"|`)(B\d+ (?:holds|does not reach)): \S/g
  const code = source.replaceAll(/^\s*\/\/.*$/gm, '')
  return [...code.matchAll(titled)].flatMap(([, modifier, title]) =>
    title && !['.skip', '.todo', '.fails'].includes(modifier ?? '') ? [title] : [],
  )
}

const lacking = (titles: readonly string[]): string[] =>
  rules.flatMap((rule) => sides.map((side) => `${rule} ${side}`)).filter((title) => !titles.includes(title))

test('every rule has a test for where it holds, and one for where it does not reach', async () => {
  const root = join(import.meta.dirname, '..')
  const titles: string[] = []
  for await (const file of glob('{src,simulator,test,bench,examples,scripts}/**/*.test.ts', { cwd: root })) {
    titles.push(...titlesIn(readFileSync(join(root, file), 'utf8')))
  }
  expect(lacking(titles)).toEqual([])
})

test('a rule without one of them is named, and a test that does not run counts for nothing', () => {
  const source = rules.flatMap((rule) => sides.map((side) => `test('${rule} ${side}: so', () => {})`)).join('\n')
  expect(lacking(titlesIn(source))).toEqual([])
  expect(lacking(titlesIn(source.replace('B9 holds', 'B9 is kept')))).toEqual(['B9 holds'])
  expect(lacking(titlesIn(source.replace("test('B13 does", "test.todo('B13 does")))).toEqual(['B13 does not reach'])
  expect(lacking(titlesIn(source.replace("test('B20 holds", "// test('B20 holds")))).toEqual(['B20 holds'])
})
