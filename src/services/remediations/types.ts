/** What the services answer about remediations; the API shows these shapes. */
import type { Subject } from '../events/types.ts'
import type { GreyedOutCode, Impact, RemediationWarning, RunStatus, StepState } from './codes.ts'

/** A remediation's kind, e.g. `DISABLE_USER`: the catalogue holds the list. */
export type RemediationKind = string

/** The mutations, each with the remediations that belong to it; `BLOCK_USER` is `blockUser`. */
export const remediationGroups = [
  'BLOCK_USER',
  'REMOVE_APP',
  'REMOVE_INBOX_RULE',
  'REMOVE_MAILBOX_FORWARDING',
  'REMOVE_TRANSPORT_RULE',
  'REMOVE_MAILBOX_ACCESS',
] as const
export type RemediationGroup = (typeof remediationGroups)[number]

export interface PrivilegedSignInRequirement {
  type: 'PRIVILEGED_SIGN_IN'
  /** Display names of the Entra roles one of which the signed-in administrator must hold. */
  acceptedRoles: string[]
  signInUrl: string
  expiresAt: Date
}
export interface AdminConsentRequirement {
  type: 'ADMIN_CONSENT'
  consentUrl: string
  missingPermissions: string[]
  /** Display names of the Entra roles that can grant it. */
  grantableBy: string[]
}
export type Requirement = PrivilegedSignInRequirement | AdminConsentRequirement

/** Something that an application may do in the tenant now. */
export interface ApplicationAccess {
  /** `APPLICATION`: without any user; `DELEGATED`: on behalf of users. */
  type: 'APPLICATION' | 'DELEGATED'
  /** E.g. `Mail.Read`; an id that no table names is kept as it is. */
  permission: string
  /** Display name of the API, e.g. `Microsoft Graph`. */
  resource: string | null
  /** Object id of the user that it is limited to; null: everybody. */
  userId: string | null
  /** Reads or sends mail, reads all files, changes the directory, or the like. */
  isRisky: boolean
}

/** What the tenant's present state adds to the texts of an option. */
export interface PresentState {
  /** Sentences for a person, e.g. which other rights stay. */
  remarks: string[]
  applicationAccess: ApplicationAccess[]
}

export interface RemediationOption extends PresentState {
  kind: RemediationKind
  subject: Subject
  title: string
  effect: string
  limits: string | null
  impact: Impact
  recommended: boolean
  reversible: boolean
  howToUndo: string | null
  warnings: RemediationWarning[]
  requirements: Requirement[]
  /** Least Microsoft permissions, e.g. `User.RevokeSessions.All`. */
  permissions: string[]
  viewerCan: boolean
}

export interface GreyedOutReason {
  kind: RemediationKind
  subject: Subject
  code: GreyedOutCode
  message: string
  remedy: string | null
}

export interface EventAssessment {
  available: RemediationOption[]
  greyedOut: GreyedOutReason[]
  /** Set when nothing at all is available for the event (B9). */
  banner: { message: string; supportEmail: string | null } | null
}

export interface RemediationStep {
  kind: RemediationKind
  subject: Subject
  state: StepState
  code: string | null
  message: string | null
  remedy: string | null
  retryable: boolean | null
  upstreamRequestId: string | null
  evidence: unknown
  startedAt: Date | null
  endedAt: Date | null
}

export interface RemediationRun {
  id: string
  tenantId: string
  eventId: string
  requestedBy: { id: string; kind: OperatorKind; displayName: string }
  requestedAt: Date
  endedAt: Date | null
  status: RunStatus
  steps: RemediationStep[]
  /** Only in the answer of the mutation that made it, when asked for on screen (B23); absent in every read. */
  temporaryPassword?: string | null
}

export type OperatorKind = 'PERSON' | 'APPLICATION' | 'API_KEY'

/** One call that a run would send, in order. `path` is relative to the service's root. */
export interface PlannedCall {
  kind: RemediationKind
  subject: Subject
  service: 'GRAPH' | 'EXCHANGE'
  method: string
  path: string
  credential: 'APPLICATION' | 'PRIVILEGED_SESSION'
  permissions: string[]
  describes: string
}

/** The dry run: what would be sent, and every refusal. Nothing is written, in the tenant or here. */
export interface RemediationPlan {
  calls: PlannedCall[]
  /** Steps with nothing to do: they would be `SKIPPED`. */
  skipped: GreyedOutReason[]
  /** Why the mutation would refuse, empty when it would run. Instances of the classes in `refusals.ts`. */
  refusals: import('../refusals.ts').Refusal[]
}
