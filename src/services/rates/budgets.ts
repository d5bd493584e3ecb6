/**
 * Budgets that all gateways share, counted without asking the database for each request. A budget refills steadily: of
 * `quota` in a minute, one is free again every `60/quota` seconds, and all of it can be used at once after a pause.
 *
 * A gateway counts for itself and settles in the background with what the others counted. What it has not settled yet is
 * bounded: beyond a twentieth of the budget it waits for the settlement. So all gateways together give out at most the
 * budget, and of each gateway a twentieth and one request more; and they do so once, not in every minute.
 */
import type { Log } from '../../context.ts'
import type { Database } from '../../db/connection.ts'
import { settleRateLimits } from '../../db/rate-limits.ts'

export const windowMs = 60_000
/** How much of a budget a gateway gives out before the others know of it. */
const unsettledShare = 1 / 20
const settleAfterMs = 250
/** A settlement that takes longer is not waited for, and none is for a while: until then a gateway counts alone. */
const patienceMs = 1_000
const aloneMs = 5_000

export interface Charge {
  /** An operator or a tenant: a GUID. */
  subject: string
  budget: string
  /** In a minute. */
  quota: number
  weight: number
}

export interface State {
  budget: string
  remaining: number
  /** Seconds until the whole budget is free. */
  fullInSeconds: number
}

/** Which budget refused, and when the same request fits again. */
export interface Refused extends State {
  retryAfterSeconds: number
}

export interface Budgets {
  /** Takes all charges, or none of them: at once, unless it must settle first. */
  take(charges: readonly Charge[]): Refused | null | Promise<Refused | null>
  /** What `take` would answer, as far as this gateway knows. */
  refusalOf(charge: Charge): Refused | null
  /** As far as this gateway knows. */
  stateOf(charge: Omit<Charge, 'weight'>): State
}

interface Bucket extends Pick<Charge, 'subject' | 'budget'> {
  /** By our clock. */
  fullAt: number
  /** Milliseconds of refilling that the others do not know of: on their way, and not even that. */
  sending: number
  unsettled: number
}

interface Dependencies {
  db: Database
  log: Log
  now?: () => number
}

export function createBudgets({ db, log, now = () => performance.now() }: Dependencies): Budgets {
  const buckets = new Map<string, Bucket>()
  let timer: NodeJS.Timeout | null = null
  let settling: Promise<boolean> | null = null
  let aloneUntil = 0

  function bucketOf({ subject, budget }: Pick<Charge, 'subject' | 'budget'>): Bucket {
    const key = keyOf({ subject, budget })
    const bucket = buckets.get(key) ?? { subject, budget, fullAt: 0, sending: 0, unsettled: 0 }
    buckets.set(key, bucket)
    return bucket
  }

  const settle = (): Promise<boolean> => {
    settling ??= send().finally(() => (settling = null))
    return settling
  }

  /** False when the database did not take it. Never rejects. */
  async function send(): Promise<boolean> {
    const sent = [...buckets.values()].filter(({ unsettled }) => unsettled > 0)
    if (sent.length === 0) return true
    for (const bucket of sent) {
      bucket.sending = bucket.unsettled
      bucket.unsettled = 0
    }
    try {
      const used = sent.map(({ subject, budget, sending: ms }) => ({ subject, budget, ms }))
      const settled = await db.plain((tx) => settleRateLimits(tx, used))
      for (const one of settled) {
        const bucket = bucketOf(one)
        bucket.fullAt = now() + one.ms + bucket.unsettled
        bucket.sending = 0
      }
      forgetFree()
      return true
    } catch (error) {
      // Perhaps it was taken all the same; what is asked for again never is more than the whole budget.
      for (const bucket of sent) {
        bucket.unsettled = Math.min(windowMs, bucket.unsettled + bucket.sending)
        bucket.sending = 0
      }
      if (now() >= aloneUntil) log.warn({ err: error }, 'Rate limits could not be settled: this gateway counts alone')
      aloneUntil = now() + aloneMs
      return false
    }
  }

  function forgetFree(): void {
    for (const [key, { fullAt, sending, unsettled }] of buckets) {
      if (fullAt <= now() && sending === 0 && unsettled === 0) buckets.delete(key)
    }
  }

  function settleSoon(): void {
    if (timer !== null) return
    timer = setTimeout(() => {
      timer = null
      void settle()
    }, settleAfterMs).unref()
  }

  /** Whether the others do not know of too much to go on. */
  function mustSettle(charge: Charge): boolean {
    const { sending, unsettled } = bucketOf(charge)
    const unknown = sending + unsettled
    return unknown > 0 && unknown + msOf(charge) > windowMs * unsettledShare && now() >= aloneUntil
  }

  /** How much of a budget is used up, in milliseconds of its refilling. */
  const usedMsOf = (charge: Pick<Charge, 'subject' | 'budget'>) =>
    Math.max(0, (buckets.get(keyOf(charge))?.fullAt ?? 0) - now())

  function refusalOf(charge: Charge): Refused | null {
    const usedMs = usedMsOf(charge)
    // What a division leaves over is no reason.
    const lateMs = usedMs + msOf(charge) - windowMs - 1e-3
    return lateMs > 0 ? { ...stateOf(charge, usedMs), retryAfterSeconds: Math.ceil(lateMs / 1_000) } : null
  }

  function takeNow(charges: readonly Charge[]): Refused | null {
    for (const charge of charges) {
      const refusal = refusalOf(charge)
      if (refusal) return refusal
    }
    for (const charge of charges) {
      const bucket = bucketOf(charge)
      bucket.fullAt = Math.max(bucket.fullAt, now()) + msOf(charge)
      bucket.unsettled += msOf(charge)
    }
    settleSoon()
    return null
  }

  async function takeSettled(charges: readonly Charge[]): Promise<Refused | null> {
    while (charges.some(mustSettle)) {
      if (!(await inTime(settle()))) aloneUntil = Math.max(aloneUntil, now() + aloneMs)
    }
    return takeNow(charges)
  }

  return {
    take: (charges) => (charges.some(mustSettle) ? takeSettled(charges) : takeNow(charges)),
    refusalOf,
    stateOf: (charge) => stateOf(charge, usedMsOf(charge)),
  }
}

const keyOf = ({ subject, budget }: Pick<Charge, 'subject' | 'budget'>) => `${subject} ${budget}`

/** What weighs more than the budget passes when nothing of it is used. */
const msOf = ({ weight, quota }: Charge): number => Math.min(1, weight / quota) * windowMs

function stateOf({ budget, quota }: Omit<Charge, 'weight'>, usedMs: number): State {
  return {
    budget,
    remaining: Math.max(0, Math.floor(((windowMs - usedMs) / windowMs) * quota + 1e-6)),
    fullInSeconds: Math.ceil(usedMs / 1_000),
  }
}

async function inTime(work: Promise<boolean>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), patienceMs)
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
