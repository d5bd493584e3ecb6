/** Graph in one tenant, for one session. */
import { traceIdAsGuid } from '../../trace.ts'
import { createAnswerLoader } from '../answer-loader.ts'
import type { Bounds } from '../bounds.ts'
import type { Circuit } from '../circuit.ts'
import { isUnauthorized, type UpstreamError } from '../errors.ts'
import { brokenConnection, headerOf } from '../failures.ts'
import { isObject } from '../json.ts'
import { createReadQueue } from '../read-queue.ts'
import type { Answer, GraphClient, ReadOptions, WriteOptions } from '../types.ts'
import { write } from '../write.ts'
import { batchBody, batchResults, type GraphRead, packGraph } from './batch.ts'
import { answerOf, type GraphReply, graphFailure, isSuccess, replyOf } from './errors.ts'
import { checkedPath } from './path.ts'
import { type GraphCall, type GraphSdk, graphVersion } from './sdk.ts'

export interface GraphClientOptions {
  sdk: GraphSdk
  graphUrl: string
  bounds: Bounds
  circuit: Circuit
  /** Told before and after each write. */
  changed(): void
  /** The tenant's token for Graph, and how to forget it; `isOnly`: there is no other one after a 401. */
  token: { get(): Promise<string>; drop(token: string): void; isOnly?: boolean }
}

// A list longer than this is a loop of next links, or nothing that a decision should wait for.
const pagesMax = 1_000

export function createGraphClient({ sdk, graphUrl, bounds, circuit, changed, token }: GraphClientOptions): GraphClient {
  const versionRoot = `${new URL(graphUrl).origin}/${graphVersion}/`

  async function send(call: Omit<GraphCall, 'token' | 'bounds'>, accessToken: string): Promise<GraphReply> {
    const reply = replyOf(await sdk.send({ ...call, token: accessToken, bounds }), call.method !== 'GET')
    if (reply.status === 401) token.drop(accessToken)
    if (!isSuccess(reply.status)) throw graphFailure(reply, bounds.now())
    return reply
  }

  async function sendReads(reads: readonly GraphRead[]): Promise<(Answer | UpstreamError)[]> {
    const accessToken = await token.get()
    const [only] = reads
    if (reads.length === 1 && only) {
      const headers = { ...only.headers, ...callHeaders() }
      const body = only.body === undefined ? undefined : JSON.stringify(only.body)
      return [answerOf(await send({ method: only.method, path: only.path, headers, body }, accessToken))]
    }
    const call = { method: 'POST' as const, path: '/$batch', headers: callHeaders(), body: batchBody(reads) }
    const results = batchResults(await send(call, accessToken), reads.length, bounds.now())
    if (results.some(isUnauthorized)) token.drop(accessToken)
    return results
  }

  const loader = createAnswerLoader(
    keyOf,
    createReadQueue<GraphRead, Answer>({
      service: 'graph',
      bounds,
      circuit,
      pack: (items) => packGraph(items, (item) => item.request.mailbox),
      send: sendReads,
      reauthenticates: token.isOnly !== true,
    }),
  )

  async function read(method: 'GET' | 'POST', path: string, body: unknown, options: ReadOptions): Promise<Answer> {
    const request: GraphRead = {
      method,
      path: checkedPath(path),
      headers: options.headers ?? {},
      mailbox: options.mailbox ?? false,
      ...(body !== undefined && { body }),
    }
    return loader.read(request, options.fresh ?? false)
  }

  /** The next link as a path, only when it leads to where the list came from. */
  function pathOfNextLink(link: string): string {
    if (!link.startsWith(versionRoot)) throw brokenConnection('graph', { mayHaveActed: false, status: 200 })
    return link.slice(versionRoot.length - 1)
  }

  async function list(path: string, options: ReadOptions): Promise<unknown[]> {
    const items: unknown[] = []
    const seen = new Set<string>()
    for (let next: string | null = path; next !== null; ) {
      const { body } = await read('GET', next, undefined, options)
      if (!isObject(body) || !Array.isArray(body.value))
        throw brokenConnection('graph', { mayHaveActed: false, status: 200 })
      items.push(...body.value)
      seen.add(next)
      const link = body['@odata.nextLink']
      next = typeof link === 'string' ? pathOfNextLink(link) : null
      if (next !== null && (seen.has(next) || seen.size >= pagesMax)) {
        throw brokenConnection('graph', { mayHaveActed: false, status: 200 })
      }
    }
    return items
  }

  function forget(): void {
    loader.forget()
    changed()
  }

  async function change(
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body: unknown,
    options: WriteOptions,
  ): Promise<Answer> {
    const checked = checkedPath(path)
    const text = body === undefined ? undefined : JSON.stringify(body)
    forget()
    const conditions = { service: 'graph' as const, bounds, circuit, repeatable: options.repeatable ?? false }
    try {
      return await write(conditions, async () => {
        const headers = { ...callHeaders(), 'x-ms-throttle-priority': 'High' }
        const reply = await send({ method, path: checked, headers, body: text }, await token.get())
        const location = headerOf(reply.headers, 'location')
        // Only where we asked: the token must not be sent anywhere else.
        return { ...answerOf(reply), ...(location?.startsWith(versionRoot) && { location: pathOfNextLink(location) }) }
      })
    } finally {
      // Also what was read while the write was under way.
      forget()
    }
  }

  return {
    get: (path, options = {}) => read('GET', path, undefined, options),
    list: (path, options = {}) => list(path, options),
    query: (path, body, options = {}) => read('POST', path, body, options),
    post: (path, body, options = {}) => change('POST', path, body, options),
    patch: (path, body, options = {}) => change('PATCH', path, body, options),
    delete: (path, options = {}) => change('DELETE', path, undefined, options),
  }
}

const callHeaders = (): Record<string, string> => ({
  accept: 'application/json',
  'accept-encoding': 'identity',
  'client-request-id': traceIdAsGuid(),
})

const keyOf = ({ method, path, headers, body }: GraphRead): string =>
  `${method} ${path} ${JSON.stringify(headers)} ${body === undefined ? '' : JSON.stringify(body)}`
