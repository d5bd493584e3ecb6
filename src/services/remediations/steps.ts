/** How steps end, and what they make of a run; pure. */
import type { UpstreamError } from '../../clients/errors.ts'
import type { GreyedOutCode, RunStatus, StepFailureCode, StepState } from './codes.ts'
import { stepFailureWords } from './messages.ts'

export interface StepOutcome {
  state: Exclude<StepState, 'RUNNING'>
  code: string | null
  message: string | null
  remedy: string | null
  retryable: boolean | null
  upstreamRequestId: string | null
  evidence: unknown
}

/** Greyed out because nothing is left to do, or nothing can be done for good: the step is skipped and the others run (B6, B8). */
export const isNothingToDo = (code: GreyedOutCode): boolean =>
  code !== 'UPSTREAM_UNAVAILABLE' && code !== 'PERMISSION_MISSING'

export function failed(
  code: StepFailureCode,
  details: {
    upstreamRequestId?: string | null
    evidence?: unknown
    supportEmail?: string | null
    doneInPart?: string | null | undefined
  } = {},
): StepOutcome {
  const { message, remedy, retryable } = stepFailureWords[code]
  const contact = details.supportEmail ? `If it fails again, write to ${details.supportEmail}.` : null
  return {
    state: 'FAILED',
    code,
    message: [message, details.doneInPart].filter(Boolean).join(' '),
    remedy: [remedy, contact].filter(Boolean).join(' ') || null,
    retryable,
    upstreamRequestId: details.upstreamRequestId ?? null,
    evidence: details.evidence ?? null,
  }
}

/** The step's code for an upstream error. `permissionGranted`: the tenant's grants, read before the call, were complete. */
export function failureCode(error: UpstreamError, permissionGranted: boolean): StepFailureCode {
  switch (error.kind) {
    case 'FORBIDDEN':
      return permissionGranted ? 'INSUFFICIENT_ROLE' : 'PERMISSION_MISSING'
    case 'UNAUTHORIZED':
    case 'NOT_CONSENTED':
    case 'APP_DISABLED':
      return 'PERMISSION_MISSING'
    case 'NOT_FOUND':
      return 'NOT_FOUND'
    case 'THROTTLED':
      return 'THROTTLED'
    case 'TIMEOUT':
      return 'TIMEOUT'
    case 'CONFLICT':
      return 'CONFLICT'
    case 'BAD_REQUEST':
    case 'UNAVAILABLE':
    case 'CONNECTION':
    case 'CREDENTIAL_INVALID':
      return 'UPSTREAM_ERROR'
  }
}

/** A run is `UNKNOWN` while any of its steps is; `PARTIAL` when some failed and some did what they should. */
export function statusOf(states: readonly string[]): RunStatus {
  const has = (state: string) => states.includes(state)
  if (has('PENDING') || has('RUNNING')) return 'RUNNING'
  if (has('UNKNOWN')) return 'UNKNOWN'
  if (!has('FAILED')) return 'SUCCEEDED'
  return has('CONFIRMED') || has('ACCEPTED') ? 'PARTIAL' : 'FAILED'
}

/** States about which something is still to be found out. */
const openStates = ['PENDING', 'RUNNING', 'ACCEPTED', 'UNKNOWN']
export const isOpen = (state: string): boolean => openStates.includes(state)
