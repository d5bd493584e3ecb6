/** The Office 365 Management Activity API of one tenant, for one session. */
import { z } from 'zod'
import { createAnswerLoader } from '../answer-loader.ts'
import type { Bounds } from '../bounds.ts'
import type { Circuit } from '../circuit.ts'
import type { Http, HttpAnswer } from '../http.ts'
import { createReadQueue } from '../read-queue.ts'
import type { ManagementActivityClient } from '../types.ts'
import { bodyOf, managementFailure, unreadable } from './errors.ts'

export interface ManagementActivityClientOptions {
  http: Http
  managementUrl: string
  tenantId: string
  bounds: Bounds
  circuit: Circuit
  /** The tenant's token for the API, and how to forget it. */
  token: { get(): Promise<string>; drop(token: string): void }
}

// What else the API tells of them, such as webhooks, nobody here has a use for.
const subscriptions = z.array(z.object({ contentType: z.string(), status: z.string() }))

export function createManagementActivityClient(options: ManagementActivityClientOptions): ManagementActivityClient {
  const { http, tenantId, bounds, circuit, token } = options
  const root = `${new URL(options.managementUrl).origin}/api/v1.0/${tenantId}/activity/feed`

  async function send(path: string): Promise<HttpAnswer> {
    const accessToken = await token.get()
    const answer = await http.send({
      service: 'management',
      url: `${root}${path}`,
      method: 'GET',
      headers: {
        accept: 'application/json',
        'accept-encoding': 'identity',
        authorization: `Bearer ${accessToken}`,
      },
      bounds,
    })
    if (answer.status === 401) token.drop(accessToken)
    if (answer.status < 200 || answer.status >= 300) throw managementFailure(answer, bounds.now())
    return answer
  }

  const loader = createAnswerLoader(
    (path: string) => path,
    createReadQueue<string, HttpAnswer>({
      service: 'management',
      bounds,
      circuit,
      // The API knows no batch.
      pack: (items) => items.map((item) => [item]),
      send: (paths) => Promise.all(paths.map(send)),
    }),
  )

  return {
    async subscriptions({ fresh = false } = {}) {
      const answer = await loader.read('/subscriptions/list', fresh)
      const read = subscriptions.safeParse(bodyOf(answer))
      if (!read.success) throw unreadable(answer)
      return read.data
    },
  }
}
