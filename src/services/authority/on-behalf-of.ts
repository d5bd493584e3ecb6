/** For frontends that hold an administrator's token for our API already: the same session, without our pages. */
import type { ServiceContext } from '../../context.ts'
import { appendAudit } from '../../db/audit.ts'
import {
  AdminConsentRequiredError,
  InvalidInputError,
  NotAllowedError,
  NotFoundError,
  PrivilegedSignInRequiredError,
} from '../refusals.ts'
import { adminConsentRequirement, missingDelegatedPermissions } from './admin-consent.ts'
import { type FlowFailure, partiesOf, recordFailure } from './flow.ts'
import { confirmPrivilegedSignIn, mayHold, type PrivilegedSession, storeWaitingSession } from './privileged-session.ts'
import { privilegedSignInRequirement } from './privileged-sign-in.ts'
import { verify } from './sign-in-flow.ts'

/**
 * Opens a session with the administrator's own access token for this API, which Entra exchanges. Throws `NotFoundError`,
 * `NotAllowedError`, `InvalidInputError` (`accessToken`), `AdminConsentRequiredError`, and `PrivilegedSignInRequiredError` where Entra
 * wants the person: the page can ask for what a token cannot bring.
 */
export async function openSessionOnBehalfOf(
  ctx: ServiceContext,
  { tenantId, accessToken }: { tenantId: string; accessToken: string },
): Promise<PrivilegedSession> {
  if (!ctx.access.tenantIds.includes(tenantId)) throw missing()
  const notAllowed = mayHold(ctx, tenantId)
  if (notAllowed) throw notAllowed
  const parties = await partiesOf(ctx, { operatorId: ctx.operator.id, tenantId })
  if (parties.tenant?.status !== 'CONNECTED') throw missing()
  let code: string
  try {
    const signedIn = await ctx.microsoft.signIn.onBehalfOf({ tenantId, assertion: accessToken })
    const roles = await verify(ctx, tenantId, signedIn)
    const { operator } = parties
    const details = { onBehalfOf: true }
    const stored = await ctx.db.withTenants([tenantId], async (tx) => {
      await appendAudit(tx, [{ tenantId, name: 'privileged_sign_in.opened', at: ctx.now(), operator, details }])
      return storeWaitingSession(ctx, tx, { operator, tenantId, signedIn, roles })
    })
    code = stored.code
  } catch (error) {
    const failure = await recordFailure(ctx, 'privileged_sign_in.refused', { tenantId, parties }, error)
    throw await refusalOf(ctx, tenantId, failure)
  }
  // The caller holds the token, so the code would prove nothing more.
  return confirmPrivilegedSignIn(ctx, { tenantId, code })
}

const missing = () => new NotFoundError('There is no such tenant, or you have no access to it.')

async function refusalOf(ctx: ServiceContext, tenantId: string, { fault }: FlowFailure): Promise<Error> {
  switch (fault) {
    case 'CONSENT_MISSING':
      return new AdminConsentRequiredError(
        'The tenant has not consented to what administrators who sign in need: a Global Administrator of the tenant itself must open consentUrl once.',
        adminConsentRequirement(ctx, tenantId, missingDelegatedPermissions(new Set())),
      )
    case 'WRONG_ROLE':
    case 'PARTNER_UNREADABLE':
      return new NotAllowedError(
        'The account of the token holds neither Privileged Authentication Administrator nor Global Administrator in the tenant now, as far as Microsoft lets us read.',
      )
    case 'MORE_AUTHENTICATION_NEEDED':
    case 'CONDITIONAL_ACCESS':
    case 'MICROSOFT_UNAVAILABLE':
      return new PrivilegedSignInRequiredError(
        'Microsoft Entra does not exchange this token now: let the administrator open signInUrl instead.',
        privilegedSignInRequirement(ctx, tenantId),
      )
    default: {
      const message = 'This is not an access token of an administrator of this tenant for this API.'
      return new InvalidInputError(message, [{ path: ['input', 'accessToken'], message }])
    }
  }
}
