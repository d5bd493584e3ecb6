/** What a route of Graph is. The tables beside this file list them; `dispatch.ts` enforces what they say. */
import type { Caller, Engine } from '../engine-types.ts'
import type { Tenant } from '../world.ts'
import { malformed } from './errors.ts'
import type { Filterable } from './filter.ts'

/** Any one suffices; a list inside means all of it. */
export type Alternatives = readonly (string | readonly string[])[]

export interface Permissions {
  application: Alternatives
  delegated: Alternatives
  /** Delegated permissions that suffice when `{id}` is the caller. */
  self?: Alternatives
}

export type QueryOption = '$select' | '$filter' | '$top' | '$expand' | '$count'

export interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** `{name}` stands for one segment or one key; `/users('x')` is matched as `/users/x`. */
  pattern: string
  permissions: Permissions | ((body: unknown) => Permissions)
  /** How a missing permission is said. */
  workload?: 'directory' | 'outlook' | 'roleManagement' | 'authenticationMethods' | 'teams'
  mutates?: boolean
  /** Query options that are understood; others are refused. */
  query?: readonly QueryOption[]
  /** An advanced query: needs `ConsistencyLevel: eventual` and `$count=true`. */
  advanced?: boolean
  filterable?: Filterable
  /** `$expand` takes one of these; with Teams several. */
  expandable?: readonly string[]
  /** Resource units before `$select`, `$expand` and `$top` (default 1). */
  cost?: number
  handler: (request: GraphRequest) => GraphReply | Promise<GraphReply>
}

export interface GraphRequest {
  engine: Engine
  caller: Caller
  /** The caller's; an older state when the read is to be stale. */
  tenant: Tenant
  route: Route
  params: Readonly<Record<string, string>>
  /** Root and path as the client wrote them, for next links. */
  url: URL
  /** `https://host/v1.0` */
  root: string
  headers: Readonly<Record<string, string>>
  body: unknown
  state: GraphState
}

/** Kept by one simulated Graph. */
export interface GraphState {
  /** Answers about absent mailboxes so far: Graph has two codes for them. */
  absentMailboxes: number
  /** Refusals to remove pinned Teams apps so far: Teams says it in two places. */
  pinnedRefusals: number
  /** Calls under way by application and mailbox. */
  underWay: Map<string, number>
}

export interface GraphReply {
  status: number
  headers?: Record<string, string>
  body: unknown
}

export const ok = (body: unknown): GraphReply => ({ status: 200, body })
export const noContent = (): GraphReply => ({ status: 204, body: null })

export function param(request: GraphRequest, name: string): string {
  const value = request.params[name]
  if (value === undefined) throw new Error(`${request.route.pattern} has no {${name}}.`)
  return value
}

const compiled = new Map<string, RegExp>()

/** The path's parameters, decoded; null when the route is another one. */
export function paramsOf(pattern: string, path: string): Record<string, string> | null {
  const match = regularExpressionOf(pattern).exec(keysAsSegments(path))
  if (!match) return null
  const params: Record<string, string> = {}
  for (const [name, value] of Object.entries(match.groups ?? {})) params[name] = decoded(value)
  return params
}

function regularExpressionOf(pattern: string): RegExp {
  const known = compiled.get(pattern)
  if (known) return known
  const source = pattern.replaceAll(/[.$()]/g, String.raw`\$&`).replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')
  const expression = new RegExp(`^${source}/?$`, 'i')
  compiled.set(pattern, expression)
  return expression
}

/** `/users('ada@contoso.com')/memberOf` → `/users/ada@contoso.com/memberOf`; alternate keys `(appId='…')` stay. */
const keysAsSegments = (path: string): string =>
  path.replaceAll('%27', "'").replaceAll(/\('((?:[^'/]|'')*)'\)/g, (_, key: string) => `/${key.replaceAll("''", "'")}`)

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw malformed(`Bad encoding in the request URL: '${text}'.`)
  }
}

const satisfied = (alternatives: Alternatives, granted: readonly string[]): boolean =>
  alternatives.some((needed) =>
    typeof needed === 'string' ? granted.includes(needed) : needed.every((name) => granted.includes(name)),
  )

export const isDelegated = (caller: Caller): boolean => caller.userId !== null

/** `isSelf`: the caller asks about itself. */
export function hasPermission(caller: Caller, permissions: Permissions, isSelf = false): boolean {
  if (!isDelegated(caller)) return satisfied(permissions.application, caller.roles)
  if (satisfied(permissions.delegated, caller.scopes)) return true
  return isSelf && satisfied(permissions.self ?? [], caller.scopes)
}
