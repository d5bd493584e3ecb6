import type { ServiceContext } from '../context.ts'
import { sentenceOfGap } from '../services/feed/gaps.ts'
import { type TenantFeed, tenantFeed } from '../services/feed/tenant-feed.ts'
import type { KnownTenant } from '../services/operators/tenants.ts'

export type TypeOfContent = TenantFeed['statuses'][number] & { records: number }

export interface UnreadTime extends Pick<TenantFeed['gaps'][number], 'contentType' | 'why' | 'noticedAt'> {
  from: Date
  until: Date
  message: string
}

export interface FeedOfTenant {
  lastReceivedAt: Date | null
  contents: TypeOfContent[]
  gaps: UnreadTime[]
}

/** Null for a tenant that was never read, and for one that the viewer only asked to connect. */
export async function feed({ id }: KnownTenant, _: unknown, ctx: ServiceContext): Promise<FeedOfTenant | null> {
  if (!ctx.access.tenantIds.includes(id)) return null
  const { statuses, gaps } = await tenantFeed(ctx, id)
  if (statuses.length === 0) return null
  const received = statuses.flatMap(({ receivedAt }) => receivedAt?.getTime() ?? [])
  return {
    lastReceivedAt: received.length === 0 ? null : new Date(Math.max(...received)),
    contents: statuses.map((one) => ({ ...one, records: one.events + one.merged + one.noEvent })),
    gaps: gaps.map(({ contentType, why, noticedAt, beginsAt: from, endsAt: until, blobs }) => ({
      contentType,
      why,
      noticedAt,
      from,
      until,
      message: sentenceOfGap(contentType, { from, until, why, blobs }),
    })),
  }
}
