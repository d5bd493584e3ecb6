/** Finds out what became of runs that were left: by reading, never by sending again. Any worker may do it. */
import type { CallHeard } from '../../clients/bounds.ts'
import { UpstreamError } from '../../clients/errors.ts'
import type { Services } from '../../context.ts'
import type { AuditDraft } from '../../db/audit.ts'
import { newId } from '../../db/ids.ts'
import {
  acquireLeases,
  endRun,
  endStep,
  releaseLeases,
  runById,
  type StoredStep,
  storedSteps,
  unsettledRuns,
} from '../../db/runs.ts'
import { listAllTenants } from '../../db/tenants.ts'
import { subjectName } from '../events/subject-name.ts'
import { entryOf } from './catalogue/index.ts'
import { type StepFailureCode, stepFailureCodes } from './codes.ts'
import { subjectLease } from './leases.ts'
import { passwordIsLost } from './messages.ts'
import { failed, isOpen, type StepOutcome, statusOf } from './steps.ts'
import type { RemediationRun } from './types.ts'

/** Settles what can be settled now. True when nothing is left to find out. */
export async function recoverRun(services: Services, tenantId: string, runId: string): Promise<boolean> {
  const { db, now, timing } = services
  const recovererId = newId(now())
  const run = await db.withTenants([tenantId], (tx) => runById(tx, tenantId, runId))
  if (!run) return true
  const steps = await db.withTenants([tenantId], (tx) => storedSteps(tx, tenantId, runId))
  const end = async (states: readonly string[]) => {
    const settled = !states.some(isOpen)
    await db.withTenants([tenantId], (tx) => endRun(tx, tenantId, runId, statusOf(states), settled ? now() : null))
    return settled
  }
  if (!steps.some(({ state }) => isOpen(state))) {
    // Whoever settled its last step died before it could say so.
    if (!run.endedAt) await end(steps.map(({ state }) => state))
    return true
  }
  const keys = [...new Set(steps.map(({ subject }) => subjectLease(subject.id)))]
  // A run that still lives holds its leases: it settles itself.
  const free = await db.withTenants([tenantId], (tx) =>
    acquireLeases(tx, tenantId, keys, recovererId, now(), timing.leaseMs),
  )
  if (!free) return false
  try {
    const states = steps.map(({ state }) => state)
    for (const step of steps.filter(({ state }) => isOpen(state))) {
      const calls: CallHeard[] = []
      const outcome = await findOut(services, run, step, calls)
      if (!outcome) continue
      states[step.position] = outcome.state
      await settle(services, run, step, outcome, calls)
    }
    return await end(states)
  } finally {
    await db.withTenants([tenantId], (tx) => releaseLeases(tx, tenantId, recovererId))
  }
}

/** Null: nothing new is known. */
async function findOut(
  services: Services,
  run: RemediationRun,
  step: StoredStep,
  calls: CallHeard[],
): Promise<StepOutcome | null> {
  const { supportEmail } = services
  if (step.state === 'PENDING') {
    return {
      ...failed('TIMEOUT', { supportEmail }),
      message: 'The service stopped before this was sent. Nothing was sent for this step.',
    }
  }
  const entry = entryOf(step.kind)
  const { subject, startedAt, upstreamRequestId, evidence } = step
  const known = { upstreamRequestId, evidence, supportEmail, doneInPart: entry?.doneInPart?.(evidence) }
  if (!entry || !startedAt) return failed('NOT_CONFIRMED', known)

  const session = services.microsoft.session({
    deadlineAt: Date.now() + services.timing.callDeadlineMs,
    heard: (call) => void calls.push(call),
  })
  const late = services.now().getTime() - startedAt.getTime() > services.timing.giveUpMs
  try {
    if (await entry.confirm(session.tenant(run.tenantId), subject, { startedAt, evidence })) {
      const message = `${entry.title}: the tenant shows it for ${subjectName(subject)}`
      // With what was accepted all has been said, and a new password was handed over; whether it arrived stays said.
      const { code, remedy, retryable } =
        step.state === 'ACCEPTED'
          ? step
          : { code: null, remedy: entry.makesPassword ? passwordIsLost : entry.afterwards, retryable: null }
      return { state: 'CONFIRMED', code, message, remedy, retryable, upstreamRequestId, evidence }
    }
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    if (error.kind === 'NOT_FOUND') return failed('NOT_FOUND', known)
    return step.state === 'RUNNING' ? unknown(step) : null
  }
  if (late) return failed(whyUnknown(step) ?? 'NOT_CONFIRMED', known)
  return step.state === 'RUNNING' ? unknown(step) : null
}

