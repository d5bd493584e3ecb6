/** Documents and variables made to cost more than they are worth, by the code that refuses them. */

export const many = (count: number, part: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => part(i)).join(' ')
export const nested = (levels: number, open: string, inner: string, close: string) =>
  open.repeat(levels) + inner + close.repeat(levels)
export const listOf = (count: number, value: unknown) => Array.from({ length: count }, () => value)

const revoke = (name: string) => `${name}: revokeApiKey(input: { apiKeyId: "x" }) { __typename }`

export type Hostile = [title: string, query: string, variables?: Record<string, unknown>]

const tooComplex: Hostile[] = [
  ['31 aliases of one field', `{ ${many(31, (i) => `a${i}: viewer { __typename }`)} }`],
  ['31 aliases of __typename', `{ ${many(31, (i) => `a${i}: __typename`)} }`],
  ['31 aliases in a fragment', `{ ...A } fragment A on Query { ${many(31, (i) => `a${i}: viewer { __typename }`)} }`],
  ['31 aliases on several levels', `{ ${many(16, (i) => `a${i}: viewer { b${i}: operator { id } }`)} }`],
  ['31 mutations', `mutation { ${many(31, (i) => `a${i}: revokeApiKey(input: { apiKeyId: "x" }) { __typename }`)} }`],
  ['two mutations', `mutation { ${revoke('a')} ${revoke('b')} }`],
  [
    'two mutations by fragments',
    `mutation { ...A ... on Mutation { ${revoke('b')} } } fragment A on Mutation { ${revoke('a')} }`,
  ],
  ['two mutations, one of them skipped', `mutation { ${revoke('a')} ... @skip(if: true) { ${revoke('b')} } }`],
  ['21 fields to begin with', `{ ${many(21, () => 'viewer { __typename }')} }`],
  [
    '21 fields to begin with, in fragments',
    `{ ...A ... on Query { ${many(10, () => '__typename')} } } fragment A on Query { ${many(11, () => '__typename')} }`,
  ],
  ['3,000 times __typename', `{ ${many(3_000, () => '__typename')} }`],
  [
    '14 levels',
    `{ node(id: "x") { ... on RemediationRun { ${nested(3, 'event { runs { edges { node { ', 'id', ' } } } }')} } } }`,
  ],
  [
    'levels in fragments',
    `{ node(id: "x") { ...F0 } } ${many(15, (i) => `fragment F${i} on RemediationRun { event { runs { edges { node { ${i < 14 ? `...F${i + 1}` : 'id'} } } } } }`)}`,
  ],
  ['51 directives on one field', `{ __typename ${many(51, () => '@include(if: true)')} }`],
  ['51 directives on many', `{ ${many(51, () => '__typename @skip(if: false)')} }`],
  ['51 directives that nobody knows', `{ __typename ${many(51, (i) => `@evil${i}`)} }`],
  ['700 operations', many(700, (i) => `query Q${i} { __typename }`)],
  ['600 variables', `query (${many(600, (i) => `$v${i}: [String!]!`)}) { __typename }`],
  ['one field 1,400 times', `{ node(id: "x") { ${many(1_400, () => 'id')} } }`],
  ['one field with others in it 120 times', `{ viewer { ${many(120, () => 'grants { roles }')} } }`],
  ['20 times 45 of the same fields', `{ ${many(20, () => `viewer { ${many(45, () => 'operator { id }')} }`)} }`],
  ['the same long arguments 19 times', `{ ${many(19, () => `nodes(ids: [${many(60, () => '"x"')}]) { id }`)} }`],
  [
    'fragments that double 30 times',
    `{ ...F0 } ${many(30, (i) => `fragment F${i} on Query { viewer { __typename } ${i < 29 ? `...F${i + 1} ...F${i + 1}` : ''} }`)}`,
  ],
  [
    'inline fragments around fields that repeat',
    `{ viewer { ${nested(
      40,
      '... { ',
      many(40, () => 'operator { id }'),
      ' }',
    )} } }`,
  ],
  [
    '49 fragments beside 50 others',
    `{ viewer { operator { ${many(50, (i) => `...F${i}`)} } operator { ${many(49, (i) => `...F${50 + i}`)} } } } ${many(99, (i) => `fragment F${i} on Operator { id }`)}`,
  ],
  [
    '101 fragments',
    `{ ${many(101, (i) => `...F${i}`)} } ${many(101, (i) => `fragment F${i} on Query { __typename }`)}`,
  ],
  ['400 fragments that nobody uses', `{ __typename } ${many(400, (i) => `fragment F${i} on Query { x }`)}`],
  [
    'introspection with aliases',
    `{ __schema { types { ${many(30, (i) => `a${i}: fields { type { fields { name } } }`)} } } }`,
  ],
  ['introspection twice', `{ __schema { types { name } } b: __schema { types { name } } }`],
  [
    'introspection of 20 levels',
    `{ __schema { types { fields { type { ${nested(18, 'ofType { ', 'name', ' }')} } } } } }`,
  ],
  ['lists between texts that end them', `{ node(id: ${nested(1_400, '[ "]"', '', ']')}) { id } }`],
  ['a document of 200,000 characters', `{ node(id: "${'x'.repeat(200_000)}") { id } }`],
  ['50,000 comments', `{ __typename } ${'# x\n'.repeat(50_000)}`],
  ['3,000 comments', `{ __typename } ${'# x\n'.repeat(3_000)}`],
  ['800 fragments', `{ __typename } ${many(800, (i) => `fragment F${i} on Query { __typename }`)}`],
  ['an input of 101 levels', `{ securityEvents(filter: ${nested(101, '{ a: ', '1', ' }')}) { edges { cursor } } }`],
  ['a list of 3,000 ids', `{ nodes(ids: [${many(3_000, () => '"x"')}]) { id } }`],
  [
    'a page of pages',
    `{ securityEvents(first: 100) { edges { node { runs(first: 100) { edges { node { steps { kind state } } } } } } } }`,
  ],
  [
    'a page of pages by variables',
    'query ($n: Int) { securityEvents(first: $n) { edges { node { runs(first: $n) { edges { node { steps { kind state } } } } } } } }',
    { n: 100 },
  ],
  [
    'thirty pages beside each other',
    `{ ${many(30, (i) => `a${i}: securityEvents(first: 100) { edges { node { subjects { __typename } availableRemediations { kind } greyedOutReasons { code } } } }`)} }`,
  ],
]

