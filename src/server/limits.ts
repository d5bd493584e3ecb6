/** How much one document may ask for. All of it is judged before anything runs. */
import { complexityFromQuery } from '@pothos/plugin-complexity'
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  Lexer,
  type OperationDefinitionNode,
  type ParseOptions,
  parse,
  Source,
  TokenKind,
} from 'graphql'
import { checkForm, type FormLimits, fieldsByName } from './document-form.ts'
import { tooComplex } from './errors.ts'

export interface Limits extends FormLimits {
  charactersMax: number
  /** Comments, too. */
  tokensMax: number
  /** Brackets inside each other. */
  nestingMax: number
  /** Fields asked for, lists multiplied by their page size. */
  complexityMax: number
  /** Mutations of one operation: each is an act that deserves an answer of its own. */
  mutationsMax: number
}

export const limitsDefault: Limits = {
  charactersMax: 100_000,
  tokensMax: 3_000,
  nestingMax: 100,
  depthMax: 12,
  aliasesMax: 30,
  directivesMax: 50,
  rootFieldsMax: 20,
  fieldsMax: 2_000,
  fragmentsMax: 100,
  comparisonsMax: 5_000,
  complexityMax: 50_000,
  mutationsMax: 1,
}

/** A parser that refuses what is too large before it is built, or at the latest before it is validated. */
export const parserWithin =
  (limits: Limits) =>
  (given: string | Source, options?: ParseOptions): DocumentNode => {
    const source = typeof given === 'string' ? new Source(given) : given
    checkTokens(source, limits)
    const document = parse(source, options)
    checkForm(document, limits)
    return document
  }

/** The parser calls itself for each bracket: a document of brackets alone would use up the stack. */
function checkTokens(source: Source, { charactersMax, tokensMax, nestingMax }: Limits): void {
  if (source.body.length > charactersMax) {
    throw tooComplex(`The document has more than ${charactersMax} characters: send large values as variables.`)
  }
  const lexer = new Lexer(source)
  let [count, depth] = [0, 0]
  for (;;) {
    const before = lexer.token
    const token = lexer.advance()
    const { kind } = token
    // Comments are passed over, but kept with the document.
    for (let one = token.prev; one !== null && one !== before; one = one.prev) count += 1
    if (kind === TokenKind.EOF && count <= tokensMax) return
    count += 1
    if (count > tokensMax) throw tooComplex(`The document has more than ${tokensMax} tokens: ask for less at once.`)
    if (opening.has(kind)) depth += 1
    else if (closing.has(kind)) depth -= 1
    if (depth > nestingMax) throw tooComplex(`The document has more than ${nestingMax} brackets inside each other.`)
  }
}

const opening = new Set<TokenKind>([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L])
const closing = new Set<TokenKind>([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R])

/** The operation that a request names; null when it names none or a wrong one, which execution says better. */
export function operationOf(
  document: DocumentNode,
  operationName: string | null | undefined,
): OperationDefinitionNode | null {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  if (!operationName) return operations.length === 1 ? (operations[0] ?? null) : null
  return operations.find(({ name }) => name?.value === operationName) ?? null
}

/** Those with `@skip` count, too. Throws `QUERY_TOO_COMPLEX`. */
export function checkMutations(document: DocumentNode, operation: OperationDefinitionNode, mutationsMax: number): void {
  if (operation.operation !== 'mutation') return
  const fragments = new Map(fragmentsOf(document).map((fragment) => [fragment.name.value, fragment]))
  const fields = [...fieldsByName(operation.selectionSet, fragments).values()]
  const count = fields.filter(([field]) => field?.name.value !== '__typename').length
  if (count <= mutationsMax) return
  throw tooComplex(
    `The operation has ${count} mutations, at most ${mutationsMax} ${mutationsMax === 1 ? 'is' : 'are'} allowed: send each in a request of its own. Nothing was done.`,
  )
}

/** How many fields it asks for, of variables of the right types. Throws `QUERY_TOO_COMPLEX`. */
export function checkComplexity(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
  complexityMax: number,
): number {
  const query: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation, ...fragmentsOf(document)] }
  const { complexity } = complexityFromQuery(query, { schema, variables })
  if (complexity > complexityMax) {
    throw tooComplex(
      `The operation asks for ${complexity} fields, at most ${complexityMax} are allowed: take smaller pages or fewer fields.`,
    )
  }
  return complexity
}

const fragmentsOf = (document: DocumentNode): FragmentDefinitionNode[] =>
  document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
