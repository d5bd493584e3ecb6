/** The steps of a committed run, one after the other: intent, call, read-back, outcome. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CallHeard } from '../../clients/bounds.ts'
import { UpstreamError } from '../../clients/errors.ts'
import type { TenantClients } from '../../clients/types.ts'
import type { ServiceContext, Services } from '../../context.ts'
import type { AuditDraft } from '../../db/audit.ts'
import type { NewRun } from '../../db/runs.ts'
import { inSpan } from '../../trace.ts'
import { endRefusedSession, isStillOpen, type PrivilegedSession } from '../authority/privileged-session.ts'
import type { FactReader } from '../facts/fact.ts'
import { type Recipient, sendPassword } from '../passwords/deliver.ts'
import { generatePassword } from '../passwords/generate.ts'
import type { Secret } from '../passwords/secret.ts'
import type { StepFailureCode } from './codes.ts'
import type { KeptStep } from './contract.ts'
import { changedBack, notUndone, passwordIsLost } from './messages.ts'
import type { Plan } from './plan.ts'
import { StepFailure } from './step-failure.ts'
import { auditBase, begin, beginUndoing, keepLeases, record, type Step, type TakenStep } from './step-records.ts'
import { failed, failureCode, type StepOutcome } from './steps.ts'

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
            calls: [],
          },
        ]
      : [],
  )
  const leases = keepLeases(ctx, plan, run)
  try {
    for (const step of todo) {
      const attributes = { 'tourniquet.remediation': step.entry.kind }
      const taken = await inSpan('step', { attributes }, async (span) => {
        const { outcome, ...rest } = await takeStep(ctx, plan, run, step, ctx.now(), handover)
        span?.set({
          'tourniquet.step_state': outcome.state,
          ...(outcome.code !== null && { 'tourniquet.step_code': outcome.code }),
        })
        return { outcome, ...rest }
      })
      states[step.position] = taken.outcome.state
      await record(ctx, run, step, taken, step === todo.at(-1) ? states : null)
    }
  } finally {
    leases.end()
  }
}

async function takeStep(
  ctx: ServiceContext,
  plan: Plan,
  run: NewRun,
  step: Step,
  startedAt: Date,
  handover: Handover,
): Promise<TakenStep> {
  const { supportEmail } = ctx
  const notBegun = (code: StepFailureCode): TakenStep => ({ outcome: failed(code, { supportEmail }), deliveries: [] })
  if (step.privileged && !(await isStillOpen(ctx, step.privileged))) return notBegun('PRIVILEGED_SIGN_IN_EXPIRED')
  const evidence = step.entry.evidence(step.facts)
  if (!(await begin(ctx, plan, run, step, startedAt, evidence))) return notBegun('CONFLICT')
  return deliver(ctx, plan, run, step, await act(ctx, plan, run, step, startedAt, evidence, handover), handover)
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
  const { entry, facts, permissionsVerified, privileged, held } = step
  const { callDeadlineMs } = ctx.timing
  const clients = clientsUntil(ctx, run.tenantId, callDeadlineMs, step, privileged)
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
      // Another person's rights are another intent.
      const isBegun = await begin(ctx, plan, run, { ...step, privileged: held }, ctx.now(), evidenceBefore)
      if (!isBegun) throw new StepFailure('CONFLICT', null)
      step.actsBy = held
      return entry.apply(clientsUntil(ctx, run.tenantId, callDeadlineMs, step, held), facts, tools)
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
  const seen = await readBack(ctx, run.tenantId, step, { startedAt, evidence })
  if (seen === true || code === null) handover.temporaryPassword = made
  const isLost = handover.temporaryPassword !== null && handover.isAnswered && handover.recipients.length === 0
  const remedy = isLost ? passwordIsLost : entry.afterwards
  const sentence = entry.describe(facts)
  const objection = await safeguard(ctx, plan, run, step)
  if (objection?.isUndone)
    return failed(objection.code, { ...found, supportEmail: ctx.supportEmail, doneInPart: changedBack })
  if (objection) {
    const { message } = failed(objection.code)
    const state = seen === true ? 'CONFIRMED' : code === null ? 'ACCEPTED' : 'UNKNOWN'
    const told = `${sentence}. ${message} ${notUndone.message}`
    return { state, code: objection.code, message: told, remedy: notUndone.remedy, retryable: false, ...found }
  }
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
  step: Step,
): Promise<{ code: StepFailureCode; isUndone: boolean } | null> {
  const { entry, facts } = step
  if (!entry.safeguard) return null
  const about = { runId: run.id, kind: entry.kind }
  let code: StepFailureCode | null
  try {
    code = await entry.safeguard.objection(readerOf(ctx, plan, step), facts)
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    ctx.log.error({ err: error, ...about }, 'The check after the change could not be made')
    return null
  }
  if (!code) return null
  await beginUndoing(ctx, run, step, entry.safeguard.calls(facts), code)
  try {
    // Time of its own: the change and its read-back may have used theirs up.
    await entry.safeguard.undo(clientsUntil(ctx, run.tenantId, ctx.timing.callDeadlineMs, step, step.actsBy), facts)
    return { code, isUndone: true }
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    ctx.log.error({ err: error, ...about, code }, 'A change that must not stand could not be undone')
    return { code, isUndone: false }
  }
}

/** Mails a new password to those that the operator named, once; who did not get it is said, and the password is not kept for them. */
async function deliver(
  ctx: ServiceContext,
  plan: Plan,
  run: NewRun,
  step: Step,
  outcome: StepOutcome,
  { temporaryPassword, recipients }: Handover,
): Promise<TakenStep> {
  if (!temporaryPassword || recipients.length === 0 || !['CONFIRMED', 'ACCEPTED'].includes(outcome.state))
    return { outcome, deliveries: [] }
  const { userPrincipalName } = step.facts.user
  const tenantName = plan.event.tenant.name
  const sent = await sendPassword(ctx, recipients, { password: temporaryPassword, userPrincipalName, tenantName })
  const entry = (name: string, { operatorId }: Recipient): AuditDraft => ({
    ...auditBase(run, step),
    name,
    at: ctx.now(),
    details: { to: operatorId, by: 'E_MAIL' },
  })
  const deliveries = [
    ...sent.delivered.map((recipient) => entry('password.delivered', recipient)),
    ...sent.failed.map((recipient) => entry('password.delivery_failed', recipient)),
  ]
  if (sent.failed.length === 0) return { outcome, deliveries }
  const { message, remedy, retryable } = failed('DELIVERY_FAILED', { supportEmail: ctx.supportEmail })
  // The reset itself stands: the state stays what it is.
  const told = { code: 'DELIVERY_FAILED', message: `${outcome.message}. ${message}`, remedy, retryable }
  return { outcome: { ...outcome, ...told }, deliveries }
}

