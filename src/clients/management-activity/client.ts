/** The Office 365 Management Activity API of one tenant, for one session. */
import { z } from 'zod'
import { createAnswerLoader } from '../answer-loader.ts'
import type { Bounds } from '../bounds.ts'
import type { Circuit } from '../circuit.ts'
import { UpstreamError } from '../errors.ts'
import { headerOf, refusedHere } from '../failures.ts'
import type { Http, HttpAnswer } from '../http.ts'
import { createReadQueue } from '../read-queue.ts'
import type { ContentWindow, ManagementActivityClient } from '../types.ts'
import { bodyOf, managementFailure, unreadable } from './errors.ts'

export interface ManagementActivityClientOptions {
  http: Http
  managementUrl: string
  /** Null: calls count for the quota of all who do not say who they are. */
  publisherTenantId: string | null
  tenantId: string
  bounds: Bounds
  circuit: Circuit
  /** The tenant's token for the API, and how to forget it. */
  token: { get(): Promise<string>; drop(token: string): void }
}

interface Call {
  method: 'GET' | 'POST'
  url: string
}

// What else the API tells of them, such as webhooks, nobody here has a use for.
const subscriptions = z.array(z.object({ contentType: z.string(), status: z.string() }))
const time = z.string().transform((text, context) => {
  // Times are in UTC and may lack the letter that says so.
  const at = new Date(/(?:Z|[+-]\d\d:\d\d)$/i.test(text) ? text : `${text}Z`)
  if (!Number.isNaN(at.getTime())) return at
  context.addIssue({ code: 'custom', message: 'is no time' })
  return z.NEVER
})
const contents = z.array(
  z
    .object({ contentId: z.string(), contentUri: z.string(), contentCreated: time, contentExpiration: time })
    .transform(({ contentId, contentUri, contentCreated, contentExpiration }) => ({
      contentId,
      contentUri,
      createdAt: contentCreated,
      expiresAt: contentExpiration,
    })),
)

export function createManagementActivityClient(options: ManagementActivityClientOptions): ManagementActivityClient {
  const { http, tenantId, bounds, circuit, token, publisherTenantId } = options
  const { origin } = new URL(options.managementUrl)
  const root = `${origin}/api/v1.0/${tenantId}/activity/feed`

  async function send({ method, url }: Call): Promise<HttpAnswer> {
    const accessToken = await token.get()
    const answer = await http.send({
      service: 'management',
      url,
      method,
      headers: {
        accept: 'application/json',
        'accept-encoding': 'identity',
        authorization: `Bearer ${accessToken}`,
        ...(method === 'POST' && { 'content-length': '0' }),
      },
      bounds,
    })
    if (answer.status === 401) token.drop(accessToken)
    if (answer.status < 200 || answer.status >= 300) throw managementFailure(answer, bounds.now())
    return answer
  }

  const queue = createReadQueue<Call, HttpAnswer>({
    service: 'management',
    bounds,
    circuit,
    // The API knows no batch.
    pack: (items) => items.map((item) => [item]),
    send: (calls) => Promise.all(calls.map(send)),
  })
  const loader = createAnswerLoader(({ url }: Call) => url, queue)

  const at = (path: string, parameters: Record<string, string> = {}): string => {
    const url = new URL(`${root}${path}`)
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    return published(url)
  }

  /** With whose quota it counts for. */
  function published(url: URL): string {
    if (publisherTenantId !== null) url.searchParams.set('PublisherIdentifier', publisherTenantId)
    return url.href
  }

  /** An address that an answer named, in whatever version. Our token goes to no other host, and to no other tenant's feed. */
  function followed(address: string): string {
    const url = URL.canParse(address) ? new URL(address) : null
    const feed = new RegExp(`^/api/v[\\d.]+/${tenantId}/activity/feed/`, 'i')
    if (url?.origin === origin && url.username === '' && feed.test(url.pathname)) return published(url)
    throw refusedHere('management', 'The activity feed named an address outside of itself')
  }

  /** Not remembered: content is large, and asked for once. */
  const once = async (call: Call): Promise<HttpAnswer> => {
    const [answer] = queue([call])
    if (!answer) throw new Error('The queue gave no promise.')
    return answer
  }

  async function* content({ contentType, from, until }: ContentWindow) {
    const first = { contentType, startTime: withoutZone(from), endTime: withoutZone(until) }
    const seen = new Set<string>()
    let next: string | null = at('/subscriptions/content', first)
    while (next !== null) {
      if (seen.has(next)) throw refusedHere('management', 'The activity feed goes round in a circle')
      seen.add(next)
      const answer: HttpAnswer = await once({ method: 'GET', url: next })
      const read = contents.safeParse(bodyOf(answer))
      if (!read.success) throw unreadable(answer)
      yield read.data
      const more = headerOf(answer.headers, 'nextpageuri')
      next = more === null || more === '' ? null : followed(more)
    }
  }

  return {
    async subscriptions({ fresh = false } = {}) {
      const answer = await loader.read({ method: 'GET', url: at('/subscriptions/list') }, fresh)
      const read = subscriptions.safeParse(bodyOf(answer))
      if (!read.success) throw unreadable(answer)
      return read.data
    },
    async start(contentType) {
      try {
        // A second start changes nothing, so it is repeated as a read is.
        await once({ method: 'POST', url: at('/subscriptions/start', { contentType }) })
        return 'STARTED'
      } catch (error) {
        if (error instanceof UpstreamError && error.upstreamCode === 'AF20024') return 'ALREADY_ENABLED'
        throw error
      }
    },
    content,
    async blob(contentUri) {
      const answer = await once({ method: 'GET', url: followed(contentUri) })
      const records = recordsOf(answer)
      if (!Array.isArray(records)) throw unreadable(answer)
      return records
    },
  }
}

/** As an import reads a line, so that a record has the same hash whichever way it comes. */
function recordsOf({ bytes }: HttpAnswer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''))
  } catch {
    return undefined
  }
}

/** `YYYY-MM-DDTHH:MM:SS`, the only form with seconds that the API takes. */
const withoutZone = (at: Date): string => at.toISOString().slice(0, 19)
