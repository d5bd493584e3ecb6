/** Subscriptions over server-sent events: each event is executed on its own, as a request of its own would be. */
import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute, type GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { ServiceContext } from '../context.ts'
import type { LiveEvent } from '../services/live/subscriber.ts'
import { asGraphqlError, badUserInput, presentError } from './errors.ts'

/** What the context of a subscription holds besides that of the services. */
export interface SubscriptionContext extends Omit<ServiceContext, 'session'> {
  request: Request
  /** Told the codes of the errors that it ended with. */
  onAnswer(codes: string[]): void
}

export const eventStreamType = 'text/event-stream'

/** The same deadline as a query has. */
export const eventDeadlineMs = 20_000

/** Subscribes, and answers event by event; a fault at the beginning is an ordinary answer. Never rejects. */
export async function subscribe(
  args: ExecutionArgs,
  context: SubscriptionContext,
): Promise<AsyncIterable<ExecutionResult> | ExecutionResult> {
  const { request, log, requestId, onAnswer } = context
  if (!acceptsEventStream(request)) {
    throw badUserInput(`A subscription answers as ${eventStreamType}: say so in "accept".`, [])
  }
  const source = await createSourceEventStream(args)
  if (!(Symbol.asyncIterator in source)) return source
  const events = source[Symbol.asyncIterator]() as AsyncIterator<LiveEvent>
  // A client that goes away while nothing is on its way is noticed by this alone.
  const leave = () => void events.return?.()
  if (request.signal.aborted) leave()
  else request.signal.addEventListener('abort', leave, { once: true })

  const present = (error: unknown): GraphQLError => presentError(asGraphqlError(error), { requestId, log })
  const presented = ({ errors, ...result }: ExecutionResult): ExecutionResult =>
    errors ? { ...result, errors: errors.map(present) } : result
  let ended = false
  function end(codes: string[]): void {
    if (ended) return
    ended = true
    request.signal.removeEventListener('abort', leave)
    onAnswer(codes)
  }

  return {
    [Symbol.asyncIterator]: () => ({
      async next(): Promise<IteratorResult<ExecutionResult>> {
        try {
          const event = ended ? null : await events.next()
          if (event && !event.done) {
            return { done: false, value: presented(await execute({ ...args, ...perEvent(context, event.value) })) }
          }
          end([])
          return { done: true, value: undefined }
        } catch (error) {
          const shown = present(error)
          end([String(shown.extensions['code'])])
          await events.return?.()
          return { done: false, value: { errors: [shown] } }
        }
      },
      async return(): Promise<IteratorResult<ExecutionResult>> {
        await events.return?.()
        end([])
        return { done: true, value: undefined }
      },
    }),
  }
}

/** Nothing is remembered from one event to the next: neither what was loaded, nor what the caller may do. */
function perEvent(context: SubscriptionContext, event: LiveEvent): Pick<ExecutionArgs, 'rootValue' | 'contextValue'> {
  const session = context.microsoft.session({
    deadlineAt: Date.now() + eventDeadlineMs,
    signal: context.request.signal,
  })
  return { rootValue: event, contextValue: { ...context, access: event.access, memo: new Map(), session } }
}

const acceptsEventStream = ({ headers }: Request): boolean =>
  /text\/event-stream|text\/\*|\*\/\*/i.test(headers.get('accept') ?? '*/*')

/**
 * Says to proxies not to gather the stream, and lets go of it when the client is gone, also while the client takes nothing:
 * the adapter waits for it to take more, for ever.
 */
export function eventStreamPlugin(): Plugin {
  return {
    onResponse({ request, response, setResponse, fetchAPI }) {
      const { body, headers } = response
      if (body === null || !headers.get('content-type')?.startsWith(eventStreamType)) return
      const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader()
      const cancel = () => void reader.cancel().catch(() => {})
      if (request.signal.aborted) cancel()
      else request.signal.addEventListener('abort', cancel, { once: true })
      const stream = new fetchAPI.ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const { done, value } = await reader.read()
            if (!done) return controller.enqueue(value)
            request.signal.removeEventListener('abort', cancel)
            controller.close()
          },
          cancel,
        },
        { highWaterMark: 0 },
      )
      setResponse(
        new fetchAPI.Response(stream, {
          status: response.status,
          headers: {
            'content-type': `${eventStreamType}; charset=utf-8`,
            'cache-control': 'no-cache, no-transform',
            'x-accel-buffering': 'no',
          },
        }),
      )
    },
  }
}