/** Why nobody could know at the time of the answer: in the end, why it was not done. */
const whyUnknown = ({ state, code }: StoredStep): StepFailureCode | undefined =>
  state === 'UNKNOWN' ? stepFailureCodes.find((known) => known === code) : undefined

const unknown = ({ upstreamRequestId, evidence }: StoredStep): StepOutcome => ({
  state: 'UNKNOWN',
  code: null,
  message: 'The service stopped while this was under way, and nobody can know yet whether it was done.',
  remedy: 'Ask for this run again in a minute.',
  retryable: null,
  upstreamRequestId,
  evidence,
})

async function settle(
  services: Services,
  run: RemediationRun,
  step: StoredStep,
  outcome: StepOutcome,
  calls: readonly CallHeard[],
): Promise<void> {
  const at = services.now()
  const audit: AuditDraft = {
    tenantId: run.tenantId,
    name: outcome.state === 'UNKNOWN' ? 'remediation.unknown' : 'remediation.settled',
    at,
    operator: run.requestedBy,
    eventId: run.eventId,
    runId: run.id,
    kind: step.kind,
    subjectId: step.subject.id,
    details: {
      state: outcome.state,
      before: step.state,
      sentence: outcome.message,
      code: outcome.code,
      upstreamRequestId: outcome.upstreamRequestId,
      upstreamCalls: calls,
      credential: 'APPLICATION',
      evidence: outcome.evidence ?? null,
    },
  }
  await services.db.audited(run.tenantId, async (tx) => {
    const isNew = await endStep(tx, run.tenantId, run.id, step.position, outcome, at)
    return { audit: isNew ? [audit] : [], result: undefined }
  })
}

/** At once; a tenant that does not answer takes one place until its circuit opens. */
const tenantsAtOnceMax = 32

/**
 * One sweep: the tenants side by side, the runs of each one after the other. Answers how many runs are still open. `busy`: tenants
 * that an earlier sweep is still at; they are left to it, so that a tenant that does not answer holds up no other. After the signal
 * no run is begun with.
 */
export async function sweepRuns(
  services: Services,
  { busy = new Set(), signal }: { busy?: Set<string>; signal?: AbortSignal } = {},
): Promise<number> {
  const { db, now, timing } = services
  const tenantIds = (await db.plain(listAllTenants)).map(({ id }) => id)
  const before = new Date(now().getTime() - timing.sweepAfterMs)
  const open = await db.withTenants(tenantIds, (tx) => unsettledRuns(tx, tenantIds, before))
  const waiting = [...Map.groupBy(open, ({ tenantId }) => tenantId)]
  const left = await Promise.all(
    Array.from({ length: Math.max(0, tenantsAtOnceMax - busy.size) }, async () => {
      let leftHere = 0
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [tenantId, runs] = next
        if (busy.has(tenantId)) continue
        busy.add(tenantId)
        for (const { runId } of runs) {
          if (signal?.aborted) break
          if (!(await tryToRecover(services, tenantId, runId))) leftHere++
        }
        busy.delete(tenantId)
      }
      return leftHere
    }),
  )
  return left.reduce((sum, one) => sum + one, 0)
}

async function tryToRecover(services: Services, tenantId: string, runId: string): Promise<boolean> {
  try {
    return await recoverRun(services, tenantId, runId)
  } catch (error) {
    services.log.error({ err: error, runId }, 'A run could not be settled; the next sweep tries again')
    return false
  }
}
