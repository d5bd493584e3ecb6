/**
 * Acts on a plan. Nothing leaves before its intent is committed, no transaction is open during a remote call, and whatever dies
 * half-way is found out by reading (`recover.ts`).
 */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceContext } from '../../context.ts'
import { type AuditDraft, appendAudit } from '../../db/audit.ts'
import { newId } from '../../db/ids.ts'
import { enqueue } from '../../db/jobs.ts'
import { findRunByKey, holdLeases, insertRun, type NewRun, releaseLeases } from '../../db/runs.ts'
import type { Subject } from '../events/types.ts'
import { IdempotencyKeyReusedError, InvalidInputError, Refusal } from '../refusals.ts'
import { entryOf } from './catalogue/index.ts'
import {
  globalAdministratorsLease,
  type Holder,
  leasesOf,
  releaseAll,
  subjectLease,
  targetIsTaken,
  waitForLease,
} from './leases.ts'
import { entriesAskedFor, findTarget, makePlan, type Plan, type PlannedStep, type RemediationRequest } from './plan.ts'
import { type Handover, runSteps } from './run.ts'
import { runById } from './runs.ts'
import { persistently } from './step-records.ts'
import { failed, isNothingToDo } from './steps.ts'
import type { RemediationRun } from './types.ts'

export interface RunRequest extends RemediationRequest {
  /** Made by the caller, 1 to 128 characters. */
  idempotencyKey: string
}

/**
 * Runs the remediation and answers with it, `RUNNING` after 25 seconds. The same key and input is the same run, at any concurrency.
 * Throws a `Refusal`; every refusal about a visible event is on record.
 */
export async function remediate(ctx: ServiceContext, request: RunRequest): Promise<RemediationRun> {
  checkKey(request.idempotencyKey)
  entriesAskedFor(request)
  const { event, subject } = await findTarget(ctx, request)
  const answerAt = Date.now() + ctx.timing.answerAfterMs
  const inputHash = hashOf(request)
  const runId = newId(ctx.now())
  const holder = { tenantId: event.tenantId, runId }
  try {
    const findEarlier = () => earlierRun(ctx, request, inputHash)
    // The target may be taken by the very run that the key belongs to.
    const earlier = (await findEarlier()) ?? (await waitForLease(ctx, holder, subjectLease(subject.id), findEarlier))
    if (earlier) return await settledBy(ctx, earlier, answerAt)
    const committed = await planAndCommit(ctx, request, holder, inputHash)
    if (!committed) {
      // The same key came more than once at once, and another request was first.
      await releaseAll(ctx, holder)
      const winner = await earlierRun(ctx, request, inputHash)
      if (!winner) throw new Error('The run that holds the key has vanished')
      return await settledBy(ctx, winner, answerAt)
    }
    const { plan, run } = committed
    const handover: Handover = { temporaryPassword: null, recipients: plan.recipients, isAnswered: false }
    const running = runSteps(ctx, plan, run, handover)
    // Goes on after the answer; a failure is recovery's work and is logged there, never an unhandled rejection.
    running.catch((error: unknown) => ctx.log.error({ err: error, runId }, 'A run stopped; recovery will settle it'))
    await Promise.race([
      running.catch(() => undefined),
      sleep(Math.max(0, answerAt - Date.now()), undefined, { ref: false }),
    ])
    const answered = await runById(ctx, event.tenantId, runId)
    const shown = request.passwordDelivery?.onScreen ? handover.temporaryPassword : null
    handover.isAnswered = true
    if (shown) await recordShown(ctx, run)
    return { ...answered, temporaryPassword: shown?.reveal() ?? null }
  } catch (error) {
    if (error instanceof Refusal) await refuse(ctx, request, holder, error)
    else await releaseAll(ctx, holder).catch(() => undefined)
    throw error
  }
}

/** Before it leaves: a password that nobody knows to be out is worse than one that must be made again. */
const recordShown = (ctx: ServiceContext, { id, tenantId, eventId, requestedBy, steps }: NewRun): Promise<void> => {
  const step = steps.find(({ kind }) => entryOf(kind)?.makesPassword)
  const entry: AuditDraft = {
    tenantId,
    name: 'password.shown',
    at: ctx.now(),
    operator: requestedBy,
    eventId,
    runId: id,
    kind: step?.kind ?? null,
    subjectId: step?.subject.id ?? null,
    details: { to: requestedBy.id, by: 'SCREEN' },
  }
  return persistently(() => ctx.db.audited(tenantId, { audit: [entry], result: undefined }))
}

function checkKey(key: string): void {
  if (key.length >= 1 && key.length <= 128) return
  const message = 'An idempotency key has 1 to 128 characters.'
  throw new InvalidInputError(message, [{ path: ['input', 'idempotencyKey'], message }])
}

/** Equal for equal input, whatever the order of the actions. */
function hashOf({ group, tenantId, eventId, subjectId, actions, passwordDelivery }: RunRequest): Buffer {
  const kinds = actions ? [...actions].sort() : null
  const { onScreen, emailMe, emailOperatorIds } = passwordDelivery ?? {}
  const delivery = passwordDelivery && [onScreen, emailMe, [...(emailOperatorIds ?? [])].sort()]
  const input = JSON.stringify([group, tenantId, eventId, subjectId, kinds, delivery])
  return createHash('sha256').update(input).digest()
}

