/** Graph's `$batch`. */
import type { UpstreamError } from '../errors.ts'
import { brokenConnection, type Headers } from '../failures.ts'
import { isObject } from '../json.ts'
import type { Answer } from '../types.ts'
import { answerOf, type GraphReply, graphFailure, isSuccess } from './errors.ts'

export interface GraphRead {
  method: 'GET' | 'POST'
  path: string
  headers: Record<string, string>
  body?: unknown
  mailbox: boolean
}

const batchSizeMax = 20
// Graph runs at most four Outlook requests of a batch at a time; more would wait for one another.
const mailboxItemsMax = 4

/** As few batches as the limits allow, filled evenly, since the slowest one decides when a page is ready. */
export function packGraph<T>(items: readonly T[], isMailbox: (item: T) => boolean): T[][] {
  const mailbox = items.filter(isMailbox)
  const other = items.filter((item) => !isMailbox(item))
  const count = Math.max(Math.ceil(items.length / batchSizeMax), Math.ceil(mailbox.length / mailboxItemsMax))
  const batches: T[][] = Array.from({ length: count }, () => [])
  // Mailbox items first, then the others go on around: no batch holds two items more than another.
  ;[...mailbox, ...other].forEach((item, index) => {
    batches[index % count]?.push(item)
  })
  return batches
}

export function batchBody(reads: readonly GraphRead[]): string {
  const requests = reads.map((read, index) => {
    const headers = read.method === 'POST' ? { 'Content-Type': 'application/json', ...read.headers } : read.headers
    return {
      id: String(index + 1),
      method: read.method,
      url: read.path,
      ...(Object.keys(headers).length > 0 && { headers }),
      ...(read.body !== undefined && { body: read.body }),
    }
  })
  return JSON.stringify({ requests })
}

/** One result for each read, matched by id: answers come in any order. A missing answer fails its own read only. */
export function batchResults(reply: GraphReply, count: number, nowMs: number): (Answer | UpstreamError)[] {
  const responses = isObject(reply.body) && Array.isArray(reply.body.responses) ? reply.body.responses : null
  if (!responses) throw brokenConnection('graph', { mayHaveActed: false, status: reply.status })
  const byId = new Map<string, GraphReply>()
  for (const response of responses) {
    if (!isObject(response) || typeof response.status !== 'number') continue
    const headers = isObject(response.headers) ? (response.headers as Headers) : {}
    byId.set(String(response.id), { status: response.status, headers, body: response.body ?? null })
  }
  return Array.from({ length: count }, (_, index) => {
    const item = byId.get(String(index + 1))
    if (!item) return brokenConnection('graph', { mayHaveActed: false, status: reply.status })
    return isSuccess(item.status) ? answerOf(item) : graphFailure(item, nowMs)
  })
}
