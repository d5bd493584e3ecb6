/** What can go wrong on the way through Entra's pages. The pages word each of them; the audit trail keeps the name. */

import type { SignedIn } from '../../clients/entra/sign-in.ts'
import { SignInError } from '../../clients/entra/sign-in-error.ts'
import { UpstreamError } from '../../clients/errors.ts'

export const flowFaults = [
  'LINK_INVALID',
  'LINK_EXPIRED',
  'TENANT_NOT_CONNECTED',
  'NOT_ASKED_BY_A_PERSON',
  'OTHER_BROWSER',
  'STATE_INVALID',
  'STATE_EXPIRED',
  'STATE_REPLAYED',
  'DECLINED',
  'CONDITIONAL_ACCESS',
  'MORE_AUTHENTICATION_NEEDED',
  'ACCOUNT_UNUSABLE',
  'CONSENT_MISSING',
  'APP_DISABLED',
  'WRONG_TENANT',
  'WRONG_ROLE',
  'PARTNER_UNREADABLE',
  'NOT_A_USER_OF_THE_TENANT',
  'NOT_GRANTED',
  'PROOF_FAILED',
  'MICROSOFT_UNAVAILABLE',
] as const
export type FlowFault = (typeof flowFaults)[number]

/** Thrown inside a flow; caught where it is put on record. */
export class FlowError extends Error {
  readonly fault: FlowFault
  /** AADSTS number, if Entra gave one. */
  readonly aadsts: number | null
  /** Who had signed in, where that is known. */
  readonly account: Pick<SignedIn, 'displayName' | 'userPrincipalName' | 'homeObjectId' | 'homeTenantId'> | null

  constructor(fault: FlowFault, known: { aadsts?: number | null; account?: FlowError['account'] } = {}) {
    super(fault)
    this.name = 'FlowError'
    this.fault = fault
    this.aadsts = known.aadsts ?? null
    this.account = known.account ?? null
  }
}

/** Reference, section 12.5. Words of OAuth decide where the number is none of these. */
const byNumber: Readonly<Record<number, FlowFault>> = {
  50020: 'WRONG_TENANT',
  50177: 'WRONG_TENANT',
  50178: 'WRONG_TENANT',
  90002: 'WRONG_TENANT',
  90072: 'WRONG_TENANT',
  900023: 'WRONG_TENANT',
  50034: 'ACCOUNT_UNUSABLE',
  50053: 'ACCOUNT_UNUSABLE',
  50055: 'ACCOUNT_UNUSABLE',
  50057: 'ACCOUNT_UNUSABLE',
  50105: 'ACCOUNT_UNUSABLE',
  50126: 'ACCOUNT_UNUSABLE',
  50173: 'ACCOUNT_UNUSABLE',
  50058: 'MORE_AUTHENTICATION_NEEDED',
  50072: 'MORE_AUTHENTICATION_NEEDED',
  50074: 'MORE_AUTHENTICATION_NEEDED',
  50076: 'MORE_AUTHENTICATION_NEEDED',
  50078: 'MORE_AUTHENTICATION_NEEDED',
  50079: 'MORE_AUTHENTICATION_NEEDED',
  50158: 'MORE_AUTHENTICATION_NEEDED',
  53000: 'CONDITIONAL_ACCESS',
  53001: 'CONDITIONAL_ACCESS',
  53002: 'CONDITIONAL_ACCESS',
  53003: 'CONDITIONAL_ACCESS',
  53004: 'CONDITIONAL_ACCESS',
  530003: 'CONDITIONAL_ACCESS',
  530032: 'CONDITIONAL_ACCESS',
  530034: 'CONDITIONAL_ACCESS',
  530035: 'CONDITIONAL_ACCESS',
  65001: 'CONSENT_MISSING',
  700016: 'CONSENT_MISSING',
  7000229: 'CONSENT_MISSING',
  90094: 'CONSENT_MISSING',
  90095: 'CONSENT_MISSING',
  90099: 'CONSENT_MISSING',
  500011: 'CONSENT_MISSING',
  7000112: 'APP_DISABLED',
  65004: 'DECLINED',
}

const byWord: Readonly<Record<string, FlowFault>> = {
  access_denied: 'DECLINED',
  consent_required: 'CONSENT_MISSING',
  interaction_required: 'MORE_AUTHENTICATION_NEEDED',
  login_required: 'MORE_AUTHENTICATION_NEEDED',
  server_error: 'MICROSOFT_UNAVAILABLE',
  temporarily_unavailable: 'MICROSOFT_UNAVAILABLE',
}

/** `PROOF_FAILED`: code, verifier or nonce do not belong together, or our own registration is at fault. */
export const faultOfEntra = (error: string | null, aadsts: number | null): FlowFault =>
  (aadsts === null ? undefined : byNumber[aadsts]) ?? byWord[error ?? ''] ?? 'PROOF_FAILED'

/** What a failure of Entra or Microsoft Graph means to the person; a fault of our own code is thrown again. */
export function flowErrorOf(error: unknown, account: FlowError['account'] = null): FlowError {
  if (error instanceof FlowError) return error
  if (error instanceof SignInError) {
    const fault = error.unavailable ? 'MICROSOFT_UNAVAILABLE' : faultOfEntra(error.error, error.aadsts)
    return new FlowError(fault, { aadsts: error.aadsts, account })
  }
  if (error instanceof UpstreamError) {
    if (error.kind === 'NOT_CONSENTED' || error.kind === 'FORBIDDEN')
      return new FlowError('CONSENT_MISSING', { account })
    if (error.kind === 'APP_DISABLED') return new FlowError('APP_DISABLED', { account })
    return new FlowError('MICROSOFT_UNAVAILABLE', { account })
  }
  throw error
}
