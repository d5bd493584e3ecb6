/** The steps of a committed run, one after the other: intent, call, read-back, outcome. */
import { setTimeout as sleep } from 'node:timers/promises'
import { UpstreamError } from '../../clients/errors.ts'
import type { TenantClients } from '../../clients/types.ts'
import type { ServiceContext, Services } from '../../context.ts'
import { type AuditDraft, appendAudit } from '../../db/audit.ts'
import type { Tx } from '../../db/connection.ts'
import { endRun, endStep, holdLeases, type NewRun, releaseLeases, startStep } from '../../db/runs.ts'
import { endRefusedSession, isStillOpen, type PrivilegedSession } from '../authority/privileged-session.ts'
import type { FactReader } from '../facts/fact.ts'
import { type Recipient, sendPassword } from '../passwords/deliver.ts'
import { generatePassword } from '../passwords/generate.ts'
import type { Secret } from '../passwords/secret.ts'
import type { StepFailureCode } from './codes.ts'
import { type CatalogueEntry, type ConfirmTarget, leastPermissions } from './contract.ts'
import type { EntryFacts } from './judge.ts'
import { leaseMs, leasesOf } from './leases.ts'
import { stepFailureWords } from './messages.ts'
import type { Plan } from './plan.ts'
import { StepFailure } from './step-failure.ts'
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
  /** The sign-in that the step acts with; null: the application's own permissions. */
  privileged: PrivilegedSession | null
}

/** Lives with the request alone, on its way to the mutation's answer and to a mail (B23). */
export interface Handover {
  /** Set once Microsoft has accepted it. */
  temporaryPassword: Secret | null
  recipients: readonly Recipient[]
}

/** Every step ends in an outcome on record. Throws only when the database is gone: recovery reads what became of the rest. */
export async function runSteps(ctx: ServiceContext, plan: Plan, run: NewRun, handover: Handover): Promise<void> {
  const states: string[] = run.steps.map(({ state }) => state)
  const todo = plan.steps.flatMap(({ entry, judgement }, position): Step[] =>
    judgement
      ? [
          {
            position,
            entry,
            facts: judgement.facts,
            permissionsVerified: judgement.granted.known,
            privileged: judgement.needsPrivilegedSignIn ? plan.session : null,
          },
        ]
      : [],
  )
  for (const step of todo) {
    const startedAt = ctx.now()
    const outcome = await takeStep(ctx, plan, run, step, startedAt, handover)
    states[step.position] = outcome.state
    await record(ctx, run, step, outcome, step === todo.at(-1) ? states : null)
  }
}

