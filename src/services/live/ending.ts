/** Why a subscription is not given, or ends. The message is for the caller and says how to go on. */
export type SubscriptionEndCode =
  /** The cursor is too old, or names nothing that the caller may see. */
  'CURSOR_EXPIRED' | 'RATE_LIMITED' | 'SHUTTING_DOWN'

export class SubscriptionEndedError extends Error {
  readonly code: SubscriptionEndCode
  constructor(code: SubscriptionEndCode, message: string) {
    super(message)
    this.name = 'SubscriptionEndedError'
    this.code = code
  }
}

export const cursorExpired = () =>
  new SubscriptionEndedError(
    'CURSOR_EXPIRED',
    'The cursor is too old to go on from, or of a tenant that you no longer see: subscribe anew without "after", then read securityEvents for what came meanwhile.',
  )

export const shuttingDown = () =>
  new SubscriptionEndedError(
    'SHUTTING_DOWN',
    'This gateway is being stopped: subscribe again with the last cursor as "after".',
  )
