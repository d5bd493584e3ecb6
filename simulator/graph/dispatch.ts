/** One call of Graph: route → permission → query → handler, with errors in Graph's form. */
import { randomUUID } from 'node:crypto'
import type { Call, Engine, Reply } from '../engine-types.ts'
import {
  errorReply,
  forbidden,
  GraphError,
  insufficientPrivileges,
  malformed,
  methodsDenied,
  type RequestIds,
} from './errors.ts'
import { accessDenied } from './mailbox.ts'
import { checkQuery } from './query.ts'
import {
  type GraphRequest,
  type GraphState,
  hasPermission,
  isDelegated,
  type Permissions,
  paramsOf,
  type Route,
} from './route.ts'
import { routesOf, type Version } from './routes.ts'

export interface Graph {
  engine: Engine
  state: GraphState
  version: Version
}

/** Calls of one application to one mailbox that run side by side; the next one is refused. */
const mailboxConcurrency = 4

/** Passes a call through faults and journal, and answers it. Throws `CutConnection`. */
export async function answer(graph: Graph, call: Call): Promise<Reply> {
  const ids = idsOf(call, graph.engine.now())
  const mailbox = mailboxOf(graph, call)
  const { underWay } = graph.state
  const before = mailbox === null ? 0 : (underWay.get(mailbox) ?? 0)
  if (mailbox !== null) underWay.set(mailbox, before + 1)
  try {
    const reply = await graph.engine.perform('graph', call, (current) =>
      before >= mailboxConcurrency ? errorReply(tooManyAtOnce(), ids, false) : handled(graph, current, ids),
    )
    return withHeaders(reply, ids)
  } finally {
    if (mailbox !== null) underWay.set(mailbox, (underWay.get(mailbox) ?? 1) - 1)
  }
}

export function idsOf({ headers }: Pick<Call, 'headers'>, at: Date): RequestIds {
  const requestId = randomUUID()
  return { requestId, clientRequestId: headers['client-request-id'] ?? requestId, at }
}

export function withHeaders(reply: Reply, { requestId, clientRequestId }: RequestIds): Reply {
  const headers = { 'request-id': requestId, 'client-request-id': clientRequestId, ...reply.headers }
  const type = 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8'
  return { ...reply, headers: reply.body === null ? headers : { 'Content-Type': type, ...headers } }
}

async function handled(graph: Graph, call: Call, ids: RequestIds): Promise<Reply> {
  let mutates = false
  try {
    const { route, params } = matched(graph.version, call)
    mutates = route.mutates ?? false
    const request = requestOf(graph, call, route, params)
    checkBody(request)
    checkPermission(request)
    checkQuery(request)
    checkExpand(request)
    const reply = await route.handler(request)
    const headers = { 'x-ms-resource-unit': String(unitsOf(request)), ...reply.headers }
    return { ...reply, headers, mutates }
  } catch (error) {
    if (error instanceof GraphError) return errorReply(error, ids, mutates)
    throw error
  }
}

function matched(version: Version, { method, url }: Call): { route: Route; params: Record<string, string> } {
  const fitting = routesOf[version].flatMap((route) => {
    const params = paramsOf(route.pattern, url.pathname)
    return params ? [{ route, params }] : []
  })
  const found = fitting.find(({ route }) => route.method === method)
  if (found) return found
  if (fitting.length === 0) {
    throw malformed(`Resource not found for the segment '${url.pathname.split('/').findLast(Boolean) ?? ''}'.`)
  }
  const message = 'Specified HTTP method is not allowed for the request target.'
  throw new GraphError(405, 'Request_BadRequest', message, {
    Allow: [...new Set(fitting.map(({ route }) => route.method))].join(', '),
  })
}

const requestOf = (
  { engine, state, version }: Graph,
  { caller, url, headers, body }: Call,
  route: Route,
  params: Record<string, string>,
): GraphRequest => ({
  engine,
  state,
  caller,
  tenant: caller.tenant,
  route,
  params,
  url,
  root: `${url.origin}/${version}`,
  headers,
  body,
})

/** Marks a body that is no JSON; it is refused with the call, in its place. */
export const unreadableBody = Symbol('unreadable body')

function checkBody({ body, headers, route }: GraphRequest): void {
  if (route.method === 'GET' || body === null) return
  if (!headers['content-type']?.toLowerCase().startsWith('application/json')) {
    throw malformed('Entity only allows writes with a JSON Content-Type header.')
  }
  if (body === unreadableBody) throw malformed('Unable to read JSON request payload.')
}

function checkPermission(request: GraphRequest): void {
  const { caller, route, body } = request
  const permissions = typeof route.permissions === 'function' ? route.permissions(body) : route.permissions
  if (!hasPermission(caller, permissions, isAboutCaller(request))) throw refused(request, permissions)
}

function isAboutCaller({ caller, params }: GraphRequest): boolean {
  const id = params.id?.toLowerCase()
  return id !== undefined && (id === caller.userId || id === caller.user?.userPrincipalName.toLowerCase())
}

function refused({ caller, route }: GraphRequest, permissions: Permissions): GraphError {
  switch (route.workload ?? 'directory') {
    case 'directory':
      return insufficientPrivileges()
    case 'outlook':
      return accessDenied()
    case 'authenticationMethods':
      return methodsDenied()
    case 'roleManagement':
    case 'teams':
      return isDelegated(caller)
        ? forbidden(permissions.delegated.flat(), caller.scopes)
        : forbidden(permissions.application.flat(), caller.roles)
  }
}

/** The directory expands one relation only. */
function checkExpand({ url, route }: GraphRequest): void {
  const expand = url.searchParams.get('$expand')
  if (expand === null) return
  const names = route.workload === 'teams' ? expand.split(',') : [expand]
  if (names.every((name) => route.expandable?.includes(name.trim()))) return
  throw malformed(`Parsing OData Select and Expand failed: '${expand}' cannot be expanded here.`)
}

/** https://learn.microsoft.com/graph/throttling-limits: `$select` and small pages are cheaper, `$expand` is dearer. */
function unitsOf({ route, url }: GraphRequest): number {
  const has = (name: string): number => (url.searchParams.has(name) ? 1 : 0)
  const smallPage = url.searchParams.has('$top') && Number(url.searchParams.get('$top')) < 20 ? 1 : 0
  return Math.max(1, (route.cost ?? 1) - has('$select') + has('$expand') - smallPage)
}

/** Names the mailbox that a call is about: application, tenant and user. */
function mailboxOf({ version }: Graph, { method, url, caller }: Call): string | null {
  for (const route of routesOf[version]) {
    if (route.workload !== 'outlook' || route.method !== method) continue
    try {
      const id = paramsOf(route.pattern, url.pathname)?.id?.toLowerCase()
      if (id === undefined) continue
      const user = caller.tenant.users.find((one) => one.id === id || one.userPrincipalName.toLowerCase() === id)
      return `${caller.appId} ${caller.tenant.id} ${user?.id ?? id}`
    } catch {
      return null
    }
  }
  return null
}

const tooManyAtOnce = (): GraphError =>
  new GraphError(429, 'ApplicationThrottled', 'Application is over its MailboxConcurrency limit.', {
    'Retry-After': '1',
  })
