/** Remediation runs, their steps and the leases that keep two runs off one target. */
import { and, asc, desc, eq, inArray, isNull, lt, lte, ne, or, sql } from 'drizzle-orm'
import type { Subject } from '../services/events/types.ts'
import type { RunStatus, StepState } from '../services/remediations/codes.ts'
import type { RemediationRun, RemediationStep } from '../services/remediations/types.ts'
import type { Tx } from './connection.ts'
import { storableJson } from './json.ts'
import { lease, type OperatorSnapshot, remediationRun, remediationStep } from './tables.ts'

type StoredState = StepState | 'PENDING'

export interface NewStep {
  kind: string
  subject: Subject
  /** `PENDING`, or how the plan already decided it. */
  state: StoredState
  code: string | null
  message: string | null
  remedy: string | null
  retryable: boolean | null
}

export interface NewRun {
  id: string
  tenantId: string
  eventId: string
  group: string
  requestedBy: OperatorSnapshot
  requestedAt: Date
  idempotencyKey: string
  inputHash: Buffer
  /** In the order of application. */
  steps: NewStep[]
}

export interface StepEnd {
  state: StoredState
  code: string | null
  message: string | null
  remedy: string | null
  retryable: boolean | null
  upstreamRequestId: string | null
  evidence: unknown
}

export type StoredStep = Omit<RemediationStep, 'state'> & { position: number; state: StoredState }

/** The run and all its steps. False when the operator has used the key already: nothing is written then. */
export async function insertRun(tx: Tx, run: NewRun): Promise<boolean> {
  const inserted = await tx
    .insert(remediationRun)
    .values({
      tenantId: run.tenantId,
      id: run.id,
      eventId: run.eventId,
      groupName: run.group,
      operatorId: run.requestedBy.id,
      operator: run.requestedBy,
      idempotencyKey: run.idempotencyKey,
      inputHash: run.inputHash,
      status: 'RUNNING',
      requestedAt: run.requestedAt,
    })
    .onConflictDoNothing()
    .returning({ id: remediationRun.id })
  if (inserted.length === 0) return false
  await tx.insert(remediationStep).values(
    run.steps.map((step, position) => ({
      tenantId: run.tenantId,
      runId: run.id,
      position,
      ...step,
      endedAt: step.state === 'PENDING' ? null : run.requestedAt,
    })),
  )
  return true
}

const ofStep = (tenantId: string, runId: string, position: number) =>
  and(eq(remediationStep.tenantId, tenantId), eq(remediationStep.runId, runId), eq(remediationStep.position, position))

/** The step's intent, with what is kept before it goes. */
export async function startStep(
  tx: Tx,
  tenantId: string,
  runId: string,
  position: number,
  at: Date,
  evidence: unknown,
): Promise<void> {
  await tx
    .update(remediationStep)
    .set({ state: 'RUNNING', startedAt: at, evidence: storable(evidence) })
    .where(ofStep(tenantId, runId, position))
}

/** Names and rules of a mailbox may hold what `jsonb` refuses. */
const storable = (value: unknown): unknown => (value == null ? null : JSON.parse(storableJson(value)))

/**
 * The step's outcome. False, and nothing is changed, when one is known for certain, or when this very one is stored: a commit
 * whose answer was lost is made again.
 */
export async function endStep(
  tx: Tx,
  tenantId: string,
  runId: string,
  position: number,
  { state, code, message, remedy, retryable, upstreamRequestId, evidence }: StepEnd,
  at: Date,
): Promise<boolean> {
  const ended = await tx
    .update(remediationStep)
    .set({ state, code, message, remedy, retryable, upstreamRequestId, evidence: storable(evidence), endedAt: at })
    .where(
      and(
        ofStep(tenantId, runId, position),
        inArray(remediationStep.state, ['PENDING', 'RUNNING', 'ACCEPTED', 'UNKNOWN']),
        or(isNull(remediationStep.endedAt), ne(remediationStep.endedAt, at)),
      ),
    )
    .returning({ position: remediationStep.position })
  return ended.length === 1
}

/** `endedAt` null: something is still to be found out, and the sweep comes back to it. */
export async function endRun(
  tx: Tx,
  tenantId: string,
  runId: string,
  status: RunStatus,
  endedAt: Date | null,
): Promise<void> {
  await tx
    .update(remediationRun)
    .set({ status, endedAt })
    .where(and(eq(remediationRun.tenantId, tenantId), eq(remediationRun.id, runId)))
}

export async function runById(tx: Tx, tenantId: string, id: string): Promise<RemediationRun | null> {
  const [row] = await tx
    .select()
    .from(remediationRun)
    .where(and(eq(remediationRun.tenantId, tenantId), eq(remediationRun.id, id)))
  return row ? ((await withSteps(tx, tenantId, [row]))[0] ?? null) : null
}

export async function findRunByKey(
  tx: Tx,
  tenantId: string,
  operatorId: string,
  idempotencyKey: string,
): Promise<{ run: RemediationRun; inputHash: Buffer } | null> {
  const [row] = await tx
    .select()
    .from(remediationRun)
    .where(
      and(
        eq(remediationRun.tenantId, tenantId),
        eq(remediationRun.operatorId, operatorId),
        eq(remediationRun.idempotencyKey, idempotencyKey),
      ),
    )
  const [run] = row ? await withSteps(tx, tenantId, [row]) : []
  return row && run ? { run, inputHash: row.inputHash } : null
}

