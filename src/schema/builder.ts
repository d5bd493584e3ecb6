/** The builder that every file of the schema adds to. Fields are non-null unless they say otherwise. */
import SchemaBuilder from '@pothos/core'
import ComplexityPlugin from '@pothos/plugin-complexity'
import ErrorsPlugin from '@pothos/plugin-errors'
import RelayPlugin from '@pothos/plugin-relay'
import type { Role, ServiceContext } from '../context.ts'

export const builder = new SchemaBuilder<{
  Context: ServiceContext
  DefaultFieldNullability: false
  DefaultEdgesNullability: { list: false; items: false }
  Scalars: {
    ID: { Input: string; Output: string }
    DateTime: { Input: Date; Output: Date }
    JSON: { Input: unknown; Output: unknown }
    AccessRole: { Input: Role; Output: Role }
  }
}>({
  plugins: [ErrorsPlugin, ComplexityPlugin, RelayPlugin],
  defaultFieldNullability: false,
  errors: {
    directResult: true,
    defaultTypes: [],
    defaultUnionOptions: { name: ({ fieldName }) => `${fieldName.charAt(0).toUpperCase()}${fieldName.slice(1)}Result` },
  },
  // Only the figures that fields declare are used: the server compares them with the limit before anything runs.
  complexity: { defaultComplexity: 1, defaultListMultiplier: 5 },
  relay: {
    cursorType: 'String',
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    nodeTypeOptions: { description: 'An object with an id of its own, which `node` finds again.' },
    idFieldOptions: { description: 'Opaque and stable: one object has one id wherever it appears.' },
    pageInfoTypeOptions: { description: 'Where a page lies in its list.' },
    hasNextPageFieldOptions: {
      description: 'Whether there are more items after this page: ask again with `after: endCursor`.',
    },
    hasPreviousPageFieldOptions: {
      description: 'Whether this page was asked for with `after`, so that items lie before it.',
    },
    startCursorFieldOptions: { description: 'The cursor of the first item; null on an empty page.' },
    endCursorFieldOptions: {
      description: 'The cursor of the last item, for the `after` of the next page; null on an empty page.',
    },
    cursorFieldOptions: { description: 'Opaque place of this item in its list, for `after`.' },
    nodeFieldOptions: { description: 'The item itself.', nullable: false },
    pageInfoFieldOptions: { description: 'Where this page lies in its list.' },
    edgesFieldOptions: {
      description: 'The items of this page with their cursors.',
      nullable: { list: false, items: false },
      // The connection's own field has counted the page's size already.
      complexity: { field: 1, multiplier: 1 },
    },
  },
})

builder.queryType({ description: 'Reading. Nothing here changes a tenant or costs more than reading it.' })
builder.mutationType({
  description: 'Acting. Each answer is a union: what was done, or a refusal that says what to do next.',
})

builder.subscriptionType({
  description:
    'Being told. Answers come as server-sent events (`accept: text/event-stream`), as the protocol "GraphQL over SSE" has it in its distinct connections mode.',
})

/** A list field's cost: its page size times what is selected. */
export const pageComplexity = (args: { first?: number | null | undefined }) => ({
  field: 1,
  multiplier: Math.min(Math.max(args.first ?? 20, 1), 100),
})

/** Of an argument, or a field of an input, that is a list: `server/inputs.ts` refuses longer ones before anything runs. */
export const atMost = (itemsMax: number, description: string) => ({
  // Not `toLocaleString`: it loads its tables, which takes 13 ms of a start.
  description: `${description} At most ${String(itemsMax).replace(/\B(?=(?:\d{3})+$)/g, ',')}.`,
  extensions: { itemsMax },
})

/** The arguments of every connection. */
export const pageArgDescriptions = {
  first: 'How many items, from 1 to 100. Default 20.',
  after: 'Start after this cursor: `pageInfo.endCursor` of the page before.',
} as const
