/** The steps of a committed run, one after the other: intent, call, read-back, outcome. */
import { setTimeout as sleep } from 'node:timers/promises'
import { UpstreamError } from '../../clients/errors.ts'
import type { TenantClients } from '../../clients/types.ts'
import type { ServiceContext, Services } from '../../context.ts'
import { type AuditDraft, appendAudit } from '../../db/audit.ts'
import type { Tx } from '../../db/connection.ts'
import { endRun, endStep, holdLeases, type NewRun, releaseLeases, startStep } from '../../db/runs.ts'
import { type CatalogueEntry, type ConfirmTarget, leastPermissions } from './contract.ts'
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
    const evidence = step.entry.evidence(step.facts)
    const outcome = (await begin(ctx, run, step, startedAt, evidence))
      ? await act(ctx, run, step, startedAt, evidence)
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
function begin(ctx: ServiceContext, run: NewRun, step: Step, at: Date, evidence: unknown): Promise<boolean> {
  return ctx.db.withTenants([run.tenantId], async (tx) => {
    if (!(await holdLeases(tx, run.tenantId, run.id, at, leaseMs))) return false
    await startStep(tx, run.tenantId, run.id, step.position, at, evidence)
    await appendAudit(tx, [
      {
        ...auditBase(run, step),
        name: 'remediation.started',
        at,
        details: {
          calls: step.entry.calls(step.facts),
          permissions: leastPermissions(step.entry),
          evidence: evidence ?? null,
        },
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
  evidenceBefore: unknown,
): Promise<StepOutcome> {
  const clients = clientsUntil(ctx, run.tenantId, callDeadlineMs)
  let evidence = evidenceBefore
  let upstreamRequestId: string | null = null
  let error: UpstreamError | null = null
  try {
    const keep = (kept: unknown) => {
      evidence = kept
    }
    upstreamRequestId = await entry.apply(clients, facts, { now: ctx.now, keep })
  } catch (thrown) {
    if (!(thrown instanceof UpstreamError)) throw thrown
    error = thrown
    upstreamRequestId = thrown.requestId
  }
  const found = { upstreamRequestId, evidence }
  const code = error && failureCode(error, permissionsVerified)
  // Refused for certain: there is nothing to read back.
  if (code && !error?.mayHaveActed) return failed(code, { ...found, supportEmail: ctx.supportEmail })
  const target = { objectId: facts.user.id, startedAt, evidence }
  const seen = await readBack(clientsUntil(ctx, run.tenantId, readBackMs), entry, target)
  const sentence = entry.describe(facts)
  if (seen === true) {
    return { state: 'CONFIRMED', code: null, message: sentence, remedy: entry.afterwards, retryable: null, ...found }
  }
  if (code === null) {
    const message = `${sentence}. Microsoft 365 accepted it; the tenant does not show it yet, and it is being looked after.`
    return { state: 'ACCEPTED', code, message, remedy: entry.afterwards, retryable: null, ...found }
  }
  return {
    state: 'UNKNOWN',
    code,
    message: 'Nobody can know yet whether this was done: the answer never came. It is being found out by reading.',
    remedy: 'Ask for this run again in a minute.',
    retryable: null,
    ...found,
  }
}

const clientsUntil = (ctx: Services, tenantId: string, withinMs: number): TenantClients =>
  ctx.microsoft.session({ deadlineAt: Date.now() + withinMs }).tenant(tenantId)

/** Reads until the tenant shows the change; null when it could not be read at the end, false when it shows the old state. */
async function readBack(clients: TenantClients, entry: CatalogueEntry, target: ConfirmTarget): Promise<boolean | null> {
  const until = Date.now() + readBackMs
  for (let pause = readBackPauseMs; ; pause *= 2) {
    let seen: boolean | null = null
    try {
      seen = await entry.confirm(clients, target)
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
