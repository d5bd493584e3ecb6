/** Privileged sessions: an administrator's sign-in, held for one operator and tenant, taken up with a code, ended by time or on request. */
import { randomInt, timingSafeEqual } from 'node:crypto'
import type { SignedIn } from '../../clients/entra/sign-in.ts'
import type { ServiceContext, Services } from '../../context.ts'
import { appendAudit } from '../../db/audit.ts'
import type { Tx } from '../../db/connection.ts'
import { newId } from '../../db/ids.ts'
import { enqueue } from '../../db/jobs.ts'
import {
  confirmSession,
  countWrongCode,
  endSessions,
  insertPrivilegedSession,
  openSessions,
  type PrivilegedSessionRow,
  type SessionEnd,
  type SignedInAdministrator,
  waitingSession,
} from '../../db/privileged-sessions.ts'
import type { OperatorSnapshot } from '../../db/tables.ts'
import { InvalidInputError, NotAllowedError, NotFoundError, type Refusal } from '../refusals.ts'
import { keyedHashes, seal, unseal } from './sealing.ts'

export interface PrivilegedSession {
  id: string
  tenantId: string
  operatorId: string
  /** The administrator's account: in its home tenant, and as this tenant knows it (another id for a guest). */
  administrator: SignedInAdministrator
  /** Template ids of the Entra roles held that count. */
  roles: string[]
  expiresAt: Date
  /** Set once it ended. */
  endedAt: Date | null
  /** For Graph, delegated. Throws once the session ended. Never printed. */
  accessToken(): string
}

export const sessionLifetimeMsMax = 60 * 60_000
export const codeLifetimeMs = 10 * 60_000
export const wrongCodesMax = 5
export const endExpiredTask = 'end-privileged-sessions'

const tokenPurpose = 'privileged session'
const codePurpose = 'privileged sign-in code'
/** Without characters that are mistaken for others: 29 to the power of 8 codes, and five tries. */
const codeAlphabet = 'ABCDEFGHJKMNPQRTUVWXYZ2346789'
const codeLength = 8

type Sealed = Pick<Services, 'sealingKeys'>

const tokenBoundTo = ({ tenantId, id, operatorId }: { tenantId: string; id: string; operatorId: string }) =>
  `${tenantId} ${id} ${operatorId}`

function sessionOf({ sealingKeys }: Sealed, row: PrivilegedSessionRow): PrivilegedSession {
  const { id, tenantId, operatorId, administrator, roles, expiresAt, endedAt, sealedToken } = row
  return {
    id,
    tenantId,
    operatorId,
    administrator,
    roles,
    expiresAt,
    endedAt,
    accessToken() {
      const token = sealedToken && unseal(sealingKeys, tokenPurpose, sealedToken, tokenBoundTo(row))
      if (!token) throw new Error('The privileged session has ended, or its key is gone')
      return token
    },
  }
}

const isUsable = ({ sealingKeys }: Sealed, row: PrivilegedSessionRow): boolean =>
  row.sealedToken !== null && unseal(sealingKeys, tokenPurpose, row.sealedToken, tokenBoundTo(row)) !== null

/** The session that this operator holds in the tenant now; null without one, for others than persons, and without the role. */
export async function activeSession(ctx: ServiceContext, tenantId: string): Promise<PrivilegedSession | null> {
  return sessionIn(await activeSessions(ctx), tenantId)
}

export const sessionIn = (sessions: readonly PrivilegedSession[], tenantId: string): PrivilegedSession | null =>
  sessions.find((session) => session.tenantId === tenantId) ?? null

/** All of the operator's sessions, one for each tenant; read once a request. */
export function activeSessions(ctx: ServiceContext): Promise<PrivilegedSession[]> {
  const remembered = ctx.memo.get(activeSessions) as Promise<PrivilegedSession[]> | undefined
  if (remembered) return remembered
  const sessions = readSessions(ctx)
  ctx.memo.set(activeSessions, sessions)
  return sessions
}

async function readSessions(ctx: ServiceContext): Promise<PrivilegedSession[]> {
  const tenantIds = ctx.access.tenantIds.filter((id) => ctx.access.can(id, 'Remediations.Privileged'))
  if (ctx.operator.kind !== 'PERSON' || tenantIds.length === 0) return []
  const rows = await ctx.db.withTenants(tenantIds, (tx) => openSessions(tx, tenantIds, ctx.operator.id, ctx.now()))
  return rows.filter((row) => isUsable(ctx, row)).map((row) => sessionOf(ctx, row))
}

/** Whether a session that was read before has not ended since: a run asks before each step. */
export async function isStillOpen(ctx: ServiceContext, { tenantId, id }: PrivilegedSession): Promise<boolean> {
  const rows = await ctx.db.withTenants([tenantId], (tx) => openSessions(tx, [tenantId], ctx.operator.id, ctx.now()))
  return rows.some((row) => row.id === id)
}