async function takeStep(
  ctx: ServiceContext,
  plan: Plan,
  run: NewRun,
  step: Step,
  startedAt: Date,
  handover: Handover,
): Promise<StepOutcome> {
  const { supportEmail } = ctx
  if (step.privileged && !(await isStillOpen(ctx, step.privileged))) {
    return failed('PRIVILEGED_SIGN_IN_EXPIRED', { supportEmail })
  }
  const evidence = step.entry.evidence(step.facts)
  if (!(await begin(ctx, plan, run, step, startedAt, evidence))) return failed('CONFLICT', { supportEmail })
  return deliver(ctx, plan, run, step, await act(ctx, plan, run, step, startedAt, evidence, handover), handover)
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
function begin(
  ctx: ServiceContext,
  plan: Plan,
  run: NewRun,
  step: Step,
  at: Date,
  evidence: unknown,
): Promise<boolean> {
  return ctx.db.withTenants([run.tenantId], async (tx) => {
    if (!(await holdLeases(tx, run.tenantId, leasesOf(plan), run.id, at, leaseMs))) return false
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
  plan: Plan,
  run: NewRun,
  { entry, facts, permissionsVerified, privileged }: Step,
  startedAt: Date,
  evidenceBefore: unknown,
  handover: Handover,
): Promise<StepOutcome> {
  const clients = clientsUntil(ctx, run.tenantId, callDeadlineMs, privileged)
  let evidence = evidenceBefore
  let upstreamRequestId: string | null = null
  let error: UpstreamError | null = null
  let made: Secret | null = null
  try {
    const keep = (kept: unknown) => {
      evidence = kept
    }
    const newPassword = () => {
      made = generatePassword()
      return made
    }
    upstreamRequestId = await entry.apply(clients, facts, { now: ctx.now, keep, newPassword })
  } catch (thrown) {
    if (thrown instanceof StepFailure) {
      return failed(thrown.code, { upstreamRequestId: thrown.requestId, evidence, supportEmail: ctx.supportEmail })
    }
    if (!(thrown instanceof UpstreamError)) throw thrown
    error = thrown
    upstreamRequestId = thrown.requestId
  }
  const found = { upstreamRequestId, evidence }
  if (error?.kind === 'UNAUTHORIZED' && privileged) {
    await endRefusedSession(ctx, privileged)
    return failed('PRIVILEGED_SIGN_IN_EXPIRED', { ...found, supportEmail: ctx.supportEmail })
  }
  const code = error && failureCode(error, permissionsVerified)
  // Refused for certain: there is nothing to read back.
  if (code && !error?.mayHaveActed) return failed(code, { ...found, supportEmail: ctx.supportEmail })
  const target = { objectId: facts.user.id, startedAt, evidence }
  const seen = await readBack(clientsUntil(ctx, run.tenantId, readBackMs), entry, target)
  if (seen === true || code === null) handover.temporaryPassword = made
  const sentence = entry.describe(facts)
  const objection = await safeguard(ctx, plan, run, entry, privileged, facts)
  if (objection) return failed(objection, { ...found, supportEmail: ctx.supportEmail })
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

/** A read that fails here takes nothing away from what was confirmed; the log says that the check is missing. */
async function safeguard(
  ctx: ServiceContext,
  plan: Plan,
  run: NewRun,
  entry: CatalogueEntry,
  privileged: PrivilegedSession | null,
  facts: EntryFacts,
): Promise<StepFailureCode | null> {
  // Time of its own: the change and its read-back may have used theirs up.
  const clients = clientsUntil(ctx, run.tenantId, callDeadlineMs, privileged)
  try {
    return (await entry.safeguard?.(clients, readerOf(ctx, plan), facts)) ?? null
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    ctx.log.error({ err: error, runId: run.id, kind: entry.kind }, 'The check after the change could not be made')
    return null
  }
}

/** Mails a new password to those that the operator named; who did not get it is said, and the password is not kept for them. */
async function deliver(
  ctx: ServiceContext,
  plan: Plan,
  run: NewRun,
  step: Step,
  outcome: StepOutcome,
  { temporaryPassword, recipients }: Handover,
): Promise<StepOutcome> {
  if (!temporaryPassword || recipients.length === 0 || !['CONFIRMED', 'ACCEPTED'].includes(outcome.state))
    return outcome
  const { userPrincipalName } = step.facts.user
  const tenantName = plan.event.tenant.name
  const sent = await sendPassword(ctx, recipients, { password: temporaryPassword, userPrincipalName, tenantName })
  const entry = (name: string, { operatorId }: Recipient): AuditDraft => ({
    ...auditBase(run, step),
    name,
    at: ctx.now(),
    details: { to: operatorId, by: 'E_MAIL' },
  })
  await persistently(() =>
    ctx.db.withTenants([run.tenantId], (tx) =>
      appendAudit(tx, [
        ...sent.delivered.map((recipient) => entry('password.delivered', recipient)),
        ...sent.failed.map((recipient) => entry('password.delivery_failed', recipient)),
      ]),
    ),
  )
  if (sent.failed.length === 0) return outcome
  const { message, remedy, retryable } = stepFailureWords.DELIVERY_FAILED
  // The reset itself stands: the state stays what it is.
  return { ...outcome, code: 'DELIVERY_FAILED', message: `${outcome.message}. ${message}`, remedy, retryable }
}

const clientsUntil = (
  ctx: Services,
  tenantId: string,
  withinMs: number,
  privileged: PrivilegedSession | null = null,
): TenantClients => {
  const delegated = privileged && { tenantId, accessToken: privileged.accessToken() }
  return ctx.microsoft.session({ deadlineAt: Date.now() + withinMs, ...(delegated && { delegated }) }).tenant(tenantId)
}

const readerOf = (ctx: ServiceContext, { event, disabledByRuns }: Plan): FactReader => ({
  session: ctx.microsoft.session({ deadlineAt: Date.now() + readBackMs }),
  tenantId: event.tenantId,
  clientId: ctx.clientId,
  fresh: true,
  disabledByRuns,
})

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
