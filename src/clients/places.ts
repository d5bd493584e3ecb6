/** How many calls of one sort are under way at once: who comes when all places are taken waits for one. */
import { type Bounds, whenOver } from './bounds.ts'

export interface Places {
  areTaken(): boolean
  /** Answers with what gives the place back; null when the bounds were reached first. */
  enter(bounds: Bounds): Promise<(() => void) | null>
}

export function createPlaces(max: number): Places {
  let taken = 0
  const waiting = new Set<() => void>()

  function leave(): void {
    taken -= 1
    const [next] = waiting
    next?.()
  }

  /** Once, however often it is called. */
  function take(): () => void {
    taken += 1
    let isLeft = false
    return () => {
      if (isLeft) return
      isLeft = true
      leave()
    }
  }

  return {
    areTaken: () => taken >= max,
    async enter(bounds) {
      if (taken < max) return take()
      return new Promise((resolve) => {
        const stop = whenOver(bounds, () => {
          waiting.delete(enter)
          resolve(null)
        })
        function enter(): void {
          stop()
          waiting.delete(enter)
          resolve(take())
        }
        waiting.add(enter)
      })
    },
  }
}