/** A new code, e.g. `K7PM2XWA`. */
const newCode = (): string =>
  Array.from({ length: codeLength }, () => codeAlphabet[randomInt(codeAlphabet.length)]).join('')

/** As people type it: small letters, spaces and dashes do not matter. */
const readCode = (typed: string): string => typed.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')

export interface WaitingSession {
  code: string
  codeExpiresAt: Date
  expiresAt: Date
}

/**
 * Stores a verified sign-in until the operator types the code in: the token sealed, the code hashed. A newer sign-in for the
 * same operator and tenant takes the place of one that still waits.
 */
export async function storeWaitingSession(
  services: Services,
  tx: Tx,
  given: { operator: OperatorSnapshot; tenantId: string; signedIn: SignedIn; roles: string[] },
): Promise<WaitingSession> {
  const { sealingKeys } = services
  const { operator, tenantId, signedIn, roles } = given
  const now = services.now()
  const id = newId(now)
  const code = newCode()
  const expiresAt = new Date(Math.min(now.getTime() + sessionLifetimeMsMax, signedIn.expiresAt.getTime()))
  const codeExpiresAt = new Date(Math.min(now.getTime() + codeLifetimeMs, expiresAt.getTime()))
  const [codeHash] = codeHashes(services, tenantId, id, code)
  if (!codeHash) throw new Error('SEALING_KEY is empty')
  await endOverdue(services, tx, tenantId)
  const which = { operatorId: operator.id, waiting: true }
  await recordEnds(services, tx, await endSessions(tx, tenantId, which, 'REPLACED', now), 'REPLACED')
  const bound = { tenantId, id, operatorId: operator.id }
  const administrator = {
    objectId: signedIn.homeObjectId,
    objectIdInTenant: signedIn.objectId,
    homeTenantId: signedIn.homeTenantId,
    displayName: signedIn.displayName,
    userPrincipalName: signedIn.userPrincipalName,
  }
  await insertPrivilegedSession(tx, {
    ...bound,
    administrator,
    roles,
    sealedToken: seal(sealingKeys, tokenPurpose, signedIn.accessToken, tokenBoundTo(bound)),
    codeHash,
    signedInAt: now,
    codeExpiresAt,
    expiresAt,
  })
  const entry = { tenantId, name: 'privileged_sign_in.completed', at: now, operator: snapshot(operator) }
  await appendAudit(tx, [
    { ...entry, details: { sessionId: id, administrator, roles, codeExpiresAt: codeExpiresAt.toISOString() } },
  ])
  await endLater(tx, tenantId, codeExpiresAt)
  return { code, codeExpiresAt, expiresAt }
}

const codeHashes = ({ sealingKeys }: Sealed, tenantId: string, id: string, code: string): Buffer[] =>
  keyedHashes(sealingKeys, codePurpose, `${tenantId} ${id} ${code}`)

/** A job takes the token away when its time is over, whether or not anybody asks. */
const endLater = (tx: Tx, tenantId: string, at: Date): Promise<void> =>
  enqueue(tx, endExpiredTask, { tenantId }, { runAt: at, jobKey: `${endExpiredTask} ${tenantId} ${at.getTime()}` })

/**
 * Takes the waiting sign-in up. Throws `NotFoundError` (no such tenant, nothing waits for this operator), `NotAllowedError`,
 * `InvalidInputError` that names `code` and the tries left. Every refusal in a visible tenant is on record.
 */
export async function confirmPrivilegedSignIn(
  ctx: ServiceContext,
  { tenantId, code }: { tenantId: string; code: string },
): Promise<PrivilegedSession> {
  if (!ctx.access.tenantIds.includes(tenantId)) throw missingTenant()
  const outcome = await ctx.db.withTenants([tenantId], async (tx) => {
    const refuse = async (refusal: Refusal, reason: string, details: object = {}) => {
      await appendAudit(tx, [entry(ctx, 'privileged_sign_in.refused', tenantId, { reason, ...details })])
      return refusal
    }
    const notAllowed = mayHold(ctx, tenantId)
    if (notAllowed) return refuse(notAllowed, 'OPERATOR_NOT_ALLOWED')
    await endOverdue(ctx, tx, tenantId)
    const waiting = await waitingSession(tx, tenantId, ctx.operator.id)
    if (!waiting) {
      return refuse(
        new NotFoundError(
          'No sign-in waits for you in this tenant. A code belongs to the operator whose link the administrator opened, and ends after ten minutes.',
        ),
        'NOTHING_WAITS',
      )
    }
    const { id, codeHash, administrator } = waiting
    const given = codeHashes(ctx, tenantId, id, readCode(code))
    if (!codeHash || !given.some((hash) => timingSafeEqual(hash, codeHash))) {
      const left = wrongCodesMax - (await countWrongCode(tx, tenantId, id))
      if (left <= 0) {
        const ended = await endSessions(tx, tenantId, { id }, 'WRONG_CODES', ctx.now())
        await recordEnds(ctx, tx, ended, 'WRONG_CODES')
      }
      return refuse(wrongCode(left), 'WRONG_CODE', { sessionId: id, triesLeft: Math.max(0, left) })
    }
    const which = { operatorId: ctx.operator.id, waiting: false, except: id }
    await recordEnds(ctx, tx, await endSessions(tx, tenantId, which, 'REPLACED', ctx.now()), 'REPLACED')
    const row = await confirmSession(tx, tenantId, id, ctx.now())
    if (!row) throw new Error('The waiting sign-in has vanished')
    await appendAudit(tx, [
      entry(ctx, 'privileged_sign_in.confirmed', tenantId, {
        sessionId: id,
        administrator,
        roles: row.roles,
        expiresAt: row.expiresAt.toISOString(),
      }),
    ])
    await endLater(tx, tenantId, row.expiresAt)
    return sessionOf(ctx, row)
  })
  // The refusal is on record first: thrown inside, it would undo that.
  if (outcome instanceof Error) throw outcome
  ctx.memo.delete(activeSessions)
  return outcome
}

