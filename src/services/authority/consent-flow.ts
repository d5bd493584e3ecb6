/**
 * Admin consent: who asks is shown, the person signs in with us first, Entra asks for the consent, and Microsoft is asked whether it
 * was given. The redirect proves nothing: anybody can type it.
 */
import { z } from 'zod'
import { aadstsIn, SignInError } from '../../clients/entra/sign-in-error.ts'
import { UpstreamError } from '../../clients/errors.ts'
import type { Services } from '../../context.ts'
import { appendAudit } from '../../db/audit.ts'
import { partnerById } from '../../db/connecting.ts'
import { globalAdministratorRoleId, loadRoleRoster } from '../facts/role-roster.ts'
import { isUserOf } from './administrator-roles.ts'
import { type BrowserState, makeBrowserState, openCookie } from './browser-state.ts'
import { type Account, account, accountOf, type ConsentVerified, finish, grantedByNow } from './consent-outcome.ts'
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
import { type Connection, type ConsentTicket, connection, openConsentTicket } from './tickets.ts'

const purpose = 'admin consent'

/** `PROVE`: who consented was not known before, because the tenant did not know our application. */
const carried = z.object({
  step: z.enum(['IDENTIFY', 'GRANT', 'PROVE']),
  connect: connection.nullable(),
  account: account.nullable(),
})
type Carried = z.infer<typeof carried>

/** What the page says before anybody goes on. */
export interface ConsentOffer {
  operatorName: string
  organisation: string | null
  tenantName: string
  tenantId: string
  /** Who gets which roles in the tenant; null when the tenant is connected already. */
  connects: { granteeName: string; roles: readonly string[] } | null
  linkExpiresAt: Date
}

type Outcome<T> = { done: T } | { failure: FlowFailure }

/** Reads only. */
export async function offerConsent(services: Services, ticketText: string): Promise<Outcome<ConsentOffer>> {
  try {
    const { ticket, parties } = await asked(services, ticketText)
    const { connect, expiresAt, tenantId } = ticket
    return {
      done: {
        operatorName: parties.operator.displayName,
        organisation: parties.organisation,
        tenantName: connect?.name ?? parties.tenant?.name ?? tenantId,
        tenantId,
        connects: connect && { granteeName: await granteeName(services, connect, parties), roles: connect.roles },
        linkExpiresAt: expiresAt,
      },
    }
  } catch (error) {
    return failed(services, null, error)
  }
}

/** First to our own sign-in: an account that is no user of the tenant is told here that it cannot consent. */
export async function beginConsent(services: Services, ticketText: string): Promise<Outcome<Departure>> {
  let about: { tenantId: string; parties: Parties } | null = null
  try {
    const { ticket, parties } = await asked(services, ticketText)
    const { tenantId, connect } = ticket
    about = { tenantId, parties }
    const departure = await toSignIn(services, ticket, { step: 'IDENTIFY', connect, account: null })
    await services.db.withTenants([tenantId], (tx) =>
      appendAudit(tx, [
        {
          tenantId,
          name: 'consent.asked',
          at: services.now(),
          operator: parties.operator,
          details: { step: 'ENTRA', connect: connect && { grantee: connect.grantee, roles: connect.roles } },
        },
      ]),
    )
    return { done: departure }
  } catch (error) {
    return failed(services, about, error)
  }
}

/** Entra sent the person back: on to the next page, or to the end. */
export async function continueConsent(
  services: Services,
  arrival: Arrival,
): Promise<Outcome<{ next: Departure } | { verified: ConsentVerified }>> {
  let about: { tenantId: string; parties: Parties } | null = null
  try {
    const state = stateOf(services, purpose, arrival)
    const parties = await partiesOf(services, state)
    about = { tenantId: state.tenantId, parties }
    const kept = openCookie(services, purpose, state, arrival.kept(state.id), carried)
    if (!kept) throw await cookieMissing(services, state)
    await useUp(services, state)
    checkSender(services, state, arrival)
    const { step, connect } = kept.carried
    if (step === 'IDENTIFY') {
      const person = await identified(services, state, arrival, kept)
      return { done: { next: toConsent(services, state, { step: 'GRANT', connect, account: person }) } }
    }
    if (step === 'GRANT') {
      refusedByEntra(arrival)
      mustBeGiven(state, arrival)
      await grantedByNow(services, state.tenantId)
      const person = kept.carried.account
      if (connect && !person) {
        return { done: { next: await toSignIn(services, state, { step: 'PROVE', connect, account: null }) } }
      }
      return { done: { verified: await finish(services, state, parties, connect, person) } }
    }
    refusedByEntra(arrival)
    const person = await redeemed(services, state, arrival, kept)
    return { done: { verified: await finish(services, state, parties, connect, person) } }
  } catch (error) {
    return failed(services, about, error)
  }
}

