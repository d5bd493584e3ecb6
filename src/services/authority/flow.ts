/** What sign-in and consent share: who asks for which tenant, states that count once, and the record of what went wrong. */
import type { MicrosoftSession } from '../../clients/types.ts'
import type { Services } from '../../context.ts'
import { appendAudit } from '../../db/audit.ts'
import { partnerOfOperator } from '../../db/connecting.ts'
import { operatorsByIds } from '../../db/operators.ts'
import { isStateUsed, takeState } from '../../db/privileged-sessions.ts'
import type { OperatorSnapshot } from '../../db/tables.ts'
import { type TenantRow, tenantsByIds } from '../../db/tenants.ts'
import { type BrowserState, openState } from './browser-state.ts'
import { FlowError, type FlowFault, flowErrorOf } from './flow-faults.ts'

/** What the browser must keep until it comes back. */
export interface KeptInBrowser {
  id: string
  sealed: string
  expiresAt: Date
}

/** Where the browser goes, and what it keeps. */
export interface Departure {
  url: string
  keep: KeptInBrowser
}

/** What came back: the query of the callback, and what the browser kept for a state. */
export interface Arrival {
  query: URLSearchParams
  kept(id: string): string | null
}

export interface Parties {
  operator: OperatorSnapshot
  /** The operator's own account, at home; null for applications and API keys. */
  operatorAccount: { tenantId: string; objectId: string } | null
  /** Where the operator belongs: names of people say little. The partner's or tenant's name, or the id of its Entra tenant. */
  organisation: string | null
  /** The tenant that it is about; null when we do not know it yet. */
  tenant: TenantRow | null
}

/** What is shown when something went wrong. `parties` and `tenantId` are known unless the link or the state was worthless. */
export interface FlowFailure {
  fault: FlowFault
  aadsts: number | null
  account: FlowError['account']
  tenantId: string | null
  parties: Parties | null
}

/** A person is waiting, but Entra's own pages were slower. */
const deadlineMs = 20_000

export const flowSession = ({ microsoft, now }: Services): MicrosoftSession =>
  microsoft.session({ deadlineAt: now().getTime() + deadlineMs })

/** Throws `LINK_INVALID` for an operator that is gone. */
export async function partiesOf(
  { db }: Services,
  { operatorId, tenantId }: { operatorId: string; tenantId: string },
): Promise<Parties> {
  const [{ operator, partner }, [tenant = null]] = await Promise.all([
    db.plain(async (tx) => ({
      operator: (await operatorsByIds(tx, [operatorId]))[0],
      partner: await partnerOfOperator(tx, operatorId),
    })),
    db.withTenants([tenantId], (tx) => tenantsByIds(tx, [tenantId])),
  ])
  if (!operator) throw new FlowError('LINK_INVALID')
  const { id, kind, displayName, objectId } = operator
  const operatorAccount = operator.tenantId && objectId ? { tenantId: operator.tenantId, objectId } : null
  const organisation =
    operator.tenantId === tenantId ? (tenant?.name ?? tenantId) : (partner?.name ?? operator.tenantId)
  return { operator: { id, kind, displayName }, operatorAccount, organisation, tenant }
}

/** The state of a callback. Throws `STATE_INVALID`. */
export function stateOf(services: Services, purpose: string, { query }: Arrival): BrowserState {
  const state = openState(services, purpose, query.get('state') ?? '')
  if (!state) throw new FlowError('STATE_INVALID')
  return state
}

/** An answer that says who it is from must be from the tenant that was asked (RFC 9207). Throws `PROOF_FAILED`. */
export function checkSender({ entraUrl }: Services, { tenantId }: BrowserState, { query }: Arrival): void {
  const expected = `${new URL(entraUrl).origin}/${tenantId}/v2.0`
  if (query.getAll('iss').some((issuer) => issuer !== expected)) throw new FlowError('PROOF_FAILED')
}

/** Throws `STATE_EXPIRED`, `STATE_REPLAYED`. From now on the state is worth nothing, whatever comes of it. */
export async function useUp({ db, now }: Services, state: BrowserState): Promise<void> {
  if (now() >= state.expiresAt) throw new FlowError('STATE_EXPIRED')
  const isFirst = await db.withTenants([state.tenantId], (tx) => takeState(tx, state.tenantId, state, now()))
  if (!isFirst) throw new FlowError('STATE_REPLAYED')
}

/** Why a browser keeps nothing for a state: its cookie went with its time or its use, or it is another browser. */
export async function cookieMissing(
  { db, now }: Services,
  { id, tenantId, expiresAt }: BrowserState,
): Promise<FlowError> {
  if (now() >= expiresAt) return new FlowError('STATE_EXPIRED')
  const isUsed = await db.withTenants([tenantId], (tx) => isStateUsed(tx, tenantId, id))
  return new FlowError(isUsed ? 'STATE_REPLAYED' : 'OTHER_BROWSER')
}

/** Puts a failure on record in its tenant; a fault of our own code is thrown again. */
export async function recordFailure(
  services: Services,
  name: 'privileged_sign_in.refused' | 'consent.refused',
  about: { tenantId: string; parties: Parties | null } | null,
  cause: unknown,
): Promise<FlowFailure> {
  const { fault, aadsts, account } = flowErrorOf(cause)
  if (about?.parties) {
    const { tenantId, parties } = about
    const details = {
      reason: fault,
      ...(aadsts === null ? {} : { aadsts }),
      ...(account ? { account: named(account) } : {}),
    }
    await services.db.withTenants([tenantId], (tx) =>
      appendAudit(tx, [{ tenantId, name, at: services.now(), operator: parties.operator, details }]),
    )
  }
  services.log.info({ fault, aadsts, tenantId: about?.tenantId ?? null }, 'A sign-in or consent was refused')
  return { fault, aadsts, account, tenantId: about?.tenantId ?? null, parties: about?.parties ?? null }
}

/** Who it was, for the audit trail: no token, no claim but these. */
export const named = ({
  homeObjectId,
  homeTenantId,
  displayName,
  userPrincipalName,
}: NonNullable<FlowError['account']>) => ({
  objectId: homeObjectId,
  homeTenantId,
  displayName,
  userPrincipalName,
})
