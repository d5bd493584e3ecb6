/** How much one document may ask for. All of it is judged before anything runs. */
import { maxAliasesPlugin } from '@escape.tech/graphql-armor-max-aliases'
import { maxDepthPlugin } from '@escape.tech/graphql-armor-max-depth'
import { maxDirectivesPlugin } from '@escape.tech/graphql-armor-max-directives'
import { maxTokensPlugin } from '@escape.tech/graphql-armor-max-tokens'
import { complexityFromQuery } from '@pothos/plugin-complexity'
import { type DocumentNode, type GraphQLSchema, Kind, type OperationDefinitionNode } from 'graphql'
import { tooComplex } from './errors.ts'

export interface Limits {
  tokensMax: number
  depthMax: number
  aliasesMax: number
  directivesMax: number
  /** Fields asked for, lists multiplied by their page size. */
  complexityMax: number
}

export const limitsDefault: Limits = {
  tokensMax: 3_000,
  depthMax: 12,
  aliasesMax: 30,
  directivesMax: 50,
  complexityMax: 50_000,
}

export function limitPlugins(limits: Limits) {
  const refuse = (what: string, max: number) => ({
    onReject: [
      (): never => {
        throw tooComplex(`The document has more than ${max} ${what}: ask for less at once.`)
      },
    ],
  })
  return [
    maxTokensPlugin({ n: limits.tokensMax, ...refuse('tokens', limits.tokensMax) }),
    maxDepthPlugin({ n: limits.depthMax, flattenFragments: true, ...refuse('levels', limits.depthMax) }),
    maxAliasesPlugin({ n: limits.aliasesMax, ...refuse('aliases', limits.aliasesMax) }),
    maxDirectivesPlugin({ n: limits.directivesMax, ...refuse('directives', limits.directivesMax) }),
  ]
}

/** The operation that a request names; null when it names none or a wrong one, which execution says better. */
export function operationOf(
  document: DocumentNode,
  operationName: string | null | undefined,
): OperationDefinitionNode | null {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  if (!operationName) return operations.length === 1 ? (operations[0] ?? null) : null
  return operations.find(({ name }) => name?.value === operationName) ?? null
}

/** How many fields it asks for, of variables of the right types. Throws `QUERY_TOO_COMPLEX`. */
export function checkComplexity(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
  complexityMax: number,
): number {
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION)
  const query: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] }
  const { complexity } = complexityFromQuery(query, { schema, variables })
  if (complexity > complexityMax) {
    throw tooComplex(
      `The operation asks for ${complexity} fields, at most ${complexityMax} are allowed: take smaller pages or fewer fields.`,
    )
  }
  return complexity
}
