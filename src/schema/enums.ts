/** Closed lists as enums: values are added, never renamed. Descriptions are complete because the records are typed by the lists. */
import type { HealthCheckName, HealthStatus } from '../services/authority/health-types.ts'
import type { EventSource, SecurityEventType, Severity } from '../services/events/types.ts'
import type { RefusalCode as Refused } from '../services/refusals.ts'
import { catalogue } from '../services/remediations/catalogue/index.ts'
import {
  type GreyedOutCode,
  greyedOutCodes,
  type Impact,
  type RunStatus,
  type StepFailureCode,
  type StepState,
  stepFailureCodes,
  type RemediationWarning as Warning,
} from '../services/remediations/codes.ts'
import { greyedOutWords, stepFailureWords } from '../services/remediations/messages.ts'
import type { OperatorKind, RemediationGroup, RemediationKind } from '../services/remediations/types.ts'
import { builder } from './builder.ts'

/** An enum whose values are their own names. */
export function enumOf<Value extends string>(name: string, description: string, values: Record<Value, string>) {
  const entries = Object.entries<string>(values).map(([value, text]) => [value, { value, description: text }] as const)
  return builder.enumType<string, Record<Value, { value: Value; description: string }>>(name, {
    description,
    // `Object.entries` forgets that the keys are those of the record.
    values: Object.fromEntries(entries) as Record<Value, { value: Value; description: string }>,
  })
}

export const SecurityEventTypeEnum = enumOf<SecurityEventType>(
  'SecurityEventType',
  'What kind of event it is. It decides what is offered.',
  {
    USER_CONSENTED_TO_APP: 'A user, or an administrator for everybody, consented to an application.',
    APPLICATION_PERMISSIONS_CHANGED: 'An application got more permissions, a new credential or a new owner.',
    TEAMS_APP_INSTALLED: 'An app was installed in a team, a chat or for a user.',
    EXTERNAL_MAIL_FORWARDING:
      'Mail is sent on outside the organisation: by a mailbox setting, an inbox rule or a transport rule.',
    SUSPICIOUS_INBOX_RULE: 'An inbox rule that hides, deletes or moves mail the way attackers do.',
    MAILBOX_ACCESS_GRANTED_TO_NON_OWNER: 'Somebody was given access to a mailbox of somebody else.',
    MAILBOX_ACCESS_BY_NON_OWNER: 'Somebody opened a mailbox of somebody else.',
    RISKY_SIGN_IN: 'A sign-in that looks like an attack: a risky place, or many failures before it.',
    ROLE_ASSIGNED: 'An admin role was given to somebody.',
    PASSWORD_RESET: 'A password was reset or changed.',
    ACCOUNT_ENABLED: 'An account was enabled again: keep watching it.',
    ACCOUNT_DISABLED: 'An account was disabled.',
    MFA_CHANGED: 'A method of multi-factor authentication was added, changed or removed.',
    ANONYMOUS_LINK_CREATED: 'A link was made that opens a file or folder to anybody.',
    MICROSOFT_ALERT: 'An alert raised by Microsoft itself.',
    USER_ACTIVITY: 'Any other telling activity of a user.',
  },
)

export const SeverityEnum = enumOf<Severity>('Severity', 'How bad the event looks, lowest first.', {
  INFORMATIONAL: 'Good to know.',
  LOW: 'Look at it some time today.',
  MEDIUM: 'Look at it soon.',
  HIGH: 'Look at it now.',
})

export const EventSourceEnum = enumOf<EventSource>('EventSource', 'How the event came in.', {
  FEED: "Read from Microsoft's Management Activity API.",
  IMPORT: 'Given to us by a file or by `importAuditRecords`.',
})

export const TenantStatusEnum = enumOf<'PENDING' | 'CONNECTED' | 'DISCONNECTED' | 'NOT_CONNECTED'>(
  'TenantStatus',
  'Whether we may work in the tenant.',
  {
    PENDING: 'Connected by us; its consent is not verified yet.',
    CONNECTED: 'Its consent is verified: events can be acted on.',
    DISCONNECTED: 'Was connected once; nothing can be done there now.',
    NOT_CONNECTED: 'Known only from imported records: every option is greyed out with `TENANT_NOT_CONNECTED`.',
  },
)

export const HealthStatusEnum = enumOf<HealthStatus>('HealthStatus', 'What a check found.', {
  HEALTHY: 'All is as it must be.',
  UNHEALTHY: 'Something is missing: what depends on it is greyed out until it is mended.',
  UNKNOWN: 'It could not be looked at: another fault comes first, or Microsoft did not answer.',
})

export const HealthCheckNameEnum = enumOf<HealthCheckName>('HealthCheckName', 'What is looked at.', {
  CONSENT: 'Whether the tenant consented to our application.',
  APP_ENABLED: 'Whether our application is enabled in the tenant.',
  APPLICATION_PERMISSIONS: 'Whether every permission that the remediations need is granted.',
  DELEGATED_CONSENT: 'Whether the consent for privileged sign-ins was given.',
  EXCHANGE_ROLE: 'Whether our application holds its role in Exchange Online.',
  ACTIVITY_FEED:
    "Whether the tenant's audit records can be fetched, so that new events arrive. No remediation depends on it.",
})

