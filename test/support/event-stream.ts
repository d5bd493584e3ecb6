/** A client of the subscription: reads server-sent events as GraphQL over SSE frames them. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { vi } from 'vitest'
import type { As, GraphqlAnswer, TestGateway } from './gateway.ts'

export interface EventStream {
  status: number
  headers: IncomingMessage['headers']
  /** Edges so far, in order. */
  edges: { cursor: string; node: { id: string; title: string } }[]
  /** Codes of the errors so far. */
  codes: string[]
  /** Lines that only keep the connection alive. */
  comments(): number
  /** Whether the server said that nothing more comes. */
  isComplete(): boolean
  /** Whether the connection ended, by whichever side. */
  isOver(): boolean
  /** Takes nothing more from the socket. */
  pause(): void
  goOn(): void
  /** Cuts the connection. */
  cut(): void
}

export const live = `subscription Live($tenantIds: [ID!], $after: String) {
  securityEventAdded(tenantIds: $tenantIds, after: $after) { cursor node { id title tenant { id } } } }`

/** Resolves once the gateway answers with the stream, so once the subscription counts. */
export async function anEventStream(
  gateway: TestGateway,
  variables: { tenantIds?: string[]; after?: string | undefined } = {},
  { as = null, query = live, headers = {} }: { as?: As; query?: string; headers?: Record<string, string> } = {},
): Promise<EventStream> {
  const authorization = gateway.authorizationOf(as)
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const call: ClientRequest = request(`${gateway.url}/graphql`, {
    method: 'POST',
    agent: false,
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      ...(authorization ? { authorization } : {}),
      ...headers,
    },
  })
  call.on('error', reject).on('response', resolve)
  call.end(JSON.stringify({ query, variables }))
  const response = await promise
  let comments = 0
  let complete = false
  let over = false
  let rest = ''
  const stream: EventStream = {
    status: response.statusCode ?? 0,
    headers: response.headers,
    edges: [],
    codes: [],
    comments: () => comments,
    isComplete: () => complete,
    isOver: () => over,
    pause: () => void response.pause(),
    goOn: () => void response.resume(),
    cut: () => void call.destroy(),
  }
  function take(block: string): void {
    if (block.startsWith(':')) comments += 1
    if (block.startsWith('event: complete')) complete = true
    const [, json] = /^event: next\ndata: (.*)$/s.exec(block) ?? []
    if (json === undefined) return
    const { data, errors = [] } = JSON.parse(json) as GraphqlAnswer
    if (data?.securityEventAdded) stream.edges.push(data.securityEventAdded)
    stream.codes.push(...errors.map(({ extensions }) => String(extensions['code'])))
  }
  response.setEncoding('utf8')
  response.on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) take(block)
  })
  response.on('error', () => {})
  response.on('close', () => {
    over = true
  })
  return stream
}

/** Until the stream has as many edges; what came is in the stream. */
export const edgesOf = (stream: EventStream, count: number) =>
  vi.waitFor(
    () => {
      if (stream.edges.length < count) {
        throw new Error(`${stream.edges.length} of ${count} events came; codes: ${stream.codes.join()}`)
      }
    },
    { timeout: 60_000, interval: 20 },
  )
