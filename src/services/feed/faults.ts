/** What a failed call means for the feed, and when it is read again. */
import { UpstreamError } from '../../clients/errors.ts'
import type { FeedTiming } from '../../timing.ts'
import type { FeedFault, FeedGapReason } from './types.ts'

/** Microsoft documents no single code for a tenant whose audit log is off (reference, section 14.1). */
const auditingOffCodes: readonly (string | null)[] = ['AuditingDisabledTenant', 'AF20011', 'AF20012', 'AF20013']

/** Whether Microsoft says that the tenant records nothing. */
export const isAuditingOff = ({ service, upstreamCode }: UpstreamError): boolean =>
  service === 'management' && auditingOffCodes.includes(upstreamCode)

export function faultOf(error: unknown): FeedFault {
  if (!(error instanceof UpstreamError)) return 'INTERNAL'
  if (isAuditingOff(error)) return 'AUDITING_OFF'
  if (error.upstreamCode === 'AF20023') return 'SUBSCRIPTION_DISABLED'
  switch (error.kind) {
    case 'FORBIDDEN':
      return 'PERMISSION_MISSING'
    case 'UNAUTHORIZED':
      return 'TOKEN_REFUSED'
    case 'NOT_CONSENTED':
      return 'CONSENT_MISSING'
    case 'APP_DISABLED':
      return 'APP_DISABLED'
    case 'CREDENTIAL_INVALID':
      return 'CREDENTIAL_INVALID'
    case 'THROTTLED':
      return 'THROTTLED'
    case 'UNAVAILABLE':
    case 'TIMEOUT':
    case 'CONNECTION':
      return 'UNAVAILABLE'
    case 'NOT_FOUND':
    case 'BAD_REQUEST':
    case 'CONFLICT':
      return 'REFUSED'
  }
}

/** While these faults last nothing is made that could be read later. */
export function silenceOf(fault: FeedFault | null): FeedGapReason | null {
  if (fault === 'AUDITING_OFF') return 'AUDITING_OFF'
  return fault === 'SUBSCRIPTION_DISABLED' ? 'SUBSCRIPTION_OFF' : null
}

/** As long as Microsoft asks for, else twice as long after each failure, with jitter so that tenants do not come all at once. */
export function pauseAfter(error: unknown, failures: number, { backoffMs, backoffMsMax }: FeedTiming): number {
  // Without a status it is our own circuit that names a time.
  if (error instanceof UpstreamError && error.status !== null && error.retryAfterMs !== null) return error.retryAfterMs
  const doubled = Math.min(backoffMs * 2 ** Math.min(failures - 1, 20), backoffMsMax)
  return doubled * (1 - Math.random() / 4)
}