export const OperatorKindEnum = enumOf<OperatorKind>('OperatorKind', 'What sort of caller an operator is.', {
  PERSON: 'A person with an Entra account.',
  APPLICATION: 'An application with an identity in Entra. It never holds a privileged sign-in.',
  API_KEY: 'An integration with an API key of this product. It never holds a privileged sign-in.',
})

export const ImpactEnum = enumOf<Impact>('Impact', 'How much the remediation disturbs, lowest first.', {
  LOW: 'Hardly noticed by the user.',
  MEDIUM: 'The user is interrupted.',
  HIGH: 'The user, or what depends on the subject, stops working.',
  CRITICAL: 'Many users, or things that cannot be brought back, are affected.',
})

export const RemediationWarningEnum = enumOf<Warning>('RemediationWarning', 'What to know before acting.', {
  DIRECTORY_SYNC_MAY_REVERT:
    'The account comes from an on-premises directory, whose next synchronisation may undo this: disable it there, too.',
  GUEST_SIGNS_IN_ELSEWHERE: 'The user is a guest: sessions in the home tenant go on.',
  CANNOT_BE_UNDONE: 'There is no way back.',
  OUTLOOK_CLIENT_RULES_LOST: 'Rules that only run in the Outlook client are lost.',
  PASSWORD_WRITEBACK_NEEDED: 'Works only when the tenant writes passwords back to its on-premises directory.',
  OTHER_ACCESS_REMAINS: 'Other ways in remain open.',
  TOKENS_LIVE_ON: 'Access tokens that are already out may work for up to 90 minutes.',
})

export const GreyedOutCodeEnum = enumOf<GreyedOutCode>(
  'GreyedOutCode',
  'Why a remediation is not possible now.',
  // Made of the list itself, so that every code is there.
  Object.fromEntries(greyedOutCodes.map((code) => [code, greyedOutWords[code].message])) as Record<
    GreyedOutCode,
    string
  >,
)

export const StepFailureCodeEnum = enumOf<StepFailureCode | GreyedOutCode>(
  'RemediationStepCode',
  'Why a step failed or is unknown, or why it was skipped (then it is the greyed-out code).',
  Object.fromEntries([
    ...greyedOutCodes.map((code) => [code, greyedOutWords[code].message]),
    ...stepFailureCodes.map((code) => [code, stepFailureWords[code].message]),
  ]) as Record<StepFailureCode | GreyedOutCode, string>,
)

export const RunStatusEnum = enumOf<RunStatus>('RemediationRunStatus', 'How a run stands.', {
  RUNNING: 'Not done yet: ask `node` with its id again.',
  SUCCEEDED: 'Every step is confirmed, accepted or had nothing to do.',
  PARTIAL: 'Some steps worked and some did not.',
  FAILED: 'No step worked.',
  UNKNOWN: 'Nobody can know yet what Microsoft did; it is being found out.',
})

export const StepStateEnum = enumOf<StepState>('RemediationStepState', 'How a step stands.', {
  CONFIRMED: 'Done, and the new state was read back.',
  ACCEPTED: 'Microsoft took it but cannot show it yet.',
  SKIPPED: 'There was nothing to do.',
  FAILED: 'Not done: `code`, `message` and `remedy` say why and what to do.',
  UNKNOWN: 'Nobody can know yet whether it was done; it is being found out.',
  RUNNING: 'Not done yet.',
})

export const RefusalCodeEnum = enumOf<Refused>(
  'RefusalCode',
  'The sort of a refusal: the name of its type without `Error`.',
  {
    NOT_FOUND: 'There is no such object, or you may not know of it.',
    NOT_ALLOWED: 'You see the object, but your roles do not allow this.',
    REMEDIATION_UNAVAILABLE: 'Every action that you asked for is greyed out.',
    PRIVILEGED_SIGN_IN_REQUIRED: 'An administrator of the tenant must sign in first.',
    ADMIN_CONSENT_REQUIRED: 'A Global Administrator of the tenant must consent first.',
    CANNOT_TARGET_SIGNED_IN_USER: 'The target is your own account, or that of the signed-in administrator.',
    LAST_GLOBAL_ADMINISTRATOR: 'The target is the last enabled Global Administrator.',
    TENANT_UNHEALTHY: 'The tenant must be put right first.',
    IDEMPOTENCY_KEY_REUSED: 'The idempotency key was used with another input.',
    INVALID_INPUT: 'The input is wrong.',
  },
)

/** The enum is derived from the catalogue: a new remediation changes nothing here. */
const ofCatalogue = (entries: typeof catalogue) =>
  Object.fromEntries(
    entries.map(({ kind, title, effect }) => [kind, { value: kind, description: `${title}. ${effect}` }]),
  ) as Record<string, { value: RemediationKind; description: string }>

export const RemediationKindEnum = builder.enumType('RemediationKind', {
  description: 'What can be done about a subject.',
  values: ofCatalogue(catalogue),
})

const actionsOf = (group: RemediationGroup) => ofCatalogue(catalogue.filter((entry) => entry.group === group))

export const BlockUserActionEnum = builder.enumType('BlockUserAction', {
  description: 'What `blockUser` can do. It is always done in this order: disable, then revoke, then the rest.',
  values: actionsOf('BLOCK_USER'),
})