async function toSignIn(
  services: Services,
  ids: { tenantId: string; operatorId: string },
  kept: Carried,
): Promise<Departure> {
  const made = makeBrowserState(services, purpose, ids, kept)
  const url = await services.microsoft.signIn.authorizeUrl({
    tenantId: ids.tenantId,
    redirectUri: redirectUri(services),
    state: made.state,
    nonce: made.nonce,
    codeChallenge: made.codeChallenge,
    access: 'IDENTITY',
    chooseAccount: kept.step === 'IDENTIFY',
  })
  return { url, keep: { id: made.id, sealed: made.sealed, expiresAt: made.expiresAt } }
}

function toConsent(services: Services, ids: { tenantId: string; operatorId: string }, kept: Carried): Departure {
  const made = makeBrowserState(services, purpose, ids, kept)
  const { tenantId } = ids
  const url = services.microsoft.signIn.adminConsentUrl({
    tenantId,
    redirectUri: redirectUri(services),
    state: made.state,
  })
  return { url, keep: { id: made.id, sealed: made.sealed, expiresAt: made.expiresAt } }
}

interface Kept {
  nonce: string
  codeVerifier: string
}

function refusedByEntra({ query }: Arrival): void {
  const error = query.get('error')
  const aadsts = aadstsIn(query.get('error_description'))
  if (error === null) return
  // `consent_required` from the consent page itself means that the person declined.
  throw aadsts === null && error === 'consent_required' ? new FlowError('DECLINED') : new SignInError({ error, aadsts })
}

/** An answer without an error says that the consent was given, and where. Whether that is true, Microsoft is asked afterwards. */
function mustBeGiven({ tenantId }: BrowserState, { query }: Arrival): void {
  if (query.get('admin_consent')?.toLowerCase() !== 'true') throw new FlowError('DECLINED')
  const tenant = query.get('tenant')
  if (tenant !== null && tenant.toLowerCase() !== tenantId) throw new FlowError('WRONG_TENANT')
}

async function redeemed(services: Services, state: BrowserState, { query }: Arrival, kept: Kept): Promise<Account> {
  const { nonce, codeVerifier } = kept
  const signedIn = await services.microsoft.signIn.redeem({
    tenantId: state.tenantId,
    redirectUri: redirectUri(services),
    code: query.get('code') ?? '',
    nonce,
    codeVerifier,
    access: 'IDENTITY',
  })
  if (signedIn.tenantId !== state.tenantId) throw new FlowError('WRONG_TENANT', { account: signedIn })
  return accountOf(signedIn)
}

/**
 * Null when Entra does not let anybody sign in with us before the tenant consented: then Entra's own page tells who cannot.
 * Throws `NOT_A_USER_OF_THE_TENANT`, `WRONG_ROLE` where we can know.
 */
async function identified(
  services: Services,
  state: BrowserState,
  arrival: Arrival,
  kept: Kept,
): Promise<Account | null> {
  try {
    refusedByEntra(arrival)
    const person = await redeemed(services, state, arrival, kept)
    await mayConsent(services, state.tenantId, person)
    return person
  } catch (error) {
    if (flowErrorOf(error).fault === 'CONSENT_MISSING') return null
    throw error
  }
}

/** What cannot be read is no reason to send somebody away: Entra decides in the end. */
async function mayConsent(services: Services, tenantId: string, person: Account): Promise<void> {
  const session = flowSession(services)
  const reader = { session, tenantId, clientId: services.clientId, fresh: true }
  const isUser = await isUserOf(session, tenantId, person.objectId).catch(unknown)
  if (isUser === false) throw new FlowError('NOT_A_USER_OF_THE_TENANT', { account: person })
  const roster = await loadRoleRoster(reader)
  if (isUser && roster.known && !roster.value.rolesOf(person.objectId).includes(globalAdministratorRoleId)) {
    throw new FlowError('WRONG_ROLE', { account: person })
  }
}

function unknown(error: unknown): null {
  if (error instanceof UpstreamError) return null
  throw error
}

const redirectUri = ({ publicUrl }: Services): string => `${publicUrl}/consent/callback`

/** Throws `LINK_INVALID`, `LINK_EXPIRED`. */
async function asked(services: Services, ticketText: string): Promise<{ ticket: ConsentTicket; parties: Parties }> {
  const opened = openConsentTicket(services, ticketText)
  if ('fault' in opened) throw new FlowError(opened.fault === 'EXPIRED' ? 'LINK_EXPIRED' : 'LINK_INVALID')
  const parties = await partiesOf(services, opened.ticket)
  if (!parties.tenant && !opened.ticket.connect) throw new FlowError('LINK_INVALID')
  return { ticket: opened.ticket, parties }
}

async function granteeName({ db }: Services, { grantee }: Connection, { operator }: Parties): Promise<string> {
  if ('operatorId' in grantee) return operator.displayName
  return (await db.plain((tx) => partnerById(tx, grantee.partnerId)))?.name ?? operator.displayName
}

const failed = async (
  services: Services,
  about: { tenantId: string; parties: Parties } | null,
  cause: unknown,
): Promise<{ failure: FlowFailure }> => ({ failure: await recordFailure(services, 'consent.refused', about, cause) })
