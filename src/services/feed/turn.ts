/** What a worker works with while a feed is its own. */
import type { ManagementActivityClient } from '../../clients/types.ts'
import type { Services } from '../../context.ts'
import type { Tx } from '../../db/connection.ts'
import type { TakenFeed } from '../../db/feed.ts'

export interface Turn {
  services: Services
  feed: TakenFeed
  api: ManagementActivityClient
  /** Whether something new may still be begun. */
  hasTime(): boolean
  /** A transaction of the tenant that counts only while the feed is ours. Throws `FeedLostError`. */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

/** Another worker has the feed now, or the tenant is connected no more: nothing further may be written. */
export class FeedLostError extends Error {
  constructor() {
    super('The feed is read by somebody else now, or by nobody')
    this.name = 'FeedLostError'
  }
}
