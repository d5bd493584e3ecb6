/** Answers of the simulator to items of batches, each made once and then replayed: the upstream costs next to nothing. */
import type { Simulator } from '../../simulator/server.ts'

export interface Item {
  id: string
  method: string
  url: string
  headers?: Record<string, string>
  body?: unknown
}

export interface HttpRequest {
  /** With the query. */
  path: string
  method: string
  headers: Record<string, string>
  body: string
}

export interface Recorded {
  status: number
  headers: Record<string, string>
  body: string
}

export interface Replay {
  /** The simulator's answer to a request as a whole, the same ever after. */
  whole(request: HttpRequest): Promise<Recorded>
  /** What follows `"id":"…",` in the response of each item. */
  items(request: HttpRequest, items: readonly Item[]): Promise<string[]>
}

/** Two callers with different tokens never share an answer. */
export function createReplay(simulator: Simulator, origin: string): Replay {
  const wholes = new Map<string, Promise<Recorded>>()
  const parts = new Map<string, string>()

  async function ask({ path, method, headers, body }: HttpRequest): Promise<Recorded> {
    const answer = await simulator.fetch(
      new Request(`${origin}${path}`, { method, headers, ...(method === 'GET' ? {} : { body }) }),
    )
    const kept = [...answer.headers].filter(([name]) => name === 'content-type' || name === 'request-id')
    return { status: answer.status, headers: Object.fromEntries(kept), body: await answer.text() }
  }

  return {
    whole(request) {
      const { path, method, headers, body } = request
      const key = `${headers['authorization']} ${method} ${path} ${body}`
      const answer = wholes.get(key) ?? ask(request)
      wholes.set(key, answer)
      return answer
    },
    async items(request, items) {
      const keyOf = ({ method, url, body }: Item) =>
        `${request.headers['authorization']} ${method} ${url} ${JSON.stringify(body)}`
      const missing = items.filter((item) => !parts.has(keyOf(item)))
      if (missing.length > 0) {
        const answer = await ask({ ...request, body: JSON.stringify({ requests: missing }) })
        if (answer.status !== 200)
          throw new Error(`The simulator answered a batch with ${answer.status}: ${answer.body}`)
        const { responses } = JSON.parse(answer.body) as { responses: { id: string }[] }
        const byId = new Map(responses.map(({ id, ...rest }) => [id, JSON.stringify(rest).slice(1)]))
        for (const item of missing) parts.set(keyOf(item), byId.get(item.id) ?? '"status":500}')
      }
      return items.map((item) => parts.get(keyOf(item)) ?? '')
    },
  }
}