/** Runs of one event, newest first; two statements. `after` is the id of the last run of the page before. */
export async function pageOfRuns(
  tx: Tx,
  tenantId: string,
  eventId: string,
  { first, after }: { first: number; after?: string | undefined },
): Promise<{ runs: RemediationRun[]; hasNextPage: boolean }> {
  const rows = await tx
    .select()
    .from(remediationRun)
    .where(
      and(
        eq(remediationRun.tenantId, tenantId),
        eq(remediationRun.eventId, eventId),
        after ? lt(remediationRun.id, after) : undefined,
      ),
    )
    .orderBy(desc(remediationRun.id))
    .limit(first + 1)
  return { runs: await withSteps(tx, tenantId, rows.slice(0, first)), hasNextPage: rows.length > first }
}

export async function storedSteps(tx: Tx, tenantId: string, runId: string): Promise<StoredStep[]> {
  const rows = await tx
    .select()
    .from(remediationStep)
    .where(and(eq(remediationStep.tenantId, tenantId), eq(remediationStep.runId, runId)))
    .orderBy(asc(remediationStep.position))
  return rows.map(({ tenantId: _tenant, runId: _run, ...step }) => step)
}

async function withSteps(
  tx: Tx,
  tenantId: string,
  rows: (typeof remediationRun.$inferSelect)[],
): Promise<RemediationRun[]> {
  if (rows.length === 0) return []
  const steps = await tx
    .select()
    .from(remediationStep)
    .where(
      and(
        eq(remediationStep.tenantId, tenantId),
        inArray(
          remediationStep.runId,
          rows.map(({ id }) => id),
        ),
      ),
    )
    .orderBy(asc(remediationStep.position))
  return rows.map((row) => ({
    id: row.id,
    tenantId,
    eventId: row.eventId,
    requestedBy: row.operator,
    requestedAt: row.requestedAt,
    endedAt: row.endedAt,
    status: row.status,
    steps: steps
      .filter(({ runId }) => runId === row.id)
      .map(({ tenantId: _tenant, runId: _run, position: _position, state, ...step }) => ({
        ...step,
        state: state === 'PENDING' ? 'RUNNING' : state,
      })),
  }))
}

const openRunsOfATenantMax = 50

/** Runs of these tenants that were asked for before a moment and still hold something to find out: the oldest of each tenant. */
export async function unsettledRuns(
  tx: Tx,
  tenantIds: readonly string[],
  requestedBefore: Date,
): Promise<{ tenantId: string; runId: string }[]> {
  if (tenantIds.length === 0) return []
  const { tenantId, id, requestedAt, endedAt } = remediationRun
  const place = sql<number>`row_number() over (partition by ${tenantId} order by ${requestedAt})`
  const open = tx
    .select({ tenantId, runId: id, requestedAt, place: place.as('place') })
    .from(remediationRun)
    .where(and(isNull(endedAt), lt(requestedAt, requestedBefore)))
    .as('open')
  return tx
    .select({ tenantId: open.tenantId, runId: open.runId })
    .from(open)
    .where(lte(open.place, openRunsOfATenantMax))
    .orderBy(asc(open.requestedAt))
    .limit(1_000)
}

/** All keys or none: a lease of another run that has not expired is in the way. Taking one's own again extends it. */
export async function acquireLeases(
  tx: Tx,
  tenantId: string,
  keys: readonly string[],
  runId: string,
  now: Date,
  durationMs: number,
): Promise<boolean> {
  const expiresAt = new Date(now.getTime() + durationMs)
  const taken = await tx
    .insert(lease)
    .values([...keys].sort().map((key) => ({ tenantId, key, runId, expiresAt })))
    .onConflictDoUpdate({
      target: [lease.tenantId, lease.key],
      set: { runId, expiresAt },
      setWhere: sql`${lease.runId} = ${runId} or ${lease.expiresAt} < ${now.toISOString()}`,
    })
    .returning({ key: lease.key })
  if (taken.length === keys.length) return true
  // The transaction stays usable: what was taken of an incomplete set is given back.
  const takenKeys = taken.map(({ key }) => key)
  if (takenKeys.length > 0) {
    await tx
      .delete(lease)
      .where(and(eq(lease.tenantId, tenantId), eq(lease.runId, runId), inArray(lease.key, takenKeys)))
  }
  return false
}

/** Extends these leases of a run; false when it does not hold every one of them any more. */
export async function holdLeases(
  tx: Tx,
  tenantId: string,
  keys: readonly string[],
  runId: string,
  now: Date,
  durationMs: number,
): Promise<boolean> {
  const held = await tx
    .update(lease)
    .set({ expiresAt: new Date(now.getTime() + durationMs) })
    .where(and(eq(lease.tenantId, tenantId), eq(lease.runId, runId), inArray(lease.key, [...keys])))
    .returning({ key: lease.key })
  return held.length === keys.length
}

export async function releaseLeases(tx: Tx, tenantId: string, runId: string): Promise<void> {
  await tx.delete(lease).where(and(eq(lease.tenantId, tenantId), eq(lease.runId, runId)))
}
