/** The vocabulary of security events, shared by classification, remediation rules and the API. */

export const securityEventTypes = [
  'USER_CONSENTED_TO_APP',
  'APPLICATION_PERMISSIONS_CHANGED',
  'TEAMS_APP_INSTALLED',
  'EXTERNAL_MAIL_FORWARDING',
  'SUSPICIOUS_INBOX_RULE',
  'MAILBOX_ACCESS_GRANTED_TO_NON_OWNER',
  'MAILBOX_ACCESS_BY_NON_OWNER',
  'RISKY_SIGN_IN',
  'ROLE_ASSIGNED',
  'PASSWORD_RESET',
  'ACCOUNT_ENABLED',
  'ACCOUNT_DISABLED',
  'MFA_CHANGED',
  'ANONYMOUS_LINK_CREATED',
  'MICROSOFT_ALERT',
  'USER_ACTIVITY',
] as const
export type SecurityEventType = (typeof securityEventTypes)[number]

export const severities = ['INFORMATIONAL', 'LOW', 'MEDIUM', 'HIGH'] as const
export type Severity = (typeof severities)[number]

/** `FEED` = read from the Management Activity API, `IMPORT` = given by a file or a mutation. */
export type EventSource = 'FEED' | 'IMPORT'

/** Whether the event was raised by the subject or happened to it. */
export type SubjectRole = 'ACTOR' | 'TARGET'

/** What is known of each kind of subject. Fields are absent when no record told them. */
export interface SubjectAttributes {
  USER: { objectId?: string; userPrincipalName?: string; displayName?: string; homeTenantId?: string }
  APPLICATION: { appId?: string; servicePrincipalId?: string; applicationId?: string; displayName?: string }
  TEAMS_APP: {
    teamsAppId: string
    displayName?: string
    appId?: string
    scope: 'TEAM' | 'CHAT' | 'USER'
    scopeId: string
    scopeName?: string
  }
  INBOX_RULE: { mailbox: string; name?: string; ruleId?: string; definition: Record<string, string> }
  TRANSPORT_RULE: { name?: string; guid?: string; definition: Record<string, string> }
  MAILBOX: { mailbox: string; exchangeGuid?: string; forwardingSmtpAddress?: string; forwardingAddress?: string }
  MAILBOX_ACCESS: { mailbox: string; grantee: string; accessRights?: string[] }
  SYSTEM: { name: string }
  ANONYMOUS: { name: string }
}
export type SubjectType = keyof SubjectAttributes

/** A subject as a record names it: aliases are strings that identify the same object in other records of the tenant. */
export type SubjectCandidate = {
  [T in SubjectType]: { type: T; role: SubjectRole; aliases: string[]; attributes: SubjectAttributes[T] }
}[SubjectType]

/** A subject as the event gives it: `id` is one for one object in all events of the tenant. */
export type Subject = {
  [T in SubjectType]: { type: T; id: string; role: SubjectRole; attributes: SubjectAttributes[T] }
}[SubjectType]

export type SubjectOf<T extends SubjectType> = Extract<Subject, { type: T }>

/** A stored security event. Times are UTC. */
export interface SecurityEvent {
  id: string
  tenantId: string
  type: SecurityEventType
  severity: Severity
  title: string
  description: string
  occurredAt: Date
  techniques: string[]
  reasons: string[]
  source: EventSource
  subjects: Subject[]
}
