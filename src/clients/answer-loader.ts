/** The memory of a session: equal reads are one, and those of a tick leave together. */
import DataLoader from 'dataloader'

export interface AnswerLoader<Request, Result> {
  /** `fresh` asks again, shared only with equal reads that have not left yet. */
  read(request: Request, fresh: boolean): Promise<Result>
  /** After a write: nothing that was read before is true any more. */
  forget(): void
}

/** `dispatch` gets the reads of one tick and answers each with its own promise, so that none waits for another. */
export function createAnswerLoader<Request, Result>(
  keyOf: (request: Request) => string,
  dispatch: (requests: readonly Request[]) => Promise<Result>[],
): AnswerLoader<Request, Result> {
  const memory = new Map<string, Promise<Promise<Result>>>()
  const waiting = new Set<string>()
  const loader = new DataLoader<{ key: string; request: Request }, Promise<Result>, string>(
    async (asked) => {
      waiting.clear()
      return dispatch(asked.map(({ request }) => request))
    },
    { cacheKeyFn: ({ key }) => key, cacheMap: memory },
  )
  return {
    async read(request, fresh) {
      const key = keyOf(request)
      if (fresh && !waiting.has(key)) memory.delete(key)
      if (!memory.has(key)) waiting.add(key)
      return loader.load({ key, request })
    },
    forget() {
      memory.clear()
      waiting.clear()
    },
  }
}
