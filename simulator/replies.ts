import { randomUUID } from 'node:crypto'
import type { Call, Reply, Service } from './engine-types.ts'

const readingPosts = /\/(getByIds|checkMemberObjects|checkMemberGroups|getMemberObjects|getMemberGroups)$/

/** Whether a call only reads, told by its form: for faults, which strike before a service looks at the call. */
export function isRead(service: Service, call: Pick<Call, 'method' | 'url' | 'body'>): boolean {
  if (call.method === 'GET') return true
  if (service === 'graph') return readingPosts.test(call.url.pathname)
  if (service !== 'exchange') return false
  return /^(Get|Test|Search)-/i.test(cmdletIn(call.body)?.CmdletName ?? '')
}

/** Whether a call would change a tenant. Subscriptions to the activity feed are the caller's own. */
export const isChange = (service: Service, call: Pick<Call, 'method' | 'url' | 'body'>): boolean =>
  service !== 'management' && !isRead(service, call)

/** Of a call of Exchange: what its path does not tell. */
export function cmdletIn(body: unknown): { CmdletName: string; Parameters: unknown } | null {
  const input = typeof body === 'object' && body !== null && 'CmdletInput' in body ? body.CmdletInput : null
  const { CmdletName, Parameters = {} } = (input ?? {}) as { CmdletName?: unknown; Parameters?: unknown }
  return typeof CmdletName === 'string' ? { CmdletName, Parameters } : null
}

const codes: Record<number, string> = {
  400: 'BadRequest',
  401: 'InvalidAuthenticationToken',
  403: 'Authorization_RequestDenied',
  404: 'Request_ResourceNotFound',
  429: 'TooManyRequests',
  500: 'InternalServerError',
  503: 'serviceNotAvailable',
}

const feedCodes: Record<number, string> = { 403: 'AF10001', 429: 'AF429', 500: 'AF50000', 503: 'AF50000' }

/** A refusal in the service's own form, for faults. `retryAfter` in seconds. */
export function refusal(service: Service, status: number, code?: string, retryAfter?: number): Reply {
  const headers = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }
  if (service === 'login') {
    const body = {
      error: code ?? 'temporarily_unavailable',
      error_description: 'AADSTS90033: A transient error has occurred. Please try again.',
      error_codes: [90033],
    }
    return { status, headers, body, mutates: false }
  }
  const requestId = randomUUID()
  const error = {
    code: code ?? (service === 'management' ? feedCodes : codes)[status] ?? 'UnknownError',
    message: 'The simulator was asked to refuse this call.',
    innerError: {
      date: new Date().toISOString().slice(0, 19),
      'request-id': requestId,
      'client-request-id': requestId,
    },
  }
  return { status, headers: { ...headers, 'request-id': requestId }, body: { error }, mutates: false }
}