const invalid: Hostile[] = [
  ['a fragment of itself', '{ ...A } fragment A on Query { ...A }'],
  ['three fragments of each other', `{ ...A } ${many(3, (i) => `fragment ${'ABC'[i]} on Query { ...${'BCA'[i]} }`)}`],
  [
    'a fragment of itself, within',
    '{ ...A } fragment A on Query { viewer { ... { __typename } } ... on Query { ...A } }',
  ],
  ['90 fragments that nobody uses', `{ __typename } ${many(90, (i) => `fragment F${i} on Query { x }`)}`],
  ['a field of 60,000 letters', `{ ${'evil'.repeat(15_000)} }`],
  ['a number of 60,000 digits', `{ securityEvents(first: ${'9'.repeat(60_000)}) { edges { cursor } } }`],
  [
    'names that nobody has, 20,000 letters each',
    `query ${'q'.repeat(20_000)} (${many(400, (i) => `$v${i}: Int`)}) { __typename }`,
  ],
  ['@defer', '{ ... @defer { viewer { operator { id } } } }'],
  ['@stream', '{ securityEvents { edges @stream(initialCount: 1) { cursor } } }'],
  ['@include fifty times', `{ __typename ${many(50, () => '@include(if: true)')} }`],
  ['introspection in circles', `{ __schema { types { ${nested(4, 'fields { type { ', 'name', ' } }')} } } }`],
  [
    'introspection in circles of fragments',
    `{ __schema { types { ...T } } } fragment T on __Type { fields { type { ...T } } }`,
  ],
  ['introspection of possible types', `{ __schema { types { ${nested(5, 'possibleTypes { ', 'name', ' }')} } } }`],
  ['500 unknown fields', `{ viewer { ${many(500, (i) => `evil${i}`)} } }`],
  ['400 unknown types', `{ viewer { ${many(400, (i) => `... on Evil${i} { x${i} }`)} } }`],
  ['400 arguments', `{ node(${many(400, (i) => `evil${i}: 1`)}) { id } }`],
  ['one argument 400 times', `{ node(${many(400, () => 'id: "x"')}) { id } }`],
  ['400 unused variables', `query (${many(400, (i) => `$v${i}: Int`)}) { __typename }`],
  ['a number of 300 digits', `{ securityEvents(first: ${'9'.repeat(300)}) { edges { cursor } } }`],
  ['two subscriptions in one', 'subscription { securityEventAdded { cursor } b: securityEventAdded { cursor } }'],
  [
    'a dozen by a fragment',
    `subscription { ...S } fragment S on Subscription { ${many(12, (i) => `s${i}: securityEventAdded { cursor }`)} }`,
  ],
  ['a subscription of introspection', 'subscription { __typename }'],
  ['types', 'type Query { evil: Int } { __typename }'],
]

