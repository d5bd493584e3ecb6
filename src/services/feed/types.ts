/** The feed's own words: types of content, and what can go wrong with them. */

/** Microsoft's types of content, without those of data loss prevention. */
export const feedContentTypes = [
  'Audit.AzureActiveDirectory',
  'Audit.Exchange',
  'Audit.SharePoint',
  'Audit.General',
] as const
export type FeedContentType = (typeof feedContentTypes)[number]

/** Why a type of content is not read at the moment. */
export const feedFaults = [
  /** `AF20023`: an administrator of the tenant switched it off, and only one switches it on again. */
  'SUBSCRIPTION_DISABLED',
  'AUDITING_OFF',
  'PERMISSION_MISSING',
  'TOKEN_REFUSED',
  'CONSENT_MISSING',
  'APP_DISABLED',
  'CREDENTIAL_INVALID',
  'THROTTLED',
  'UNAVAILABLE',
  'REFUSED',
  'INTERNAL',
] as const
export type FeedFault = (typeof feedFaults)[number]

export const feedGapReasons = [
  /** Nobody read for longer than Microsoft keeps content. */
  'NOT_READ_IN_TIME',
  /** It was listed, and gone before it could be fetched. */
  'CONTENT_EXPIRED',
  /** It was given up: Microsoft's answer is no list of records, however often it is asked for. */
  'CONTENT_UNREADABLE',
  /** The subscription was off: what was made meanwhile may be missing. */
  'SUBSCRIPTION_OFF',
  /** The tenant recorded nothing. */
  'AUDITING_OFF',
] as const
export type FeedGapReason = (typeof feedGapReasons)[number]
