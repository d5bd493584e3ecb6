/** Waits for tests: the same code in less time. */
import type { ClientTiming } from '../../src/clients/timing.ts'
import type { DatabaseTiming } from '../../src/db/connection.ts'
import { type FeedTiming, productionTiming, type Timing } from '../../src/timing.ts'

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

export const quickDatabase: DatabaseTiming = { statementMs: 4_000, transactionMs: 6_000 }

/** Whatever stands still goes on standing. */
export const patientDatabase: DatabaseTiming = { statementMs: 600_000, transactionMs: 600_000 }

/** For runs and their recovery. */
export const quickRuns: Timing = {
  ...productionTiming,
  callDeadlineMs: 4_000,
  readBackMs: 1_500,
  readBackPauseMs: 100,
  leaseMs: 6_000,
  pollMs: 50,
  passwordPollWithinMs: 2_000,
  passwordPollMs: 50,
  firstLookMs: 3_000,
  sweepAfterMs: 2_000,
  sweepEveryMs: 500,
  giveUpMs: 10_000,
}
