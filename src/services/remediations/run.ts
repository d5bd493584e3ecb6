/** The steps of a committed run, one after the other: intent, call, read-back, outcome. */
import { setTimeout as sleep } from 'node:timers/promises'
import { UpstreamError } from '../../clients/errors.ts'
import type { TenantClients } from '../../clients/types.ts'
import type { ServiceContext, Services } from '../../context.ts'
import { type AuditDraft, appendAudit } from '../../db/audit.ts'
import type { Tx } from '../../db/connection.ts'
import { endRun, endStep, holdLeases, type NewRun, releaseLeases, startStep } from '../../db/runs.ts'
import { endRefusedSession, isStillOpen, type PrivilegedSession } from '../authority/privileged-session.ts'
import type { Subject } from '../events/types.ts'
import type { FactReader } from '../facts/fact.ts'
import { type Recipient, sendPassword } from '../passwords/deliver.ts'
import { generatePassword } from '../passwords/generate.ts'
import type { Secret } from '../passwords/secret.ts'
import type { StepFailureCode } from './codes.ts'
import { type CatalogueEntry, type KeptStep, leastPermissions } from './contract.ts'
import type { EntryFacts } from './judge.ts'
import { leasesOf } from './leases.ts'
import { passwordIsLost } from './messages.ts'
import type { Plan } from './plan.ts'
import { StepFailure } from './step-failure.ts'
import { failed, failureCode, isOpen, type StepOutcome, statusOf } from './steps.ts'

interface Step {
  position: number
  entry: CatalogueEntry
  /** As the run keeps it. */
  subject: Subject
  facts: EntryFacts
  /** The tenant's grants were read for the plan and suffice. */
  permissionsVerified: boolean
  /** The sign-in that the step acts with; null: the application's own permissions. */
  privileged: PrivilegedSession | null
  /** The sign-in that it acts with in the end. */
  actsBy: PrivilegedSession | null
  /** The one that the operator holds, whether or not the step needs it. */
  held: PrivilegedSession | null
}

