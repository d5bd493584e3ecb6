/** What a path of the feed is. The tables beside this file list them; `app.ts` enforces what is the same for all. */
import type { Caller, Engine } from '../engine-types.ts'
import type { AuditRecord } from '../sample/record-forms.ts'
import { type ActivitySubscription, type ContentType, contentTypes, type Tenant } from '../world.ts'
import { parameterMissing, permissionMissing, unknownContentType } from './errors.ts'

export interface FeedRoute {
  method: 'GET' | 'POST'
  /** Below `/{tenant}/activity/feed`; `{id}` stands for the rest of it. */
  path: string
  /** Throws `FeedError`. */
  handler(request: FeedRequest): FeedAnswer
}

/** A 200. */
export interface FeedAnswer {
  headers?: Record<string, string>
  /** Null: none. */
  body: object | null
}

export interface FeedRequest {
  engine: Engine
  caller: Caller
  /** The caller's; an older state when the read is to be stale. */
  tenant: Tenant
  url: URL
  /** Of the content that the path names; empty when the route has none. */
  contentId: string
  /** Null without one. */
  body: unknown
  history: FeedHistory
}

/** Records of all tenants from before the simulator began. */
export type FeedHistory = () => readonly AuditRecord[]

/** Throws AF10001. */
export function requirePermission({ userId, roles, scopes }: Caller, needed: string): void {
  const held = userId === null ? roles : scopes
  if (!held.includes(needed)) throw permissionMissing(needed, held)
}

/** Names are compared without regard to case. */
export function contentTypeOf({ url }: FeedRequest): ContentType {
  const given = url.searchParams.get('contentType')
  if (!given) throw parameterMissing('contentType')
  const known = contentTypes.find((name) => name.toLowerCase() === given.toLowerCase())
  if (!known) throw unknownContentType()
  return known
}

export const subscriptionOf = ({ tenant, caller }: FeedRequest, type: ContentType): ActivitySubscription | undefined =>
  tenant.activitySubscriptions?.find(({ appId, contentType }) => appId === caller.appId && contentType === type)
