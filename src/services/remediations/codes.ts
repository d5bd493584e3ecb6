/** The closed lists of the API: codes are added, never renamed. */

export const greyedOutCodes = [
  'NO_MAILBOX',
  'NO_FORWARDING',
  'NO_ENABLED_INBOX_RULES',
  'ALREADY_DISABLED',
  'USER_NOT_FOUND',
  'GUEST_USER',
  'FEDERATED_USER',
  'SYSTEM_IDENTITY',
  'ANONYMOUS_IDENTITY',
  'EXTERNAL_IDENTITY',
  'SELF',
  'LAST_GLOBAL_ADMINISTRATOR',
  'APP_ALREADY_REMOVED',
  'MICROSOFT_APP',
  'OWN_APP',
  'MANAGED_IDENTITY',
  'TEAMS_APP_NOT_INSTALLED',
  'TEAMS_APP_PREINSTALLED',
  'RULE_ALREADY_REMOVED',
  'RULE_AMBIGUOUS',
  'SYSTEM_RULE',
  'ACCESS_ALREADY_REMOVED',
  'ACCESS_INHERITED',
  'ACCESS_THROUGH_GROUP',
  'ACCESS_DENIED',
  'MAILBOX_AMBIGUOUS',
  'TENANT_NOT_CONNECTED',
  'TENANT_UNHEALTHY',
  'PERMISSION_MISSING',
  'UPSTREAM_UNAVAILABLE',
  'VIEWER_NOT_ALLOWED',
] as const
export type GreyedOutCode = (typeof greyedOutCodes)[number]

export const remediationWarnings = [
  'DIRECTORY_SYNC_MAY_REVERT',
  'GUEST_SIGNS_IN_ELSEWHERE',
  'CANNOT_BE_UNDONE',
  'OUTLOOK_CLIENT_RULES_LOST',
  'PASSWORD_WRITEBACK_NEEDED',
  'OTHER_ACCESS_REMAINS',
  'TOKENS_LIVE_ON',
] as const
export type RemediationWarning = (typeof remediationWarnings)[number]

export const stepFailureCodes = [
  'INSUFFICIENT_ROLE',
  'PERMISSION_MISSING',
  'PRIVILEGED_SIGN_IN_EXPIRED',
  'SELF',
  'LAST_GLOBAL_ADMINISTRATOR',
  'NOT_FOUND',
  'THROTTLED',
  'UPSTREAM_ERROR',
  'TIMEOUT',
  'NOT_CONFIRMED',
  'PASSWORD_POLICY',
  'PASSWORD_WRITEBACK_FAILED',
  'DELIVERY_FAILED',
  'TEAMS_APP_PREINSTALLED',
  'READ_ONLY_RULE',
  'CONFLICT',
] as const
export type StepFailureCode = (typeof stepFailureCodes)[number]

export const impacts = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const
export type Impact = (typeof impacts)[number]

export const runStatuses = ['RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'UNKNOWN'] as const
export type RunStatus = (typeof runStatuses)[number]

/** `PENDING` steps have not begun; the API shows them as `RUNNING`. */
export const stepStates = ['CONFIRMED', 'ACCEPTED', 'SKIPPED', 'FAILED', 'UNKNOWN', 'RUNNING'] as const
export type StepState = (typeof stepStates)[number]
