/** GraphQL over HTTP by Yoga: documents are limited, compiled, run, and their errors worded. */
import { useGraphQlJit } from '@envelop/graphql-jit'
import { type DocumentNode, type ExecutionArgs, Kind, type OperationDefinitionNode } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import type { LiveCaller, ServiceContext, Services } from '../context.ts'
import { schema } from '../schema/index.ts'
import type { Caller } from '../services/operators/authenticate.ts'
import { asGraphqlError, presentError } from './errors.ts'
import { checkNesting, checkTypes, checkValues } from './inputs.ts'
import { checkComplexity, type Limits, limitPlugins, operationOf } from './limits.ts'
import { eventStreamPlugin, type SubscriptionContext, subscribe } from './subscriptions.ts'

/** What the HTTP side knows of a request before GraphQL begins. */
export interface RequestContext {
  caller: Caller
  requestId: string
  live: LiveCaller
  /** Told what is asked for, in words of the schema. */
  onOperation(type: string, fields: readonly string[]): void
  /** Told the codes of the answer's errors once it is known. */
  onAnswer(codes: string[]): void
}

/** A read that takes longer is of no use to anybody. */
const queryDeadlineMs = 20_000
/** A run goes on after its answer, but no longer than its lease. */
const mutationDeadlineMs = 55_000

export function createGraphql(services: Services, limits: Limits) {
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
    context: ({ caller, requestId, live }) => ({
      ...services,
      requestId,
      operator: caller.operator,
      access: caller.access,
      memo: new Map(),
      live,
    }),
    plugins: [
      ...limitPlugins(limits),
      operationPlugin(services, limits.complexityMax),
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

/** Judges the operation's form and size, and opens the session with Microsoft in which it runs. */
function operationPlugin({ microsoft }: Services, complexityMax: number): Plugin {
  function check({ schema, document, operationName, variableValues }: ExecutionArgs) {
    const operation = operationOf(document, operationName)
    if (!operation) return null
    const variables = variableValues ?? {}
    checkTypes(schema, operation, variables)
    checkValues(schema, document, operation, variables)
    checkComplexity(schema, document, operation, variables, complexityMax)
    return operation
  }
  return {
    onParse({ params: { source } }) {
      checkNesting(String(source))
    },
    onExecute({ args }) {
      const operation = check(args)
      if (!operation) return
      const { onOperation, request } = args.contextValue as { request?: Request } & Partial<RequestContext>
      onOperation?.(operation.operation, rootFields(operation))
      const isMutation = operation.operation === 'mutation'
      const deadlineAt = Date.now() + (isMutation ? mutationDeadlineMs : queryDeadlineMs)
      // Whoever asked may hang up: a read ends then, a run does not.
      const signal = isMutation ? null : request?.signal
      Object.assign(args.contextValue, { session: microsoft.session({ deadlineAt, ...(signal ? { signal } : {}) }) })
    },
    onSubscribe({ args, setSubscribeFn }) {
      check(args)
      setSubscribeFn((given: ExecutionArgs) => subscribe(given, given.contextValue as SubscriptionContext))
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
