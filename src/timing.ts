/** How long remediations and the feed wait for what. Handed in, so that tests prove the same code in less time. */
export interface Timing {
  /** One step's calls with their retries; well under the lease. */
  callDeadlineMs: number
  /** How long the tenant may take to show what it accepted, within the answer. */
  readBackMs: number
  /** Before the second look; each further pause is twice as long. */
  readBackPauseMs: number
  /** A lease outlives every call's deadline. A run that still lives extends it before each write, and three times in this time. */
  leaseMs: number
  /** How long a run waits for another one on the same target. */
  leaseWaitMs: number
  /** Between two looks at a lease, or at the run that an earlier request with the same key began. */
  pollMs: number
  /** The mutation answers after this time whatever the run does. */
  answerAfterMs: number
  /** How long a password reset is asked how it goes, and how often. */
  passwordPollWithinMs: number
  passwordPollMs: number
  /** When recovery looks at a run for the first time. */
  firstLookMs: number
  /** A run that is younger is still being answered: the sweep leaves it alone. */
  sweepAfterMs: number
  /** Between two sweeps. With a lease it makes less than a minute: by then whatever was left has an outcome. */
  sweepEveryMs: number
  /** After this time a change that the tenant does not show has not happened. */
  giveUpMs: number
  feed: FeedTiming
}

/** How often the activity feed is read, and how far back. */
export interface FeedTiming {
  /** Between two looks into the queue for feeds whose time has come. */
  tickMs: number
  /** Between two looks at which tenants are connected, and which feeds were left. */
  tenantsMs: number
  /** Between two turns on one feed. */
  pollMs: number
  /** After this time a turn begins nothing new, so that others come next. */
  turnMs: number
  /** Whoever dies loses its feeds after this time; a living worker extends them more often. */
  leaseMs: number
  heartbeatMs: number
  /** How far each turn lists again what was listed, because content is listed late. */
  overlapMs: number
  /** The same, further back and less often. */
  lookBackMs: number
  lookBackEveryMs: number
  /** After a fault, where Microsoft names no delay; each further pause is twice as long. */
  backoffMs: number
  backoffMsMax: number
}

export const productionTiming: Timing = {
  callDeadlineMs: 20_000,
  readBackMs: 8_000,
  readBackPauseMs: 400,
  leaseMs: 30_000,
  leaseWaitMs: 15_000,
  pollMs: 200,
  answerAfterMs: 25_000,
  passwordPollWithinMs: 12_000,
  passwordPollMs: 1_000,
  firstLookMs: 45_000,
  sweepAfterMs: 30_000,
  sweepEveryMs: 15_000,
  giveUpMs: 10 * 60_000,
  feed: {
    tickMs: 2_000,
    tenantsMs: 5_000,
    pollMs: 60_000,
    turnMs: 60_000,
    leaseMs: 60_000,
    heartbeatMs: 15_000,
    overlapMs: 60 * 60_000,
    lookBackMs: 24 * 60 * 60_000,
    lookBackEveryMs: 60 * 60_000,
    backoffMs: 30_000,
    backoffMsMax: 15 * 60_000,
  },
}
