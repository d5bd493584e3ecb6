/** The feed of a tenant as it is shown: how far it was read, what is wrong with it, and what never arrives. */
import type { ServiceContext } from '../../context.ts'
import { type FeedGap, type FeedStatus, feedGaps, feedStatuses } from '../../db/feed-status.ts'

export interface TenantFeed {
  /** By type of content; empty for a tenant that was never read. */
  statuses: FeedStatus[]
  /** Newest first. */
  gaps: FeedGap[]
}

export const feedGapsMax = 50

/** Whoever calls has looked whether the operator may see the tenant. Read once for a request. */
export function tenantFeed({ db, memo }: Pick<ServiceContext, 'db' | 'memo'>, tenantId: string): Promise<TenantFeed> {
  const remembered = (memo.get(tenantFeed) ?? new Map()) as Map<string, Promise<TenantFeed>>
  memo.set(tenantFeed, remembered)
  const reading =
    remembered.get(tenantId) ??
    db.withTenants([tenantId], async (tx) => ({
      statuses: await feedStatuses(tx, [tenantId]),
      gaps: await feedGaps(tx, tenantId, feedGapsMax),
    }))
  remembered.set(tenantId, reading)
  return reading
}