/** Lives with the request alone, on its way to the mutation's answer and to a mail (B23). */
export interface Handover {
  /** Set once Microsoft has accepted it. */
  temporaryPassword: Secret | null
  recipients: readonly Recipient[]
  /** The mutation has answered, with what was known by then. */
  isAnswered: boolean
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
            subject: run.steps[position]?.subject ?? plan.subject,
            facts: judgement.facts,
            permissionsVerified: judgement.granted.known,
            privileged: judgement.needsPrivilegedSignIn ? plan.session : null,
            actsBy: judgement.needsPrivilegedSignIn ? plan.session : null,
            held: plan.session,
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

const auditBase = (run: NewRun, { entry, subject }: Step) => ({
  tenantId: run.tenantId,
  operator: run.requestedBy,
  eventId: run.eventId,
  runId: run.id,
  kind: entry.kind,
  subjectId: subject.id,
})

/** In the audit; `privileged_sign_in.confirmed` says whose the session is. */
const credentialOf = ({ actsBy }: Step) =>
  actsBy ? { credential: 'PRIVILEGED_SESSION', sessionId: actsBy.id } : { credential: 'APPLICATION' }

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
    if (!(await holdLeases(tx, run.tenantId, leasesOf(plan), run.id, at, ctx.timing.leaseMs))) return false
    await startStep(tx, run.tenantId, run.id, step.position, at, evidence)
    await appendAudit(tx, [
      {
        ...auditBase(run, step),
        name: 'remediation.started',
        at,
        details: {
          calls: step.entry.calls(step.facts),
          permissions: leastPermissions(step.entry, step.subject),
          ...credentialOf(step),
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
  step: Step,
  startedAt: Date,
  evidenceBefore: unknown,
  handover: Handover,
): Promise<StepOutcome> {
  const { entry, subject, facts, permissionsVerified, privileged, held } = step
  const { callDeadlineMs } = ctx.timing
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
    const tools = { now: ctx.now, timing: ctx.timing, keep, newPassword }
    upstreamRequestId = await entry.apply(clients, facts, tools).catch(async (refused: unknown) => {
      if (!(await signInWouldDo(ctx, step, refused))) throw refused
      step.actsBy = held
      return entry.apply(clientsUntil(ctx, run.tenantId, callDeadlineMs, held), facts, tools)
    })
  } catch (thrown) {
    if (thrown instanceof StepFailure) {
      return failed(thrown.code, { upstreamRequestId: thrown.requestId, evidence, supportEmail: ctx.supportEmail })
    }
    if (!(thrown instanceof UpstreamError)) throw thrown
    error = thrown
    upstreamRequestId = thrown.requestId
  }
  const found = { upstreamRequestId, evidence }
  if (error?.kind === 'UNAUTHORIZED' && step.actsBy) {
    await endRefusedSession(ctx, step.actsBy)
    return failed('PRIVILEGED_SIGN_IN_EXPIRED', { ...found, supportEmail: ctx.supportEmail })
  }
  const code = error && failureCode(error, permissionsVerified)
  // Refused for certain: there is nothing to read back.
  if (code && !error?.mayHaveActed)
    return failed(code, { ...found, supportEmail: ctx.supportEmail, doneInPart: entry.doneInPart?.(evidence) })
  const seen = await readBack(ctx, run.tenantId, entry, subject, { startedAt, evidence })
  if (seen === true || code === null) handover.temporaryPassword = made
  const isLost = handover.temporaryPassword !== null && handover.isAnswered && handover.recipients.length === 0
  const remedy = isLost ? passwordIsLost : entry.afterwards
  const sentence = entry.describe(facts)
  const objection = await safeguard(ctx, plan, run, entry, privileged, facts)
  if (objection) return failed(objection, { ...found, supportEmail: ctx.supportEmail })
  if (seen === true) {
    return { state: 'CONFIRMED', code: null, message: sentence, remedy, retryable: null, ...found }
  }
  if (code === null) {
    const message = `${sentence}. Microsoft 365 accepted it; the tenant does not show it yet, and it is being looked after.`
    return { state: 'ACCEPTED', code, message, remedy, retryable: null, ...found }
  }
  return {
    state: 'UNKNOWN',
    code,
    message: 'Nobody can know yet whether this was done: Microsoft 365 did not say. It is being found out by reading.',
    remedy: 'Ask for this run again in a minute.',
    retryable: null,
    ...found,
  }
}

/** What Microsoft refuses to our application, on an administrator, it may take from the sign-in that the operator holds (B11). */
const signInWouldDo = async (
  ctx: ServiceContext,
  { entry, privileged, held }: Step,
  refused: unknown,
): Promise<boolean> =>
  entry.actsOn === 'USER' &&
  refused instanceof UpstreamError &&
  refused.service === 'graph' &&
  refused.kind === 'FORBIDDEN' &&
  !privileged &&
  held !== null &&
  (await isStillOpen(ctx, held))

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
  const clients = clientsUntil(ctx, run.tenantId, ctx.timing.callDeadlineMs, privileged)
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
  const { message, remedy, retryable } = failed('DELIVERY_FAILED', { supportEmail: ctx.supportEmail })
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
  session: ctx.microsoft.session({ deadlineAt: Date.now() + ctx.timing.readBackMs }),
  tenantId: event.tenantId,
  clientId: ctx.clientId,
  fresh: true,
  disabledByRuns,
})

/** Reads until the tenant shows the change; null when it could not be read at the end, false when it shows the old state. */
async function readBack(
  ctx: Services,
  tenantId: string,
  entry: CatalogueEntry,
  subject: Subject,
  kept: KeptStep,
): Promise<boolean | null> {
  const { readBackMs, readBackPauseMs } = ctx.timing
  const clients = clientsUntil(ctx, tenantId, readBackMs)
  const until = Date.now() + readBackMs
  for (let pause = readBackPauseMs; ; pause *= 2) {
    let seen: boolean | null = null
    try {
      seen = await entry.confirm(clients, subject, kept)
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
      ...credentialOf(step),
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
