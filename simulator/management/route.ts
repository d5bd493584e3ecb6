/** What a path of the feed is. The tables beside this file list them; `app.ts` enforces what is the same for all. */
import type { Caller, Engine } from '../engine-types.ts'
import type { Tenant } from '../world.ts'
import { permissionMissing } from './errors.ts'

export interface FeedRoute {
  method: 'GET' | 'POST'
  /** Below `/{tenant}/activity/feed`. */
  path: string
  /** The body of a 200; null is none. Throws `FeedError`. */
  handler(request: FeedRequest): object | null
}

export interface FeedRequest {
  engine: Engine
  caller: Caller
  /** The caller's; an older state when the read is to be stale. */
  tenant: Tenant
  url: URL
  /** Null without one. */
  body: unknown
}

/** Throws AF10001. */
export function requirePermission({ userId, roles, scopes }: Caller, needed: string): void {
  const held = userId === null ? roles : scopes
  if (!held.includes(needed)) throw permissionMissing(needed, held)
}
