/** Privileged sessions: an administrator's sign-in, first waiting for its code, then open, then ended without its token. */
import { and, eq, gt, inArray, isNotNull, isNull, lte, ne, type SQL, sql } from 'drizzle-orm'
import type { Tx } from './connection.ts'
import { privilegedSession, type SessionEnd, type SignedInAdministrator, usedState } from './tables.ts'

export type { SessionEnd, SignedInAdministrator } from './tables.ts'

export interface PrivilegedSessionRow {
  tenantId: string
  id: string
  operatorId: string
  administrator: SignedInAdministrator
  /** Template ids of Entra roles. */
  roles: string[]
  /** Null once it ended. */
  sealedToken: string | null
  codeHash: Buffer | null
  wrongCodes: number
  signedInAt: Date
  codeExpiresAt: Date
  /** Null while the operator has not typed the code in. */
  confirmedAt: Date | null
  expiresAt: Date
  endedAt: Date | null
}

export type NewPrivilegedSession = Omit<
  PrivilegedSessionRow,
  'wrongCodes' | 'confirmedAt' | 'endedAt' | 'sealedToken' | 'codeHash'
> & { sealedToken: string; codeHash: Buffer }

/** Uses a state up; false when it came back before. Forgets the tenant's states that are refused by their age alone. */
export async function takeState(
  tx: Tx,
  tenantId: string,
  state: { id: string; expiresAt: Date },
  now: Date,
): Promise<boolean> {
  await tx.delete(usedState).where(and(eq(usedState.tenantId, tenantId), lte(usedState.expiresAt, now)))
  const taken = await tx
    .insert(usedState)
    .values({ tenantId, ...state })
    .onConflictDoNothing()
    .returning({ id: usedState.id })
  return taken.length > 0
}

export async function isStateUsed(tx: Tx, tenantId: string, id: string): Promise<boolean> {
  const rows = await tx
    .select({ id: usedState.id })
    .from(usedState)
    .where(and(eq(usedState.tenantId, tenantId), eq(usedState.id, id)))
  return rows.length > 0
}

export async function insertPrivilegedSession(tx: Tx, session: NewPrivilegedSession): Promise<void> {
  await tx.insert(privilegedSession).values(session)
}

/** The sign-in that waits for the operator's code, locked until the transaction ends; null when none does. */
export async function waitingSession(
  tx: Tx,
  tenantId: string,
  operatorId: string,
): Promise<PrivilegedSessionRow | null> {
  const [row] = await tx
    .select()
    .from(privilegedSession)
    .where(and(open(tenantId), eq(privilegedSession.operatorId, operatorId), isNull(privilegedSession.confirmedAt)))
    .orderBy(sql`${privilegedSession.signedInAt} desc`)
    .limit(1)
    .for('update')
  return row ?? null
}

/** How many wrong codes there are now. */
export async function countWrongCode(tx: Tx, tenantId: string, id: string): Promise<number> {
  const [row] = await tx
    .update(privilegedSession)
    .set({ wrongCodes: sql`${privilegedSession.wrongCodes} + 1` })
    .where(and(eq(privilegedSession.tenantId, tenantId), eq(privilegedSession.id, id)))
    .returning({ wrongCodes: privilegedSession.wrongCodes })
  if (!row) throw new Error('The privileged session has vanished')
  return row.wrongCodes
}

/** Null when it ended, or was confirmed, meanwhile. */
export async function confirmSession(
  tx: Tx,
  tenantId: string,
  id: string,
  now: Date,
): Promise<PrivilegedSessionRow | null> {
  const [row] = await tx
    .update(privilegedSession)
    .set({ confirmedAt: now, codeHash: null })
    .where(and(open(tenantId), eq(privilegedSession.id, id), isNull(privilegedSession.confirmedAt)))
    .returning()
  return row ?? null
}

/** Ends what fits and is not ended yet; the tokens go. Answers with what it ended. */
export async function endSessions(
  tx: Tx,
  tenantId: string,
  which: { id: string } | { operatorId: string; waiting: boolean; except?: string } | { overAt: Date },
  ending: SessionEnd,
  now: Date,
): Promise<PrivilegedSessionRow[]> {
  return tx
    .update(privilegedSession)
    .set({ endedAt: now, ending, sealedToken: null, codeHash: null })
    .where(and(open(tenantId), fitting(which)))
    .returning()
}

function fitting(
  which: { id: string } | { operatorId: string; waiting: boolean; except?: string } | { overAt: Date },
): SQL | undefined {
  if ('id' in which) return eq(privilegedSession.id, which.id)
  if ('overAt' in which) {
    const at = which.overAt.toISOString()
    return sql`(${privilegedSession.expiresAt} <= ${at}::timestamptz
      or (${privilegedSession.confirmedAt} is null and ${privilegedSession.codeExpiresAt} <= ${at}::timestamptz))`
  }
  return and(
    eq(privilegedSession.operatorId, which.operatorId),
    which.waiting ? isNull(privilegedSession.confirmedAt) : isNotNull(privilegedSession.confirmedAt),
    which.except === undefined ? undefined : ne(privilegedSession.id, which.except),
  )
}

/** The confirmed sessions of an operator that are not over at `now`, newest first. */
export async function openSessions(
  tx: Tx,
  tenantIds: readonly string[],
  operatorId: string,
  now: Date,
): Promise<PrivilegedSessionRow[]> {
  if (tenantIds.length === 0) return []
  return tx
    .select()
    .from(privilegedSession)
    .where(
      and(
        inArray(privilegedSession.tenantId, [...tenantIds]),
        eq(privilegedSession.operatorId, operatorId),
        isNull(privilegedSession.endedAt),
        isNotNull(privilegedSession.confirmedAt),
        gt(privilegedSession.expiresAt, now),
      ),
    )
    .orderBy(sql`${privilegedSession.confirmedAt} desc`)
}

const open = (tenantId: string): SQL | undefined =>
  and(eq(privilegedSession.tenantId, tenantId), isNull(privilegedSession.endedAt))
