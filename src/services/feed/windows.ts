/** Which windows of content are listed next. Pure. */

export interface FeedWindow {
  from: Date
  /** Does not belong to the window. */
  until: Date
}

export interface WindowPlan {
  /** Oldest first, without a hole between them. */
  windows: FeedWindow[]
  /** Content that was never listed and that Microsoft does not list any more. */
  gap: FeedWindow | null
}

export interface WindowRequest {
  /** Null: nothing was listed yet. */
  listedUntil: Date | null
  now: Date
  /** How far before `listedUntil` it is looked again: content can be listed late. */
  overlapMs: number
}

const dayMs = 24 * 60 * 60_000
/** Microsoft lists what was made in the last seven days, by its own clock when the call arrives. */
export const keptMs = 7 * dayMs
const marginMs = 10 * 60_000

/** From when on content can still be listed. */
export const oldestListed = (now: Date): Date => new Date(wholeSecond(now.getTime() - keptMs + marginMs + 999))

/** Windows of at most 24 hours, of whole seconds, from the last one on until now; nothing of what can still be had is left out. */
export function planWindows({ listedUntil, now, overlapMs }: WindowRequest): WindowPlan {
  const oldest = oldestListed(now).getTime()
  const until = wholeSecond(now.getTime())
  const wanted = listedUntil === null ? oldest : wholeSecond(listedUntil.getTime() - overlapMs)
  const windows: FeedWindow[] = []
  for (let from = Math.max(wanted, oldest); from < until; from += dayMs) {
    windows.push({ from: new Date(from), until: new Date(Math.min(from + dayMs, until)) })
  }
  const isLost = listedUntil !== null && listedUntil.getTime() < oldest
  return { windows, gap: isLost ? { from: listedUntil, until: new Date(oldest) } : null }
}

const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000