const missingTenant = () => new NotFoundError('There is no such tenant, or you have no access to it.')

/** Null when the operator may hold a session there. */
export function mayHold({ operator, access }: ServiceContext, tenantId: string): NotAllowedError | null {
  if (operator.kind !== 'PERSON') {
    return new NotAllowedError('Applications and API keys hold no privileged sign-in: a person must act.')
  }
  return access.can(tenantId, 'Remediations.Privileged')
    ? null
    : new NotAllowedError('This needs the role Remediations.Privileged, which you do not hold in this tenant.')
}

function wrongCode(left: number): InvalidInputError {
  const message =
    left > 0
      ? `The code is not right. ${left === 1 ? 'One try is' : `${left} tries are`} left.`
      : 'The code is not right, and that was the last try: the sign-in is void. The administrator must sign in again.'
  return new InvalidInputError(message, [{ path: ['input', 'code'], message }])
}

/** Ends the session that the operator holds in the tenant. Throws `NotFoundError` when there is none. */
export async function endPrivilegedSession(ctx: ServiceContext, tenantId: string): Promise<PrivilegedSession> {
  if (!ctx.access.tenantIds.includes(tenantId)) throw missingTenant()
  const which = { operatorId: ctx.operator.id, waiting: false }
  const ended = await ctx.db.withTenants([tenantId], async (tx) => {
    await endOverdue(ctx, tx, tenantId)
    const rows = await endSessions(tx, tenantId, which, 'MUTATION', ctx.now())
    await recordEnds(ctx, tx, rows, 'MUTATION', ctx)
    return rows
  })
  ctx.memo.delete(activeSessions)
  const [row] = ended
  if (!row) throw new NotFoundError('You hold no privileged sign-in in this tenant.')
  return sessionOf(ctx, row)
}

/** Ends a session that Microsoft no longer accepts, so that nobody tries it again. */
export async function endRefusedSession(ctx: ServiceContext, { tenantId, id }: PrivilegedSession): Promise<void> {
  await ctx.db.withTenants([tenantId], async (tx) =>
    recordEnds(ctx, tx, await endSessions(tx, tenantId, { id }, 'UPSTREAM', ctx.now()), 'UPSTREAM'),
  )
  ctx.memo.delete(activeSessions)
}

/** Takes the tokens of a tenant's sessions away whose time is over: a job, and every use. */
export const endExpiredSessions = (services: Pick<Services, 'db' | 'now'>, tenantId: string): Promise<void> =>
  services.db.withTenants([tenantId], (tx) => endOverdue(services, tx, tenantId))

async function endOverdue(services: Pick<Services, 'now'>, tx: Tx, tenantId: string): Promise<void> {
  const now = services.now()
  await recordEnds(services, tx, await endSessions(tx, tenantId, { overAt: now }, 'EXPIRED', now), 'EXPIRED')
}

/** By the operator when it asked for it, by nobody when it came by itself. */
async function recordEnds(
  { now }: Pick<Services, 'now'>,
  tx: Tx,
  ended: readonly PrivilegedSessionRow[],
  ending: SessionEnd,
  by: Pick<ServiceContext, 'operator'> | null = null,
): Promise<void> {
  const entries = ended.map(({ id, tenantId, operatorId, administrator, confirmedAt }) => ({
    tenantId,
    name: 'privileged_sign_in.ended',
    at: now(),
    operator: by && snapshot(by.operator),
    details: { reason: ending, sessionId: id, operatorId, administrator, wasConfirmed: confirmedAt !== null },
  }))
  await appendAudit(tx, entries)
}

const snapshot = ({ id, kind, displayName }: OperatorSnapshot): OperatorSnapshot => ({ id, kind, displayName })

const entry = (ctx: ServiceContext, name: string, tenantId: string, details: Record<string, unknown>) => ({
  tenantId,
  name,
  at: ctx.now(),
  operator: snapshot(ctx.operator),
  details,
})
