/** GraphQL over HTTP by Yoga: documents are limited, compiled, run, and their errors worded. */
import { useGraphQlJit } from '@envelop/graphql-jit'
import {
  type DocumentNode,
  type ExecutionArgs,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
} from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import { LRUCache } from 'lru-cache'
import type { LiveCaller, ServiceContext, Services } from '../context.ts'
import { schema } from '../schema/index.ts'
import type { Caller } from '../services/operators/authenticate.ts'
import { type Asked, costOf } from './cost.ts'
import { asGraphqlError, presentError } from './errors.ts'
import { checkInputs } from './inputs.ts'
import { type Introspection, mayIntrospect, validationPlugin } from './introspection.ts'
import { checkComplexity, checkMutations, type Limits, operationOf, parserWithin } from './limits.ts'
import type { Cost } from './rates.ts'
import { eventStreamPlugin, type SubscriptionContext, subscribe } from './subscriptions.ts'
import { type TrustedDocuments, trustedDocumentPlugins } from './trusted-documents.ts'

/** What the HTTP side knows of a request before GraphQL begins. */
export interface RequestContext {
  caller: Caller
  requestId: string
  live: LiveCaller
  /** Told what is asked for, in words of the schema, and what it costs, before it runs. Throws to refuse it. */
  onOperation(kind: OperationTypeNode, cost: Cost, fields: readonly string[]): void | Promise<void>
  /** Told the codes of the answer's errors once it is known. */
  onAnswer(codes: string[]): void
}

/** A read that takes longer is of no use to anybody. */
const queryDeadlineMs = 20_000
/** A run goes on after its answer, but no longer than its lease. */
const mutationDeadlineMs = 55_000

/** What a document may be, and who may send which. */
export interface DocumentRules {
  limits: Limits
  introspection: Introspection
  trusted: TrustedDocuments
}

export function createGraphql(services: Services, rules: DocumentRules) {
  return createYoga<RequestContext, Omit<ServiceContext, 'session'>>({
    schema,
    graphqlEndpoint: '/graphql',
    graphiql: false,
    landingPage: false,
    batching: false,
    multipart: false,
    cors: false,
    logging: false,
    // Errors are worded in `errorsPlugin`, which knows the request's id; the body's size is limited where it is read.
    maskedErrors: false,
    maxRequestBodySize: false,
    extraParamNames: ['documentId'],
    parserAndValidationCache: { documentCache: cacheByText<DocumentNode>(), errorCache: cacheByText<object>() },
    context: ({ caller, requestId, live }) => ({
      ...services,
      requestId,
      operator: caller.operator,
      access: caller.access,
      memo: new Map(),
      live,
    }),
    plugins: [
      validationPlugin(rules.introspection),
      ...trustedDocumentPlugins(rules.trusted),
      operationPlugin(services, rules),
      useGraphQlJit(
        {},
        {
          enableIf: ({ document }) => isCompiled(document),
          onError: (result) => services.log.error({ result }, 'A document could not be compiled'),
        },
      ),
      errorsPlugin(services),
      eventStreamPlugin(),
    ],
  })
}

/** By the length of their texts: of the largest documents a thousand would fill the memory. */
const cacheByText = <T extends object>() =>
  new LRUCache<string, T>({
    maxSize: cachedCharactersMax,
    sizeCalculation: (_, text) => Math.max(1, text.length),
    ttl: 3_600_000,
  })
/** Some hundreds of ordinary documents. */
const cachedCharactersMax = 1_000_000

/** Judges the operation's form and size, and opens the session with Microsoft in which it runs. */
function operationPlugin({ microsoft }: Services, { limits, introspection }: DocumentRules): Plugin<RequestContext> {
  const parse = parserWithin(limits)
  function check({ schema, document, operationName, variableValues, contextValue }: ExecutionArgs): Asked | null {
    const operation = operationOf(document, operationName)
    if (!operation) return null
    const variables = variableValues ?? {}
    const { operator } = contextValue as ServiceContext
    checkMutations(document, operation, limits.mutationsMax)
    checkInputs(schema, document, operation, variables, { hideSuggestions: !mayIntrospect(introspection, operator) })
    const complexity = checkComplexity(schema, document, operation, variables, limits.complexityMax)
    return { schema, document, operation, variables, complexity }
  }
  const charge = (asked: Asked, { onOperation }: RequestContext) =>
    onOperation(asked.operation.operation, costOf(asked), rootFields(asked.operation))
  return {
    onParse({ setParseFn }) {
      setParseFn(parse)
    },
    onExecute({ args }) {
      const asked = check(args)
      if (!asked) return
      const { request } = args.contextValue as { request?: Request }
      const charged = charge(asked, args.contextValue)
      const isMutation = asked.operation.operation === 'mutation'
      const deadlineAt = Date.now() + (isMutation ? mutationDeadlineMs : queryDeadlineMs)
      // Whoever asked may hang up: a read ends then, a run does not.
      const signal = isMutation ? null : request?.signal
      Object.assign(args.contextValue, { session: microsoft.session({ deadlineAt, ...(signal ? { signal } : {}) }) })
      return charged
    },
    onSubscribe({ args, setSubscribeFn }) {
      const asked = check(args)
      setSubscribeFn((given: ExecutionArgs) => subscribe(given, given.contextValue as SubscriptionContext))
      if (asked) return charge(asked, args.contextValue)
    },
  }
}

/** Without those of fragments: enough to tell operations apart. */
const rootFields = ({ selectionSet }: OperationDefinitionNode): string[] => [
  ...new Set(selectionSet.selections.flatMap((one) => (one.kind === Kind.FIELD ? [one.name.value] : []))),
]

/**
 * Only plain queries are compiled. The compiler ignores `@defer` and `@stream`, and its cache knows a document but not
 * which of several operations was asked for.
 */
function isCompiled(document: DocumentNode): boolean {
  const known = compiled.get(document)
  if (known !== undefined) return known
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  const incremental = /@(?:defer|stream)\b/.test(document.loc?.source.body ?? '@defer')
  const answer = operations.length === 1 && operations[0]?.operation === 'query' && !incremental
  compiled.set(document, answer)
  return answer
}
const compiled = new WeakMap<DocumentNode, boolean>()

/** The last word on every answer, also on those of requests that never came to execution. */
function errorsPlugin({ log }: Services): Plugin<object, RequestContext> {
  return {
    onResultProcess({ result, setResult, serverContext: { requestId, onAnswer } }) {
      if (Array.isArray(result) || Symbol.asyncIterator in result) return
      const errors = result.errors?.map((error) => presentError(asGraphqlError(error), { requestId, log })) ?? []
      const codes = errors.map(({ extensions }) => String(extensions['code']))
      onAnswer(codes)
      if (errors.length === 0) return
      const failed = !('data' in result) && codes.includes('INTERNAL_SERVER_ERROR')
      setResult({ ...result, errors, ...(failed ? { extensions: { http: { status: 500 } } } : {}) })
    },
  }
}
