/** The privileged sign-in, from the link to the code: who asks is shown, Entra proves who comes, the roles are read, nothing acts on the tenant. */
import { z } from 'zod'
import type { SignedIn } from '../../clients/entra/sign-in.ts'
import { aadstsIn, SignInError } from '../../clients/entra/sign-in-error.ts'
import type { Services } from '../../context.ts'
import { appendAudit } from '../../db/audit.ts'
import type { TenantRow } from '../../db/tenants.ts'
import { consentLink, missingDelegatedPermissions } from './admin-consent.ts'
import { PartnerUnreadableError, rolesHeldBy } from './administrator-roles.ts'
import { type BrowserState, makeBrowserState, openCookie } from './browser-state.ts'
import {
  type Arrival,
  checkSender,
  cookieMissing,
  type Departure,
  type FlowFailure,
  flowSession,
  type Parties,
  partiesOf,
  recordFailure,
  stateOf,
  useUp,
} from './flow.ts'
import { FlowError, flowErrorOf } from './flow-faults.ts'
import { sessionLifetimeMsMax, storeWaitingSession, type WaitingSession } from './privileged-session.ts'
import { privilegedRoleIds, privilegedRoleNames, privilegedRoles } from './privileged-sign-in.ts'
import { openTicket, type SignInTicket } from './tickets.ts'

const purpose = 'privileged sign-in'

/** What the page says before anybody goes on. */
export interface SignInOffer {
  operatorName: string
  organisation: string | null
  tenant: TenantRow
  acceptedRoles: readonly string[]
  linkExpiresAt: Date
  sessionMinutesMax: number
}

export type SignInFailure = FlowFailure & {
  /** Where the missing consent is given; null when it is not what is missing. */
  consentUrl: string | null
}

export type SignInCompleted = WaitingSession & {
  operatorName: string
  /** Who asked signed in themselves, as a partner's technician often does. */
  isOperator: boolean
  tenant: TenantRow
  administrator: Pick<SignedIn, 'displayName' | 'userPrincipalName'>
  /** Names of the roles that count. */
  roles: string[]
}

type Outcome<T> = { done: T } | { failure: SignInFailure }

/** Reads only: whoever opens the page, a mail scanner for one, changes nothing. */
export async function offerSignIn(services: Services, ticketText: string): Promise<Outcome<SignInOffer>> {
  try {
    const { ticket, parties, tenant } = await asked(services, ticketText)
    return {
      done: {
        operatorName: parties.operator.displayName,
        organisation: parties.organisation,
        tenant,
        acceptedRoles: privilegedRoles,
        linkExpiresAt: ticket.expiresAt,
        sessionMinutesMax: sessionLifetimeMsMax / 60_000,
      },
    }
  } catch (error) {
    return failed(services, null, error)
  }
}

/** The administrator goes on: state, nonce and PKCE are made now and bound to this browser. */
export async function beginSignIn(services: Services, ticketText: string): Promise<Outcome<Departure>> {
  let about: { tenantId: string; parties: Parties } | null = null
  try {
    const { ticket, parties, tenant } = await asked(services, ticketText)
    about = { tenantId: tenant.id, parties }
    const made = makeBrowserState(services, purpose, ticket)
    const url = await services.microsoft.signIn.authorizeUrl({
      tenantId: tenant.id,
      redirectUri: redirectUri(services),
      state: made.state,
      nonce: made.nonce,
      codeChallenge: made.codeChallenge,
      access: 'GRAPH',
      chooseAccount: true,
    })
    await services.db.withTenants([tenant.id], (tx) =>
      appendAudit(tx, [
        {
          tenantId: tenant.id,
          name: 'privileged_sign_in.opened',
          at: services.now(),
          operator: parties.operator,
          details: { linkExpiresAt: ticket.expiresAt.toISOString() },
        },
      ]),
    )
    return { done: { url, keep: { id: made.id, sealed: made.sealed, expiresAt: made.expiresAt } } }
  } catch (error) {
    return failed(services, about, error)
  }
}

