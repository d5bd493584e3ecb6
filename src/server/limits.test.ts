/** Each limit lets pass what reaches it, and not what goes one beyond; before the document is built or validated. */
import { parse } from 'graphql'
import { describe, expect, test } from 'vitest'
import { limitsDefault, parserWithin } from './limits.ts'

const limits = limitsDefault
const parseWithin = parserWithin(limits)
const many = (count: number, part: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => part(i)).join(' ')
const nested = (levels: number, open: string, inner: string, close: string) =>
  open.repeat(levels) + inner + close.repeat(levels)

const fragmentsOf = (count: number) => many(count, (i) => `fragment F${i} on A { b }`)
const half = limits.aliasesMax / 2
const documents: [what: string, document: (count: number) => string, max: number][] = [
  ['characters', (count) => `{ a }${' '.repeat(count - 5)}`, limits.charactersMax],
  ['tokens', (count) => `{ a(x: [${many(count - 9, () => '1')}]) }`, limits.tokensMax],
  ['tokens', (count) => `{ a }${'\n#'.repeat(count - 3)}`, limits.tokensMax],
  ['brackets inside each other', (count) => `{ a(x: ${nested(count - 2, '[", ]"', '1', ']')}) }`, limits.nestingMax],
  ['levels', (count) => `{ ${nested(count - 1, 'a { ', 'b', ' }')} }`, limits.depthMax],
  [
    'levels',
    (count) => `{ a { ...F } } fragment F on A { ${nested(count - 2, '... { a { ', 'b', ' } }')} }`,
    limits.depthMax,
  ],
  [
    'levels of introspection',
    (count) => `{ __type(name: "A") { ${nested(count - 2, 'ofType { ', 'name', ' }')} } }`,
    16,
  ],
  [
    'fields to begin with',
    (count) => `{ ...F ${many(count - 2, (i) => `f${i}`)} } fragment F on A { a b }`,
    limits.rootFieldsMax,
  ],
  ['aliases', (count) => `{ a { ${many(count, (i) => `a${i}: __typename`)} } }`, limits.aliasesMax],
  [
    'aliases',
    (count) =>
      `{ a { ...F } b { ...F } ${count > limits.aliasesMax ? 'a: b' : ''} } fragment F on A { ${many(half, (i) => `a${i}: b`)} }`,
    limits.aliasesMax,
  ],
  [
    'directives',
    (count) => `query ($v: Int @x) @x { ...F @x } fragment F on A @x { a ${many(count - 4, () => '@x')} }`,
    limits.directivesMax,
  ],
  ['fragments', (count) => `{ a } ${many(count, (i) => `fragment F${i} on A { a }`)}`, limits.fragmentsMax],
  [
    'fields',
    (count) =>
      `query A { ${many(19, (i) => `a${i} { ...F }`)} } query B { b { ${many(count - 1_901, (i) => `b${i}`)} } } fragment F on A { ${many(99, (i) => `f${i}`)} }`,
    limits.fieldsMax,
  ],
]

describe.each(documents)('%s', (what, document, max) => {
  test(`${max} pass, one more does not`, () => {
    // Both parse: it is the limit that refuses.
    expect(() => parse(document(max + 1))).not.toThrow()
    expect(parseWithin(document(max)).kind).toBe('Document')
    const refusal = expect.objectContaining({ extensions: expect.objectContaining({ code: 'QUERY_TOO_COMPLEX' }) })
    expect(() => parseWithin(document(max + 1))).toThrow(refusal)
    expect(() => parseWithin(document(max + 1))).toThrow(new RegExp(`more than ${max} ${what}`))
  })
})

test.each<[what: string, document: string, passes: boolean]>([
  ['100 of one name', `{ a { ${many(100, () => 'b')} } }`, true],
  ['101 of one name', `{ a { ${many(101, () => 'b')} } }`, false],
  [
    '101 by way of fragments',
    `{ a { ...F ${many(50, () => 'b')} } } fragment F on A { ${many(51, () => 'b')} }`,
    false,
  ],
  ['101 in a fragment that nobody uses', `{ a } fragment F on A { ${many(101, () => 'b')} }`, false],
  ['101 of as many names', `{ a { ${many(101, (i) => `b${i}`)} } }`, true],
  ['a fragment 101 times', `{ a { ${many(101, () => '...F')} } } fragment F on A { b }`, true],
  ['10 of 10, at two levels', `{ ${many(10, () => `a { ${many(10, () => 'b')} }`)} }`, true],
  ['11 of 10, at two levels', `{ ${many(11, () => `a { ${many(10, () => 'b')} }`)} }`, false],
  ['70 in an inline fragment', `{ a { ... { ${many(70, () => 'b')} } } }`, true],
  ['71 in 2 inline fragments', `{ a { ... { ... { ${many(71, () => 'b')} } } } }`, false],
  ['fragments, too: 70', `{ ${many(5, () => 'a')} b { ${many(70, (i) => `...F${i}`)} } } ${fragmentsOf(70)}`, true],
  ['fragments, too: 72 of one field', `{ b { ${many(72, (i) => `...F${i}`)} } } ${fragmentsOf(72)}`, false],
  ['15 with one argument', `{ ${many(15, () => 'a(x: 1)')} }`, true],
  ['15 with 30 arguments', `{ ${many(15, () => `a(x: [${many(30, () => '1')}])`)} }`, false],
])('fields are compared pair by pair: %s', (_, document, passes) => {
  if (passes) expect(parseWithin(document).kind).toBe('Document')
  else expect(() => parseWithin(document)).toThrow('comparisons of fields of the same name')
})