const noDocument: Hostile[] = [
  ['a name in escapes', '{ \\u0076iewer { __typename } }'],
  ['a code point that is none', '{ node(id: "\\u{110000}") { id } }'],
  ['half a surrogate pair in escapes', '{ node(id: "\\ud83d") { id } }'],
  ['a name beside the alphabet', '{ vi\u0435wer { __typename } }'],
  ['a variable in its own default', 'query ($a: [ID!] = [$a]) { nodes(ids: $a) { id } }'],
  ['an extension of the schema', 'extend schema @link(url: "https://evil.example.com") { __typename }'],
]

const noOperation: Hostile[] = [
  [
    'a query and a mutation without a name',
    '{ __typename } mutation { revokeApiKey(input: { apiKeyId: "x" }) { __typename } }',
  ],
  ['500 operations, none of them named', many(500, (i) => `query Q${i} { __typename }`)],
]

const badInput: Hostile[] = [
  ['60,000 ids in a variable', 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: listOf(60_000, 'x') }],
  ['101 ids', `{ nodes(ids: [${many(101, () => '"x"')}]) { id } }`],
  ['1,001 tenants', `{ securityEvents(tenantIds: [${many(1_001, () => '"x"')}]) { edges { cursor } } }`],
  ['101 types', `{ securityEvents(filter: { types: [${many(101, () => 'USER_ACTIVITY')}] }) { edges { cursor } } }`],
  [
    '5,000 types in a variable',
    'query ($t: [SecurityEventType!]) { securityEvents(filter: { types: $t }) { edges { cursor } } }',
    { t: listOf(5_000, 'USER_ACTIVITY') },
  ],
  [
    '5,000 types within a variable',
    'query ($f: SecurityEventFilter) { securityEvents(filter: $f) { edges { cursor } } }',
    { f: { types: listOf(5_000, 'USER_ACTIVITY') } },
  ],
  ['1,001 ids as a default', `query ($ids: [ID!]! = [${many(1_001, () => '"x"')}]) { nodes(ids: $ids) { id } }`],
  ['an id that is an object', 'query ($id: ID!) { node(id: $id) { id } }', { id: { toString: 'evil' } }],
  ['a list in a list in a list', 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: [[[['x']]]] }],
  [
    'a filter of 1,000 levels',
    'query ($f: SecurityEventFilter) { securityEvents(filter: $f) { edges { cursor } } }',
    { f: JSON.parse(nested(1_000, '{"types":', '1', '}')) },
  ],
  [
    'a filter of 10,000 members',
    'query ($f: SecurityEventFilter) { securityEvents(filter: $f) { edges { cursor } } }',
    { f: Object.fromEntries(listOf(10_000, 0).map((_, i) => [`evil${i}`, 1])) },
  ],
]

export const hostileDocuments = {
  QUERY_TOO_COMPLEX: tooComplex,
  GRAPHQL_VALIDATION_FAILED: invalid,
  GRAPHQL_PARSE_FAILED: noDocument,
  OPERATION_RESOLUTION_FAILURE: noOperation,
  BAD_USER_INPUT: badInput,
} as const satisfies Record<string, readonly Hostile[]>