/** Entra sent the administrator back. Stores the session, which waits for the operator's code, or nothing at all. */
export async function completeSignIn(services: Services, arrival: Arrival): Promise<Outcome<SignInCompleted>> {
  let about: { tenantId: string; parties: Parties } | null = null
  try {
    const state = stateOf(services, purpose, arrival)
    const parties = await partiesOf(services, state)
    about = { tenantId: state.tenantId, parties }
    const { tenant, operator } = parties
    if (tenant?.status !== 'CONNECTED') throw new FlowError('TENANT_NOT_CONNECTED')
    const signedIn = await redeem(services, state, arrival)
    const roles = await verify(services, state.tenantId, signedIn)
    const waiting = await services.db.withTenants([state.tenantId], (tx) =>
      storeWaitingSession(services, tx, { operator, tenantId: state.tenantId, signedIn, roles }),
    )
    const { displayName, userPrincipalName } = signedIn
    return {
      done: {
        ...waiting,
        operatorName: operator.displayName,
        isOperator: isAccountOf(parties, signedIn),
        tenant,
        administrator: { displayName, userPrincipalName },
        roles: privilegedRoleNames(roles),
      },
    }
  } catch (error) {
    return failed(services, about, error)
  }
}

/** Throws `OTHER_BROWSER` before the state is used up: the right browser can still finish. */
async function redeem(services: Services, state: BrowserState, arrival: Arrival): Promise<SignedIn> {
  const kept = openCookie(services, purpose, state, arrival.kept(state.id), z.object({}))
  if (!kept) throw await cookieMissing(services, state)
  await useUp(services, state)
  checkSender(services, state, arrival)
  const { query } = arrival
  const code = query.get('code')
  if (!code) {
    throw new SignInError({ error: query.get('error'), aadsts: aadstsIn(query.get('error_description')) })
  }
  return services.microsoft.signIn.redeem({
    tenantId: state.tenantId,
    redirectUri: redirectUri(services),
    code,
    nonce: kept.nonce,
    codeVerifier: kept.codeVerifier,
    access: 'GRAPH',
  })
}

/** The roles that count. Throws `WRONG_TENANT`, `CONSENT_MISSING`, `WRONG_ROLE`, `PARTNER_UNREADABLE`. */
export async function verify(services: Services, tenantId: string, signedIn: SignedIn): Promise<string[]> {
  if (signedIn.tenantId !== tenantId) throw new FlowError('WRONG_TENANT', { account: signedIn })
  if (missingDelegatedPermissions(new Set(signedIn.scopes)).length > 0) {
    throw new FlowError('CONSENT_MISSING', { account: signedIn })
  }
  try {
    const held = await rolesHeldBy(flowSession(services), services.clientId, tenantId, signedIn)
    const roles = held.roles.filter((role) => privilegedRoleIds.includes(role))
    if (roles.length === 0) throw new FlowError('WRONG_ROLE', { account: signedIn })
    return roles
  } catch (error) {
    if (error instanceof PartnerUnreadableError) throw new FlowError('PARTNER_UNREADABLE', { account: signedIn })
    throw flowErrorOf(error, signedIn)
  }
}

const isAccountOf = ({ operatorAccount }: Parties, { homeTenantId, homeObjectId }: SignedIn): boolean =>
  operatorAccount?.tenantId === homeTenantId && operatorAccount.objectId.toLowerCase() === homeObjectId.toLowerCase()

const redirectUri = ({ publicUrl }: Services): string => `${publicUrl}/sign-in/callback`

/** Throws `LINK_INVALID`, `LINK_EXPIRED`, `TENANT_NOT_CONNECTED`, and `NOT_ASKED_BY_A_PERSON`: nobody else could take the sign-in up. */
async function asked(
  services: Services,
  ticketText: string,
): Promise<{ ticket: SignInTicket; parties: Parties; tenant: TenantRow }> {
  const opened = openTicket(services, ticketText)
  if ('fault' in opened) throw new FlowError(opened.fault === 'EXPIRED' ? 'LINK_EXPIRED' : 'LINK_INVALID')
  const parties = await partiesOf(services, opened.ticket)
  const { tenant } = parties
  if (tenant?.status !== 'CONNECTED') throw new FlowError('TENANT_NOT_CONNECTED')
  if (parties.operator.kind !== 'PERSON') throw new FlowError('NOT_ASKED_BY_A_PERSON')
  return { ticket: opened.ticket, parties, tenant }
}

async function failed(
  services: Services,
  about: { tenantId: string; parties: Parties } | null,
  cause: unknown,
): Promise<{ failure: SignInFailure }> {
  const failure = await recordFailure(services, 'privileged_sign_in.refused', about, cause)
  const consentUrl =
    failure.fault === 'CONSENT_MISSING' && about
      ? consentLink(services, { operatorId: about.parties.operator.id, tenantId: about.tenantId }).consentUrl
      : null
  return { failure: { ...failure, consentUrl } }
}
