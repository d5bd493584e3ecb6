/** What a run puts on record: the intent of each step before it acts, and what became of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CallHeard } from '../../clients/bounds.ts'
import type { ServiceContext } from '../../context.ts'
import type { AuditDraft } from '../../db/audit.ts'
import type { Tx } from '../../db/connection.ts'
import { endRun, endStep, holdLeases, type NewRun, releaseLeases, startStep } from '../../db/runs.ts'
import type { PrivilegedSession } from '../authority/privileged-session.ts'
import type { Subject } from '../events/types.ts'
import { type CatalogueEntry, leastPermissions } from './contract.ts'
import type { EntryFacts } from './judge.ts'
import { leasesOf } from './leases.ts'
import type { Plan } from './plan.ts'
import { isOpen, type StepOutcome, statusOf } from './steps.ts'

export interface Step {
  position: number
  entry: CatalogueEntry
  /** As the run keeps it. */
  subject: Subject
  facts: EntryFacts
  /** The tenant's grants were read for the plan and suffice. */
  permissionsVerified: boolean
  /** The sign-in that the step acts with; null: the application's own permissions. */
  privileged: PrivilegedSession | null
  /** The one that it acts with in the end. */
  actsBy: PrivilegedSession | null
  /** The one that the operator holds, whether or not the step needs it. */
  held: PrivilegedSession | null
  /** What Microsoft was asked for it so far, in the order of the answers. */
  readonly calls: CallHeard[]
}

/** What became of a step. */
export interface TakenStep {
  outcome: StepOutcome
  /** Who was mailed a new password, and who could not be. */
  deliveries: readonly AuditDraft[]
}

export const auditBase = (run: NewRun, { entry, subject }: Step) => ({
  tenantId: run.tenantId,
  operator: run.requestedBy,
  eventId: run.eventId,
  runId: run.id,
  kind: entry.kind,
  subjectId: subject.id,
})

/** Whose rights a step acts with: whoever signs in is told that each action is on record with their name. */
const actsWith = (privileged: PrivilegedSession | null) =>
  privileged
    ? { credential: 'PRIVILEGED_SESSION', sessionId: privileged.id, administrator: privileged.administrator }
    : { credential: 'APPLICATION' }

/** The intent, committed; false when another run has taken the target over. */
export function begin(
  ctx: ServiceContext,
  plan: Plan,
  run: NewRun,
  step: Step,
  at: Date,
  evidence: unknown,
): Promise<boolean> {
  return ctx.db.audited(run.tenantId, async (tx) => {
    if (!(await holdLeases(tx, run.tenantId, leasesOf(plan), run.id, at, ctx.timing.leaseMs))) {
      return { audit: [], result: false }
    }
    await startStep(tx, run.tenantId, run.id, step.position, at, evidence)
    const started: AuditDraft = {
      ...auditBase(run, step),
      name: 'remediation.started',
      at,
      details: {
        calls: step.entry.calls(step.facts),
        permissions: leastPermissions(step.entry, step.subject),
        ...actsWith(step.privileged),
        evidence: evidence ?? null,
      },
    }
    return { audit: [started], result: true }
  })
}

/** The intent of taking a change back, committed: a write as any other. */
export const beginUndoing = (
  ctx: ServiceContext,
  run: NewRun,
  step: Step,
  calls: ReturnType<CatalogueEntry['calls']>,
  code: string,
): Promise<void> =>
  persistently(() =>
    ctx.db.audited(run.tenantId, async () => ({
      audit: [
        {
          ...auditBase(run, step),
          name: 'remediation.started',
          at: ctx.now(),
          details: { undoes: step.entry.kind, because: code, calls, ...actsWith(step.actsBy) },
        },
      ],
      result: undefined,
    })),
  )

const outcomeName = (state: StepOutcome['state']): string => `remediation.${state.toLowerCase()}`

/**
 * The outcome, its audit rows and, with the last step, the end of the run: one transaction, tried again while the database is away.
 * `deliveries`: what became of the mails with a new password.
 */
export async function record(
  ctx: ServiceContext,
  run: NewRun,
  step: Step,
  { outcome, deliveries }: TakenStep,
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
      upstreamCalls: step.calls,
      ...actsWith(step.actsBy),
      evidence: outcome.evidence ?? null,
    },
  }
  await persistently(() =>
    ctx.db.audited(run.tenantId, async (tx) => {
      const isNew = await endStep(tx, run.tenantId, run.id, step.position, outcome, at)
      if (isNew && finalStates) await finish(tx, run, finalStates, at)
      return { audit: isNew ? [...deliveries, audit] : [], result: undefined }
    }),
  )
}

async function finish(tx: Tx, run: NewRun, states: readonly string[], at: Date): Promise<void> {
  await endRun(tx, run.tenantId, run.id, statusOf(states), states.some(isOpen) ? null : at)
  await releaseLeases(tx, run.tenantId, run.id)
}

/** While a run lives it holds its leases, whatever it waits for; whoever dies loses them soon. One key at a time: no deadlock with `begin`. */
export function keepLeases(ctx: ServiceContext, plan: Plan, run: NewRun): { end(): void } {
  const { leaseMs } = ctx.timing
  const hold = async () => {
    for (const key of leasesOf(plan)) {
      await ctx.db.withTenants([run.tenantId], (tx) => holdLeases(tx, run.tenantId, [key], run.id, ctx.now(), leaseMs))
    }
  }
  const timer = setInterval(() => {
    // The next write asks whether they are still held.
    hold().catch((error: unknown) =>
      ctx.log.warn({ err: error, runId: run.id }, 'The leases of a run were not extended'),
    )
  }, leaseMs / 3)
  return { end: () => clearInterval(timer) }
}

/** An outcome is worth waiting for: five tries in about eight seconds, then recovery finds it out by reading. */
export async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === 5) throw error
      await sleep(2 ** attempt * 250)
    }
  }
}
