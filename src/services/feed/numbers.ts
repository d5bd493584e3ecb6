/** The feeds of all tenants in a few numbers. */
import type { Services } from '../../context.ts'
import { type FeedTotals, feedTotals } from '../../db/feed-status.ts'
import { listAllTenants } from '../../db/tenants.ts'

export type FeedNumbers = Omit<FeedTotals, 'oldestListedUntil'> & {
  /** How far the feed that is furthest behind is behind; null when nothing is read yet. */
  behindSeconds: number | null
}

export async function feedNumbers({ db, now }: Pick<Services, 'db' | 'now'>): Promise<FeedNumbers> {
  const tenantIds = (await db.plain(listAllTenants)).map(({ id }) => id)
  const { oldestListedUntil, ...totals } = await db.withTenants(tenantIds, feedTotals)
  const behindMs = oldestListedUntil && now().getTime() - oldestListedUntil.getTime()
  return { ...totals, behindSeconds: behindMs === null ? null : Math.max(0, behindMs / 1000) }
}
