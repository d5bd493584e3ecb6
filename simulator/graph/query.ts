/** Query options: which are allowed, `$select`, and pages. */
import { badRequest, malformed, unsupportedQuery } from './errors.ts'
import { parseFilter } from './filter.ts'
import { type GraphReply, type GraphRequest, ok, type QueryOption } from './route.ts'

export type Json = Record<string, unknown>

/** A type of Graph's, for `$select`: what exists and what comes without asking. */
export interface EntityShape {
  /** `user` for `microsoft.graph.user`. */
  type: string
  properties: readonly string[]
  defaults: readonly string[]
}

export interface ListOptions {
  /** After `$metadata#`: `users`. */
  context: string
  shape: EntityShape
  /** Names the properties when several types are mixed: one of them has to know a selected property. */
  mixedWith?: readonly EntityShape[]
}

const pageSizeDefault = 100
const pageSizeMax = 999

/** Refuses options that the route does not understand, and advanced queries without their header. */
export function checkQuery({ url, route, headers }: GraphRequest): void {
  const allowed: readonly string[] = route.query ?? []
  for (const name of url.searchParams.keys()) {
    if (name === '$skiptoken' && allowed.includes('$top')) continue
    if (!name.startsWith('$') || allowed.includes(name)) continue
    if (name === '$skip') throw badRequest("'$skip' is not supported by the service.")
    throw unsupportedQuery(`The query specified in the URI is not valid: '${name}' is not supported here.`)
  }
  const count = url.searchParams.get('$count')
  if (count !== null && count !== 'true' && count !== 'false') throw malformed(`Invalid value '${count}' for $count.`)
  const isEventual = headers.consistencylevel?.toLowerCase() === 'eventual'
  if ((route.advanced && count !== 'true') || ((route.advanced || count === 'true') && !isEventual)) {
    throw unsupportedQuery(
      "The query requires the header 'ConsistencyLevel: eventual' and the query option '$count=true'.",
    )
  }
}

export const option = ({ url }: GraphRequest, name: QueryOption): string | null => url.searchParams.get(name)

/** The selected names; null when nothing is selected. Throws 400 for unknown ones. */
export function selection(request: GraphRequest, shapes: readonly EntityShape[]): string[] | null {
  const select = option(request, '$select')
  if (select === null) return null
  const names = select.split(',').map((name) => name.trim())
  return names.map((name) => {
    const properties = shapes.flatMap((shape) => shape.properties)
    const property = properties.find((one) => one.toLowerCase() === name.toLowerCase())
    if (property) return property
    throw malformed(
      `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type 'microsoft.graph.${shapes[0]?.type}'.`,
    )
  })
}

/** Only what was selected or comes by default; annotations and expanded properties stay. */
export function projected(item: Json, selected: readonly string[] | null, shape: EntityShape): Json {
  const names = selected ?? shape.defaults
  return Object.fromEntries(
    Object.entries(item).filter(
      ([name]) => names.includes(name) || name.includes('@') || !shape.properties.includes(name),
    ),
  )
}

const contextOf = (context: string, selected: readonly string[] | null): string =>
  selected ? `${context}(${selected.join(',')})` : context

export function entityReply(request: GraphRequest, item: Json, { context, shape }: ListOptions): GraphReply {
  const selected = selection(request, [shape])
  return ok({
    '@odata.context': `${request.root}/$metadata#${contextOf(context, selected)}/$entity`,
    ...projected(item, selected, shape),
  })
}

const copyOf = (item: object): Json => ({ ...item })

export interface ItemOptions<T> {
  /** What is shown of an item; default: all of it. Filters look at the item as it is given. */
  json?: (item: T) => Json
  shapeOf?: (item: Json) => EntityShape
}

/** Filters, counts and cuts into pages. */
export function listReply<T extends object>(
  request: GraphRequest,
  items: readonly T[],
  options: ListOptions & ItemOptions<T>,
): GraphReply {
  const { context, shape, mixedWith = [], shapeOf = () => shape, json = copyOf } = options
  const selected = selection(request, [shape, ...mixedWith])
  const source = option(request, '$filter')
  const filter = source === null ? null : parseFilter(source, request.route.filterable ?? {})
  const found = filter ? items.filter(filter) : items
  const offset = offsetOf(request)
  const size = pageSizeOf(request)
  const page = found.slice(offset, offset + size).map(json)
  const isCounted = option(request, '$count') === 'true' && offset === 0
  return ok({
    '@odata.context': `${request.root}/$metadata#${contextOf(context, selected)}`,
    ...(isCounted ? { '@odata.count': found.length } : {}),
    ...(offset + size < found.length ? { '@odata.nextLink': nextLink(request, offset + size) } : {}),
    value: page.map((item) => projected(item, selected, shapeOf(item))),
  })
}

function pageSizeOf(request: GraphRequest): number {
  const isPaged = request.route.query?.includes('$top') ?? false
  const top = option(request, '$top')
  if (!isPaged) return Number.POSITIVE_INFINITY
  if (top === null) return pageSizeDefault
  const size = /^\d+$/.test(top) ? Number(top) : Number.NaN
  if (size >= 1 && size <= pageSizeMax) return size
  throw badRequest(`Invalid page size specified: '${top}'. Must be between 1 and ${pageSizeMax} inclusive.`)
}

// Opaque to clients: some letters around the place where the next page begins.
const tokenOf = (offset: number): string => Buffer.from(`RFNwdAoAAQ:${offset}`).toString('base64url')

function offsetOf({ url }: GraphRequest): number {
  const token = url.searchParams.get('$skiptoken')
  if (token === null) return 0
  const offset = /^RFNwdAoAAQ:(\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1]
  if (offset === undefined) throw badRequest('Skip token is not valid.')
  return Number(offset)
}

function nextLink({ url, root }: GraphRequest, offset: number): string {
  const query = [...url.searchParams]
    .filter(([name]) => name !== '$skiptoken')
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return `${root}${url.pathname}?${[...query, `$skiptoken=${tokenOf(offset)}`].join('&')}`
}
