/** Which content there is: listed in windows that overlap, each stored before the next is asked for. */
import { UpstreamError } from '../../clients/errors.ts'
import { appendAudit } from '../../db/audit.ts'
import { addListed, advanceListing, recordSubscribed } from '../../db/feed.ts'
import { silenceOf } from './faults.ts'
import { recordGap } from './gaps.ts'
import type { Turn } from './turn.ts'
import type { FeedGapReason } from './types.ts'
import { type FeedWindow, oldestListed, planWindows } from './windows.ts'

/** Subscribes first where no subscription is found. One that an administrator switched off (`AF20023`) is left to them. */
export async function listOrSubscribe(turn: Turn): Promise<void> {
  const silence = silenceOf(turn.feed.fault)
  try {
    await list(turn, silence)
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.upstreamCode !== 'AF20022') throw error
    const wasStopped = await subscribe(turn)
    await list(turn, silence ?? (wasStopped ? 'SUBSCRIPTION_OFF' : null))
  }
}

/** Whether there was a subscription before, which somebody stopped. */
async function subscribe({ api, feed, services, write }: Turn): Promise<boolean> {
  const { tenantId, contentType } = feed
  const how = await api.start(contentType)
  const wasSubscribed = feed.listedUntil !== null
  const at = services.now()
  await write(async (tx) => {
    await recordSubscribed(tx, feed, at)
    if (how === 'ALREADY_ENABLED') return
    const sentence = wasSubscribed
      ? `The subscription to ${contentType} was off; the product started it again.`
      : `The product subscribed to ${contentType}: its records arrive from now on.`
    const details = { contentType, again: wasSubscribed, sentence }
    await appendAudit(tx, [{ tenantId, name: 'feed.subscribed', at, operator: null, details }])
  })
  return wasSubscribed && how === 'STARTED'
}

/** `silence`: why nothing was made since the last list, if that is so. */
async function list({ api, feed, services, write }: Turn, silence: FeedGapReason | null): Promise<void> {
  const { contentType, listedUntil, lookedBackAt } = feed
  const { overlapMs, lookBackMs, lookBackEveryMs } = services.timing.feed
  const now = services.now()
  const lookedBack = lookedBackAt === null || now.getTime() - lookedBackAt.getTime() >= lookBackEveryMs
  const plan = planWindows({ listedUntil, now, overlapMs: lookedBack ? lookBackMs : overlapMs })
  const silent = silence !== null && listedUntil !== null ? silentWindow(listedUntil, now) : null
  const forgetBefore = new Date(now.getTime() - lookBackMs - overlapMs)
  for (const [index, window] of plan.windows.entries()) {
    const isLast = index === plan.windows.length - 1
    for await (const page of api.content({ contentType, ...window })) {
      await write((tx) => addListed(tx, feed, page, services.now()))
    }
    await write(async (tx) => {
      if (index === 0 && plan.gap) await recordGap(tx, feed, { ...plan.gap, why: 'NOT_READ_IN_TIME' }, now)
      if (isLast && silence && silent) await recordGap(tx, feed, { ...silent, why: silence }, now)
      await advanceListing(tx, feed, { until: window.until, now, lookedBack: isLast && lookedBack, forgetBefore })
    })
  }
}

/** What is older is a gap of its own. */
const silentWindow = (listedUntil: Date, now: Date): FeedWindow => ({
  from: new Date(Math.max(listedUntil.getTime(), oldestListed(now).getTime())),
  until: now,
})
