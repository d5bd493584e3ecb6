import type { HealthCheck } from './authority/health-types.ts'
import type { GreyedOutReason } from './remediations/types.ts'

/** The class names without `Error`, in upper snake case. */
export type RefusalCode =
  | 'NOT_FOUND'
  | 'NOT_ALLOWED'
  | 'REMEDIATION_UNAVAILABLE'
  | 'PRIVILEGED_SIGN_IN_REQUIRED'
  | 'ADMIN_CONSENT_REQUIRED'
  | 'CANNOT_TARGET_SIGNED_IN_USER'
  | 'LAST_GLOBAL_ADMINISTRATOR'
  | 'TENANT_UNHEALTHY'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'INVALID_INPUT'

/** An expected no, thrown by a service and shown as a member of the result union. Messages are for people and hold no secrets. */
export abstract class Refusal extends Error {
  abstract readonly code: RefusalCode
}

/** The object does not exist, or the caller may not know of it: the same answer for both. */
export class NotFoundError extends Refusal {
  readonly code = 'NOT_FOUND'
}

/** The object is visible to the caller, acting on it is not allowed. */
export class NotAllowedError extends Refusal {
  readonly code = 'NOT_ALLOWED'
}

/** Every action asked for is greyed out. */
export class RemediationUnavailableError extends Refusal {
  readonly code = 'REMEDIATION_UNAVAILABLE'
  readonly reasons: GreyedOutReason[]
  constructor(message: string, reasons: GreyedOutReason[]) {
    super(message)
    this.reasons = reasons
  }
}

/** An administrator of the tenant must sign in first (B11, B16). */
export class PrivilegedSignInRequiredError extends Refusal {
  readonly code = 'PRIVILEGED_SIGN_IN_REQUIRED'
  readonly signInUrl: string
  readonly acceptedRoles: string[]
  readonly expiresAt: Date
  constructor(message: string, details: { signInUrl: string; acceptedRoles: string[]; expiresAt: Date }) {
    super(message)
    this.signInUrl = details.signInUrl
    this.acceptedRoles = details.acceptedRoles
    this.expiresAt = details.expiresAt
  }
}

/** A Global Administrator of the tenant must consent first (B18). */
export class AdminConsentRequiredError extends Refusal {
  readonly code = 'ADMIN_CONSENT_REQUIRED'
  readonly consentUrl: string
  readonly missingPermissions: string[]
  readonly grantableBy: string[]
  constructor(message: string, details: { consentUrl: string; missingPermissions: string[]; grantableBy: string[] }) {
    super(message)
    this.consentUrl = details.consentUrl
    this.missingPermissions = details.missingPermissions
    this.grantableBy = details.grantableBy
  }
}

/** The operator's own account, or the signed-in administrator's, is the target (B12). */
export class CannotTargetSignedInUserError extends Refusal {
  readonly code = 'CANNOT_TARGET_SIGNED_IN_USER'
}

/** The last enabled Global Administrator can never be disabled (B13). */
export class LastGlobalAdministratorError extends Refusal {
  readonly code = 'LAST_GLOBAL_ADMINISTRATOR'
}

/** The tenant must be put right first (B20). */
export class TenantUnhealthyError extends Refusal {
  readonly code = 'TENANT_UNHEALTHY'
  readonly checks: HealthCheck[]
  constructor(message: string, checks: HealthCheck[]) {
    super(message)
    this.checks = checks
  }
}

/** The same key came with another input. */
export class IdempotencyKeyReusedError extends Refusal {
  readonly code = 'IDEMPOTENCY_KEY_REUSED'
}

/** `path` names the field of the input, e.g. `["input", "idempotencyKey"]`. */
export interface InputIssue {
  path: string[]
  message: string
}

/** The input is wrong; every fault is listed with its field. */
export class InvalidInputError extends Refusal {
  readonly code = 'INVALID_INPUT'
  readonly issues: InputIssue[]
  constructor(message: string, issues: InputIssue[]) {
    super(message)
    this.issues = issues
  }
}