async function earlierRun(ctx: ServiceContext, request: RunRequest, inputHash: Buffer): Promise<RemediationRun | null> {
  const { tenantId, idempotencyKey } = request
  const found = await ctx.db.withTenants([tenantId], (tx) =>
    findRunByKey(tx, tenantId, ctx.operator.id, idempotencyKey),
  )
  if (!found) return null
  if (!found.inputHash.equals(inputHash)) {
    throw new IdempotencyKeyReusedError(
      'This idempotency key was used with another input. Make a new key for a new request.',
    )
  }
  return found.run
}

/** A repeated request waits for the run that its key belongs to. */
async function settledBy(ctx: ServiceContext, run: RemediationRun, answerAt: number): Promise<RemediationRun> {
  let current = run
  while (current.status === 'RUNNING' && Date.now() < answerAt) {
    await sleep(ctx.timing.pollMs)
    current = await runById(ctx, run.tenantId, run.id)
  }
  return current
}

/**
 * B13: facts are read after the leases are held, so that of two runs the second sees what the first did.
 * Null when the key is taken. Throws the first refusal.
 */
async function planAndCommit(
  ctx: ServiceContext,
  request: RunRequest,
  holder: Holder,
  inputHash: Buffer,
): Promise<{ plan: Plan; run: NewRun } | null> {
  if (await earlierRun(ctx, request, inputHash)) return null
  let plan = await refusing(makePlan(ctx, request))
  if (plan.needsTenantLease) {
    await waitForLease(ctx, holder, globalAdministratorsLease)
    plan = await refusing(makePlan(ctx, request))
  }
  const run = await commit(ctx, request, plan, holder.runId, inputHash)
  return run && { plan, run }
}

async function refusing(planning: Promise<Plan>): Promise<Plan> {
  const plan = await planning
  const [refusal] = plan.refusals
  if (refusal) throw refusal
  return plan
}

/** A user by the object id and name that the tenant has now, so that whoever reads back finds the same one. */
function asFound(subject: Subject, judgement: PlannedStep['judgement']): Subject {
  if (subject.type !== 'USER' || !judgement) return subject
  const { id: objectId, userPrincipalName } = judgement.facts.user
  return { ...subject, attributes: { ...subject.attributes, objectId, userPrincipalName } }
}

/** Run, steps, `remediation.requested`, skipped steps and the job that looks after it: all or nothing. Null when the key is taken. */
function commit(
  ctx: ServiceContext,
  request: RunRequest,
  plan: Plan,
  runId: string,
  inputHash: Buffer,
): Promise<NewRun | null> {
  const now = ctx.now()
  const { tenantId } = plan.event
  const operator = { id: ctx.operator.id, kind: ctx.operator.kind, displayName: ctx.operator.displayName }
  const run: NewRun = {
    id: runId,
    tenantId,
    eventId: plan.event.id,
    group: request.group,
    requestedBy: operator,
    requestedAt: now,
    idempotencyKey: request.idempotencyKey,
    inputHash,
    steps: plan.steps.map(({ entry, judgement, greyedOut }) => {
      const step = { kind: entry.kind, subject: asFound(plan.subject, judgement) }
      if (!greyedOut) return { ...step, state: 'PENDING', code: null, message: null, remedy: null, retryable: null }
      const { code, message, remedy } = greyedOut
      if (isNothingToDo(code)) return { ...step, state: 'SKIPPED', code, message, remedy, retryable: null }
      const failure = failed(code === 'PERMISSION_MISSING' ? code : 'UPSTREAM_ERROR', {
        supportEmail: ctx.supportEmail,
      })
      return { ...step, state: 'FAILED', code: failure.code, message, remedy: failure.remedy, retryable: true }
    }),
  }
  const base = { tenantId, at: now, operator, eventId: run.eventId, runId }
  const audit: AuditDraft[] = [
    {
      ...base,
      name: 'remediation.requested',
      subjectId: plan.subject.id,
      details: { group: run.group, kinds: run.steps.map(({ kind }) => kind), idempotencyKey: run.idempotencyKey },
    },
    ...run.steps
      .filter(({ state }) => state !== 'PENDING')
      .map(({ kind, subject, state, code, message }) => ({
        ...base,
        name: state === 'SKIPPED' ? 'remediation.skipped' : 'remediation.failed',
        kind,
        subjectId: subject.id,
        details: { code, message },
      })),
  ]
  return ctx.db.withTenants([tenantId], async (tx) => {
    if (!(await insertRun(tx, run))) return null
    if (!(await holdLeases(tx, tenantId, leasesOf(plan), runId, ctx.now(), ctx.timing.leaseMs))) {
      throw targetIsTaken()
    }
    await appendAudit(tx, audit)
    await enqueue(
      tx,
      'settle-run',
      { tenantId, runId },
      { runAt: new Date(now.getTime() + ctx.timing.firstLookMs), jobKey: `settle-run ${runId}` },
    )
    return run
  })
}

/** Refused attempts are on record; if even that cannot be stored the refusal is still the answer, nothing was sent. */
async function refuse(ctx: ServiceContext, request: RunRequest, holder: Holder, refusal: Refusal): Promise<void> {
  const { tenantId } = holder
  const { operator } = ctx
  const refused: AuditDraft = {
    tenantId,
    name: 'remediation.refused',
    at: ctx.now(),
    operator: { id: operator.id, kind: operator.kind, displayName: operator.displayName },
    eventId: request.eventId,
    subjectId: request.subjectId,
    details: {
      code: refusal.code,
      message: refusal.message,
      group: request.group,
      kinds: request.actions,
      idempotencyKey: request.idempotencyKey,
    },
  }
  await ctx.db.audited(tenantId, async (tx) => {
    await releaseLeases(tx, tenantId, holder.runId)
    return { audit: [refused], result: undefined }
  })
}