const clientsUntil = (
  ctx: Services,
  tenantId: string,
  withinMs: number,
  { calls }: Step,
  privileged: PrivilegedSession | null = null,
): TenantClients => {
  const delegated = privileged && { tenantId, accessToken: privileged.accessToken() }
  const heard = (call: CallHeard) => void calls.push(call)
  const deadlineAt = Date.now() + withinMs
  return ctx.microsoft.session({ deadlineAt, heard, ...(delegated && { delegated }) }).tenant(tenantId)
}

const readerOf = (ctx: ServiceContext, { event, disabledByRuns }: Plan, { calls }: Step): FactReader => ({
  session: ctx.microsoft.session({
    deadlineAt: Date.now() + ctx.timing.readBackMs,
    heard: (call) => void calls.push(call),
  }),
  tenantId: event.tenantId,
  clientId: ctx.clientId,
  fresh: true,
  disabledByRuns,
})

/** Reads until the tenant shows the change; null when it could not be read at the end, false when it shows the old state. */
async function readBack(ctx: Services, tenantId: string, step: Step, kept: KeptStep): Promise<boolean | null> {
  const { readBackMs, readBackPauseMs } = ctx.timing
  const clients = clientsUntil(ctx, tenantId, readBackMs, step)
  const until = Date.now() + readBackMs
  for (let pause = readBackPauseMs; ; pause *= 2) {
    let seen: boolean | null = null
    try {
      seen = await step.entry.confirm(clients, step.subject, kept)
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
    }
    if (seen === true || Date.now() + pause > until) return seen
    await sleep(pause)
  }
}
