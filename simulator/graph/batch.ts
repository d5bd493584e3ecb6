/** `POST /$batch`: up to twenty calls in one request. */
import type { Call, Caller, Reply } from '../engine-types.ts'
import { answer, type Graph, idsOf, withHeaders } from './dispatch.ts'
import { errorReply, GraphError, malformed } from './errors.ts'

interface BatchItem {
  id: string
  method: string
  url: URL
  headers: Record<string, string>
  body: unknown
  dependsOn: string[]
}

export interface BatchRequest {
  caller: Caller
  /** Of the HTTP request. */
  origin: string
  headers: Record<string, string>
  body: unknown
}

const itemsMax = 20
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Throws `CutConnection`. A malformed batch is 400 as a whole and runs nothing. */
export async function answerBatch(graph: Graph, request: BatchRequest): Promise<Reply> {
  const ids = idsOf(request, graph.engine.now())
  try {
    const items = itemsOf(request)
    const replies = await run(graph, request, items)
    const responses = items.map(({ id }, index) => responseOf(id, replies[index]))
    const isThrottled = replies.some(({ status }) => status === 429)
    const status = isThrottled && graph.engine.world.switches?.batchFailsWhole424 ? 424 : 200
    return withHeaders({ status, body: { responses: graph.engine.shuffle(responses) }, mutates: false }, ids)
  } catch (error) {
    if (error instanceof GraphError) return withHeaders(errorReply(error, ids, false), ids)
    throw error
  }
}

async function run(graph: Graph, request: BatchRequest, items: readonly BatchItem[]): Promise<Reply[]> {
  const batchId = graph.engine.newId()
  const byId = new Map<string, Promise<Reply>>()
  for (const item of items) byId.set(item.id, runItem(graph, request, item, batchId, byId))
  // An item that cuts the connection ends the batch, but the others still take effect.
  const settled = await Promise.allSettled(byId.values())
  return settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}

async function runItem(
  graph: Graph,
  request: BatchRequest,
  item: BatchItem,
  batchId: string,
  others: ReadonlyMap<string, Promise<Reply>>,
): Promise<Reply> {
  const { caller } = request
  const headers = { ...withoutBody(request.headers), ...item.headers }
  const call: Call = { method: item.method, url: item.url, headers, body: item.body, caller, batchId }
  const needed = await Promise.all(item.dependsOn.map((id) => others.get(id)))
  const ids = idsOf(call, graph.engine.now())
  if (needed.some((reply) => reply && reply.status >= 400)) {
    return withHeaders(notRun(graph, call, new GraphError(424, 'FailedDependency', 'Failed Dependency')), ids)
  }
  if (/^\/\$batch\/?$/i.test(item.url.pathname)) {
    return withHeaders(notRun(graph, call, malformed('A batch cannot contain a batch.')), ids)
  }
  return answer(graph, call)
}

/** The journal knows of items that were never run, too. */
function notRun({ engine }: Graph, call: Call, error: GraphError): Reply {
  const { caller, batchId, method, url } = call
  engine.journal({
    service: 'graph',
    method,
    path: `${url.pathname}${url.search}`,
    batchId,
    status: error.status,
    tenantId: caller.tenant.id,
    appId: caller.appId,
    userId: caller.userId,
    mutates: false,
  })
  return errorReply(error, idsOf(call, engine.now()), false)
}

const withoutBody = ({ 'client-request-id': id }: Record<string, string>): Record<string, string> =>
  id === undefined ? {} : { 'client-request-id': id }

function responseOf(id: string, reply: Reply | undefined): object {
  const { status = 500, headers = {}, body = null } = reply ?? {}
  return { id, status, headers, body: Buffer.isBuffer(body) ? body.toString('base64') : body }
}

function itemsOf({ body, origin }: BatchRequest): BatchItem[] {
  const requests = isObject(body) ? body.requests : null
  if (!Array.isArray(requests) || requests.length === 0) throw malformed('Invalid batch payload format.')
  if (requests.length > itemsMax) {
    throw malformed(`Number of batch request steps exceeds the maximum value of ${itemsMax}.`)
  }
  const seen = new Set<string>()
  return requests.map((given: unknown) => {
    const item = itemOf(given, origin, seen)
    seen.add(item.id.toLowerCase())
    return { ...item, dependsOn: item.dependsOn.map((name) => originalId(requests, name)) }
  })
}

const originalId = (requests: readonly { id: string }[], name: string): string =>
  requests.find(({ id }) => id.toLowerCase() === name.toLowerCase())?.id ?? name

function itemOf(given: unknown, origin: string, seen: ReadonlySet<string>): BatchItem {
  if (!isObject(given)) throw malformed('Invalid batch payload format.')
  const { id, method, url, headers = {}, body = null, dependsOn = [] } = given
  if (typeof id !== 'string' || id === '') throw malformed('Every request of a batch needs an id.')
  if (seen.has(id.toLowerCase())) throw malformed(`Request id '${id}' is not unique.`)
  const verb = typeof method === 'string' ? method.toUpperCase() : ''
  if (!methods.includes(verb)) throw malformed(`Request id '${id}' has no allowed method.`)
  if (typeof url !== 'string' || url === '') throw malformed(`Request id '${id}' has no url.`)
  if (!isObject(headers) || !Object.values(headers).every((value) => typeof value === 'string')) {
    throw malformed(`Request id '${id}' has headers that are no texts.`)
  }
  if (
    !Array.isArray(dependsOn) ||
    !dependsOn.every((name) => typeof name === 'string' && seen.has(name.toLowerCase()))
  ) {
    throw malformed(`Request id '${id}' depends on a request that does not come before it.`)
  }
  const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]))
  if (body !== null && named['content-type'] === undefined) {
    throw malformed(`Write request id : ${id} does not contain Content-Type header or body.`)
  }
  return { id, method: verb, url: new URL(`${origin}/${url.replace(/^\//, '')}`), headers: named, body, dependsOn }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
