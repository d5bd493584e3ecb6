import type { Reply } from '../engine-types.ts'

/** Thrown by handlers, answered in the feed's form. */
export class FeedError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'FeedError'
    this.status = status
    this.code = code
  }
}

export const permissionMissing = (needed: string, held: readonly string[]): FeedError =>
  new FeedError(
    403,
    'AF10001',
    `The permission set (${held.join(', ')}) sent in the request did not include the expected permission ${needed}.`,
  )

export const parameterMissing = (name: string): FeedError =>
  new FeedError(400, 'AF20001', `Missing parameter: ${name}.`)

export const wrongType = (name: string, expected: string): FeedError =>
  new FeedError(400, 'AF20002', `Invalid parameter type: ${name}. Expected type: ${expected}.`)

export const otherTenant = (asked: string, own: string): FeedError =>
  new FeedError(
    400,
    'AF20010',
    `The tenant id of the URL (${asked}) is not the tenant id of the access token (${own}).`,
  )

export const unknownTenant = (id: string): FeedError =>
  new FeedError(400, 'AF20011', `The tenant ${id} does not exist in the system or has been deleted.`)

export const auditingDisabled = (id: string, code = 'AuditingDisabledTenant'): FeedError =>
  new FeedError(400, code, `Auditing is not enabled for the tenant ${id}.`)

export const unknownContentType = (): FeedError =>
  new FeedError(400, 'AF20020', 'The specified content type is not valid.')

/** The simulator calls no webhook: none proves that it is there. */
export const webhookNotValidated = (address: string): FeedError =>
  new FeedError(400, 'AF20021', `The webhook endpoint ${address} could not be validated.`)

export const noSubscription = (): FeedError =>
  new FeedError(400, 'AF20022', 'No subscription was found for the specified content type.')

export const subscriptionDisabled = (): FeedError =>
  new FeedError(400, 'AF20023', 'The subscription was disabled by an administrator.')

export const alreadyEnabled = (): FeedError =>
  new FeedError(400, 'AF20024', 'The subscription is enabled already, and no property changes.')

export const invalidRange = (code: 'AF20030' | 'AF20055'): FeedError =>
  new FeedError(
    400,
    code,
    'Start time and end time must both be specified (or both omitted) and must be less than or equal to 24 hours apart, with the start time no more than 7 days in the past.',
  )

export const invalidNextPage = (): FeedError => new FeedError(400, 'AF20031', 'Invalid nextPage token.')

export const contentUnknown = (id: string): FeedError =>
  new FeedError(400, 'AF20050', `The specified content (${id}) does not exist.`)

export const contentExpired = (id: string): FeedError =>
  new FeedError(400, 'AF20051', `Content requested with the key ${id} has already expired.`)

export const errorReply = ({ status, code, message }: FeedError): Reply => ({
  status,
  body: { error: { code, message } },
  mutates: false,
})

/** What stands before the feed has a form of its own. */
export const unauthenticated = (): Reply => ({
  status: 401,
  headers: { 'WWW-Authenticate': 'Bearer' },
  body: { Message: 'Authorization has been denied for this request.' },
  mutates: false,
})

export const pathUnknown = (path: string): Reply => ({
  status: 404,
  body: { Message: `No HTTP resource was found that matches the request URI '${path}'.` },
  mutates: false,
})

export const methodNotAllowed = (method: string): Reply => ({
  status: 405,
  body: { Message: `The requested resource does not support http method '${method}'.` },
  mutates: false,
})
