/** Waits for tests: the same code in less time. */
import type { ClientTiming } from '../../src/clients/timing.ts'
import { type FeedTiming, productionTiming } from '../../src/timing.ts'

export const quickFeed: FeedTiming = {
  ...productionTiming.feed,
  tickMs: 100,
  tenantsMs: 50,
  pollMs: 100,
  turnMs: 20_000,
  leaseMs: 3_000,
  heartbeatMs: 500,
  backoffMs: 50,
  backoffMsMax: 200,
}

export const quickClients: ClientTiming = { callMs: 10_000, connectMs: 5_000, backoffMs: 20 }
