/** The steps of a committed run, one after the other: intent, call, read-back, outcome. */
import { setTimeout as sleep } from 'node:timers/promises'
import { UpstreamError } from '../../clients/errors.ts'
import type { MicrosoftSession, TenantClients } from '../../clients/types.ts'
import type { ServiceContext, Services } from '../../context.ts'
import { type AuditDraft, appendAudit } from '../../db/audit.ts'
import type { Tx } from '../../db/connection.ts'
import { endRun, endStep, holdLeases, type NewRun, releaseLeases, startStep } from '../../db/runs.ts'
import type { Applied, CatalogueEntry } from './contract.ts'
import type { EntryFacts } from './judge.ts'
import { leaseMs } from './leases.ts'
import type { Plan } from './plan.ts'
import { failed, failureCode, isOpen, type StepOutcome, statusOf } from './steps.ts'

/** One call with its retries; well under the lease. */
const callDeadlineMs = 20_000
/** How long the tenant may take to show what it accepted, within this answer. */
const readBackMs = 8_000
const readBackPauseMs = 400

interface Step {
  position: number
  entry: CatalogueEntry
  facts: EntryFacts
  /** The tenant's grants were read for the plan and suffice. */
  permissionsVerified: boolean
}

/** Every step ends in an outcome on record. Throws only when the database is gone: recovery reads what became of the rest. */
export async function runSteps(ctx: ServiceContext, plan: Plan, run: NewRun): Promise<void> {
  const states: string[] = run.steps.map(({ state }) => state)
  const todo = plan.steps.flatMap(({ entry, judgement }, position): Step[] =>
    judgement ? [{ position, entry, facts: judgement.facts, permissionsVerified: judgement.permissionsVerified }] : [],
  )
  for (const step of todo) {
    const startedAt = ctx.now()
    const outcome = (await begin(ctx, run, step, startedAt))
      ? await act(ctx, run, step, startedAt)
      : failed('CONFLICT', { supportEmail: ctx.supportEmail })
    states[step.position] = outcome.state
    await record(ctx, run, step, outcome, step === todo.at(-1) ? states : null)
  }
}

const auditBase = (run: NewRun, { entry, position }: Step) => ({
  tenantId: run.tenantId,
  operator: run.requestedBy,
  eventId: run.eventId,
  runId: run.id,
  kind: entry.kind,
  subjectId: run.steps[position]?.subject.id ?? null,
})

/** The intent, committed; false when another run has taken the target over. */
function begin(ctx: ServiceContext, run: NewRun, step: Step, at: Date): Promise<boolean> {
  return ctx.db.withTenants([run.tenantId], async (tx) => {
    if (!(await holdLeases(tx, run.tenantId, run.id, at, leaseMs))) return false
    await startStep(tx, run.tenantId, run.id, step.position, at)
    await appendAudit(tx, [
      {
        ...auditBase(run, step),
        name: 'remediation.started',
        at,
        details: { calls: step.entry.calls(step.facts), permissions: step.entry.permissions.application.flat() },
      },
    ])
    return true
  })
}

async function act(
  ctx: ServiceContext,
  run: NewRun,
  { entry, facts, permissionsVerified }: Step,
  startedAt: Date,
): Promise<StepOutcome> {
  const session = ctx.microsoft.session({ deadlineAt: Date.now() + callDeadlineMs })
  const clients = session.tenant(run.tenantId)
  let applied: Applied | null = null
  let error: UpstreamError | null = null
  try {
    applied = await entry.apply(clients, facts, ctx.now)
  } catch (thrown) {
    if (!(thrown instanceof UpstreamError)) throw thrown
    error = thrown
  }
  const found = {
    upstreamRequestId: applied?.upstreamRequestId ?? error?.requestId ?? null,
    evidence: applied?.evidence ?? null,
    supportEmail: ctx.supportEmail,
  }
  // Refused for certain: there is nothing to read back.
  if (error && !error.mayHaveActed) return failed(failureCode(error, permissionsVerified), found)
  const seen = await readBack(freshClients(ctx, run.tenantId), entry, facts.user.id, startedAt)
  const words = { message: entry.describe(facts), remedy: entry.afterwards, retryable: null, code: null }
  const { upstreamRequestId } = found
  if (seen === true) return { state: 'CONFIRMED', ...words, upstreamRequestId, evidence: found.evidence }
  if (applied) {
    return {
      state: 'ACCEPTED',
      ...words,
      message: `${words.message}. Microsoft 365 accepted it; the tenant does not show it yet, and it is being looked after.`,
      upstreamRequestId,
      evidence: found.evidence,
    }
  }
  return {
    state: 'UNKNOWN',
    code: error ? failureCode(error, permissionsVerified) : null,
    message: 'Nobody can know yet whether this was done: the answer never came. It is being found out by reading.',
    remedy: 'Ask for this run again in a minute.',
    retryable: null,
    upstreamRequestId,
    evidence: found.evidence,
  }
}

const freshClients = (ctx: Services, tenantId: string): TenantClients => {
  const session: MicrosoftSession = ctx.microsoft.session({ deadlineAt: Date.now() + readBackMs })
  return session.tenant(tenantId)
}

/** Reads until the tenant shows the change; null when it could not be read at the end, false when it shows the old state. */
async function readBack(
  clients: TenantClients,
  entry: CatalogueEntry,
  objectId: string,
  startedAt: Date,
): Promise<boolean | null> {
  const until = Date.now() + readBackMs
  for (let pause = readBackPauseMs; ; pause *= 2) {
    let seen: boolean | null = null
    try {
      seen = await entry.confirm(clients, objectId, startedAt)
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
    }
    if (seen === true || Date.now() + pause > until) return seen
    await sleep(pause)
  }
}

const outcomeName = (state: StepOutcome['state']): string => `remediation.${state.toLowerCase()}`

/** The outcome, its audit row and, with the last step, the end of the run: one transaction, tried again while the database is away. */
async function record(
  ctx: ServiceContext,
  run: NewRun,
  step: Step,
  outcome: StepOutcome,
  finalStates: readonly string[] | null,
): Promise<void> {
  const at = ctx.now()
  const audit: AuditDraft = {
    ...auditBase(run, step),
    name: outcomeName(outcome.state),
    at,
    details: {
      sentence: outcome.message,
      code: outcome.code,
      upstreamRequestId: outcome.upstreamRequestId,
      evidence: outcome.evidence ?? null,
    },
  }
  await persistently(() =>
    ctx.db.withTenants([run.tenantId], async (tx) => {
      await endStep(tx, run.tenantId, run.id, step.position, outcome, at)
      await appendAudit(tx, [audit])
      if (finalStates) {
        await finish(tx, run, finalStates, at)
      }
    }),
  )
}

async function finish(tx: Tx, run: NewRun, states: readonly string[], at: Date): Promise<void> {
  await endRun(tx, run.tenantId, run.id, statusOf(states), states.some(isOpen) ? null : at)
  await releaseLeases(tx, run.tenantId, run.id)
}

/** An outcome is worth waiting for: five tries in about eight seconds, then recovery finds it out by reading. */
async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === 5) throw error
      await sleep(2 ** attempt * 250)
    }
  }
}
