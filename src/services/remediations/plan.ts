/** The plan holds every refusal and changes nothing; alone it is the dry run. Only the run acts on it. */
import type { Role, ServiceContext } from '../../context.ts'
import { eventById, type StoredEvent, subjectById } from '../../db/events.ts'
import { activeSession, type PrivilegedSession } from '../authority/privileged-session.ts'
import type { Subject } from '../events/types.ts'
import { type PasswordDelivery, type Recipient, recipientsOf } from '../passwords/deliver.ts'
import {
  AdminConsentRequiredError,
  CannotTargetSignedInUserError,
  InvalidInputError,
  LastGlobalAdministratorError,
  NotAllowedError,
  NotFoundError,
  PrivilegedSignInRequiredError,
  type Refusal,
  RemediationUnavailableError,
  TenantUnhealthyError,
} from '../refusals.ts'
import { factsFor, greyedOutReason } from './assess.ts'
import { catalogue } from './catalogue/index.ts'
import type { GreyedOutCode } from './codes.ts'
import { type CatalogueEntry, leastPermissions } from './contract.ts'
import { usersDisabledByRuns } from './disabled-by-runs.ts'
import { roleFor } from './groups.ts'
import { identityThatCannotBeBlocked, type Judgement, judge, offeredEntries } from './judge.ts'
import { greyedOutWords } from './messages.ts'
import { unmetRequirements } from './requirements.ts'
import type { GreyedOutReason, RemediationGroup, RemediationKind, RemediationPlan, Requirement } from './types.ts'

export interface RemediationRequest {
  group: RemediationGroup
  tenantId: string
  /** The event's own id, not the API's. */
  eventId: string
  /** The subject's own id. */
  subjectId: string
  /** Null: what the group has for this kind of subject. */
  actions: readonly RemediationKind[] | null
  /** Needed when a temporary password would be made. */
  passwordDelivery?: PasswordDelivery | null
}

export type PlannedStep =
  | { entry: CatalogueEntry; judgement: Extract<Judgement, { available: true }>; greyedOut: null }
  | { entry: CatalogueEntry; judgement: null; greyedOut: GreyedOutReason }

export interface Plan {
  event: StoredEvent
  subject: Subject
  /** In the order of application (B6). */
  steps: PlannedStep[]
  refusals: Refusal[]
  /** B13: the run must be alone among those on Global Administrators of the tenant. */
  needsTenantLease: boolean
  /** For steps that need one. */
  session: PrivilegedSession | null
  /** Who gets a temporary password by mail. */
  recipients: Recipient[]
  /** Object ids of users that do not count as enabled, whatever is read (B13). */
  disabledByRuns: ReadonlySet<string>
}

/** Greyed out because a rule forbids it: the whole call is refused (B6). Any other code makes a skipped or failed step. */
const forbidding: readonly GreyedOutCode[] = ['SELF', 'LAST_GLOBAL_ADMINISTRATOR', 'TENANT_UNHEALTHY']

/** Finds the event and its subject. Throws `NotFoundError`, the same for another tenant's and for a missing one; `NotAllowedError`. */
export async function findTarget(
  ctx: ServiceContext,
  request: RemediationRequest,
): Promise<{ event: StoredEvent; subject: Subject }> {
  const missing = new NotFoundError('There is no such event, or you have no access to it.')
  if (!ctx.access.can(request.tenantId, 'Events.Read')) throw missing
  const event = await ctx.db.withTenants([request.tenantId], (tx) => eventById(tx, request.tenantId, request.eventId))
  if (!event) throw missing
  const subject = await subjectOf(ctx, event, request.subjectId)
  if (!subject) throw new NotFoundError('The event has no such subject.')
  return { event, subject }
}

/** An id stays good when its subject turned out to be the same as another one. */
async function subjectOf(ctx: ServiceContext, event: StoredEvent, subjectId: string): Promise<Subject | undefined> {
  const named = event.subjects.find(({ id }) => id === subjectId)
  if (named) return named
  const merged = await ctx.db.withTenants([event.tenantId], (tx) => subjectById(tx, event.tenantId, subjectId))
  return event.subjects.find(({ id }) => id === merged?.id)
}

/** The entries asked for, in the catalogue's order. Throws `InvalidInputError`. */
export function entriesAskedFor(request: RemediationRequest): CatalogueEntry[] {
  const ofGroup = catalogue.filter((entry) => entry.group === request.group)
  if (request.actions === null) return ofGroup
  const unknown = request.actions.filter((kind) => !ofGroup.some((entry) => entry.kind === kind))
  const issues = [
    ...(request.actions.length === 0 ? ['Name at least one action.'] : []),
    ...unknown.map((kind) => `${kind} is not an action of this mutation.`),
    ...(new Set(request.actions).size < request.actions.length ? ['Name each action once.'] : []),
  ].map((message) => ({ path: ['input', 'actions'], message }))
  if (issues.length > 0) throw new InvalidInputError(issues.map(({ message }) => message).join(' '), issues)
  return ofGroup.filter((entry) => request.actions?.includes(entry.kind))
}

/** Judges every entry on facts read for this plan alone. Throws what `findTarget` and `entriesAskedFor` throw; all else is in `refusals`. */
export async function makePlan(ctx: ServiceContext, request: RemediationRequest): Promise<Plan> {
  const asked = entriesAskedFor(request)
  const { event, subject } = await findTarget(ctx, request)
  const identity = request.group === 'BLOCK_USER' ? identityThatCannotBeBlocked(subject) : null
  if (identity) {
    const { message, remedy } = greyedOutWords[identity]
    const reasons = asked.map(({ kind }) => ({ kind, subject, code: identity, message, remedy }))
    return planOf(event, subject, [], [unavailable(reasons)])
  }
  const offered = offeredEntries(event, subject)
  // Without named actions the subject decides: a group may act on several kinds of them.
  const entries = request.actions === null ? asked.filter((entry) => offered.includes(entry)) : asked
  const foreign = entries.length === 0 ? asked : entries.filter((entry) => !offered.includes(entry))
  if (foreign.length > 0) {
    const message = `${foreign.map(({ kind }) => kind).join(', ')} cannot be done here: it does not belong to this event and subject. availableRemediations of the event lists what does.`
    throw new InvalidInputError(message, [{ path: ['input', 'subjectId'], message }])
  }
  const role = roleFor(request.group)
  if (!ctx.access.can(event.tenantId, role)) return planOf(event, subject, [], [notAllowed(role)])

  const disabledByRuns = await usersDisabledByRuns(ctx, event.tenantId)
  const [session, facts] = await Promise.all([
    activeSession(ctx, event.tenantId),
    factsFor(ctx, event.tenantId, [{ event, subject, entries }], { fresh: true, disabledByRuns }),
  ])
  const judged = entries.map((entry) => ({ entry, judgement: judge(ctx, event, entry, subject, facts, session) }))
  const steps = judged.map(
    ({ entry, judgement }): PlannedStep =>
      judgement.available
        ? { entry, judgement, greyedOut: null }
        : { entry, judgement: null, greyedOut: greyedOutReason(entry, subject, judgement) },
  )
  const refusals = await refusalsOf(ctx, event, judged, steps)
  const recipients = await recipientsFor(ctx, request, steps)
  return { ...planOf(event, subject, steps, refusals), session, recipients, disabledByRuns }
}

/** A password is made only where somebody is to get it. Throws `InvalidInputError`. */
async function recipientsFor(
  ctx: ServiceContext,
  request: RemediationRequest,
  steps: PlannedStep[],
): Promise<Recipient[]> {
  const reset = steps.find(({ entry, judgement }) => entry.makesPassword && judgement)?.judgement
  if (!reset) return []
  const delivery = request.passwordDelivery ?? { onScreen: false, emailMe: false, emailOperatorIds: [] }
  return recipientsOf(ctx, request.tenantId, reset.facts.user, delivery)
}

const planOf = (event: StoredEvent, subject: Subject, steps: PlannedStep[], refusals: Refusal[]): Plan => ({
  event,
  subject,
  steps,
  refusals,
  needsTenantLease: steps.some(({ judgement }) => judgement?.needsTenantLease),
  session: null,
  recipients: [],
  disabledByRuns: new Set(),
})

/** Why, and what to do next. */
const said = ({ message, remedy }: Pick<GreyedOutReason, 'message' | 'remedy'>): string =>
  remedy === null ? message : `${message} ${remedy}`

const unavailable = (reasons: GreyedOutReason[]) =>
  new RemediationUnavailableError([...new Set(reasons.map(said))].join(' '), reasons)

const notAllowed = (role: Role) =>
  new NotAllowedError(`Your roles in this tenant do not allow this. Ask an administrator of the product for ${role}.`)

/** In the order in which a person should mend them; the mutation answers with the first. */
async function refusalsOf(
  ctx: ServiceContext,
  event: StoredEvent,
  judged: { entry: CatalogueEntry; judgement: Judgement }[],
  steps: PlannedStep[],
): Promise<Refusal[]> {
  const withCode = (code: GreyedOutCode) => steps.filter(({ greyedOut }) => greyedOut?.code === code)
  const privileged = steps.filter(({ judgement }) => judgement?.needsPrivilegedSignIn)
  const couldGoAlone: RemediationKind[] = []
  for (const step of steps) {
    if (!step.judgement) continue
    const isReady = !step.judgement.needsPrivilegedSignIn || (await unmetOf(ctx, event.tenantId, [step])).length === 0
    if (isReady) couldGoAlone.push(step.entry.kind)
  }
  const alone = couldGoAlone.length > 0 ? ` ${couldGoAlone.join(', ')} could go alone.` : ''

  const refusals: Refusal[] = []
  const [unhealthy] = withCode('TENANT_UNHEALTHY')
  if (unhealthy) {
    const health = judged.flatMap(({ judgement }) => (judgement.available ? [] : (judgement.health ?? []))).at(0)
    const faults = health?.checks.filter(({ status }) => status === 'UNHEALTHY') ?? []
    refusals.push(
      new TenantUnhealthyError(said(unhealthy.greyedOut ?? greyedOutWords.TENANT_UNHEALTHY) + alone, faults),
    )
  }
  if (withCode('SELF').length > 0) {
    refusals.push(new CannotTargetSignedInUserError(said(greyedOutWords.SELF) + alone))
  }
  if (withCode('LAST_GLOBAL_ADMINISTRATOR').length > 0) {
    refusals.push(new LastGlobalAdministratorError(said(greyedOutWords.LAST_GLOBAL_ADMINISTRATOR) + alone))
  }
  if (privileged.length > 0) refusals.push(...(await privilegedRefusals(ctx, event.tenantId, privileged, alone)))
  if (refusals.length === 0 && steps.every(({ judgement }) => judgement === null)) {
    refusals.push(unavailable(steps.flatMap(({ greyedOut }) => greyedOut ?? [])))
  }
  return refusals
}

/** A person without the role is told so; applications and API keys learn that a person must act. None: the sign-in is there. */
async function privilegedRefusals(
  ctx: ServiceContext,
  tenantId: string,
  privileged: readonly PlannedStep[],
  alone: string,
): Promise<Refusal[]> {
  const kinds = privileged.map(({ entry }) => entry.kind).join(', ')
  if (ctx.operator.kind === 'PERSON' && !ctx.access.can(tenantId, 'Remediations.Privileged')) {
    return [
      new NotAllowedError(
        `${kinds} needs a privileged sign-in, and that the role Remediations.Privileged, which you do not hold in this tenant.${alone}`,
      ),
    ]
  }
  const unmet = await unmetOf(ctx, tenantId, privileged)
  return unmet.map((requirement) => {
    if (requirement.type === 'ADMIN_CONSENT') {
      const message = `${kinds} needs the consent of a Global Administrator of the tenant first: open consentUrl.${alone}`
      return new AdminConsentRequiredError(message, requirement)
    }
    const who =
      ctx.operator.kind === 'PERSON'
        ? 'an administrator of the tenant must sign in first: open signInUrl, then send the same mutation again.'
        : 'applications and API keys hold no privileged sign-in, so a person must act.'
    return new PrivilegedSignInRequiredError(`${kinds}: ${who}${alone}`, requirement)
  })
}

/** Each requirement once, with all the permissions that any of the steps lacks. */
async function unmetOf(ctx: ServiceContext, tenantId: string, steps: readonly PlannedStep[]): Promise<Requirement[]> {
  const session = await activeSession(ctx, tenantId)
  const unmet = new Map<string, Requirement>()
  for (const { entry, judgement } of steps) {
    if (!judgement) continue
    for (const requirement of unmetRequirements(ctx, tenantId, entry, judgement.granted, session)) {
      const before = unmet.get(requirement.type)
      unmet.set(
        requirement.type,
        before?.type === 'ADMIN_CONSENT' && requirement.type === 'ADMIN_CONSENT'
          ? {
              ...before,
              missingPermissions: [...new Set([...before.missingPermissions, ...requirement.missingPermissions])],
            }
          : requirement,
      )
    }
  }
  return [...unmet.values()]
}

/** The dry run: the calls in their order, what would be skipped, every refusal. Throws `NotFoundError`, `InvalidInputError`. */
export async function planRemediation(ctx: ServiceContext, request: RemediationRequest): Promise<RemediationPlan> {
  const { steps, subject, refusals } = await makePlan(ctx, request)
  return {
    calls: steps.flatMap(({ entry, judgement }) =>
      judgement
        ? entry.calls(judgement.facts).map((call) => ({
            ...call,
            kind: entry.kind,
            subject,
            credential: judgement.needsPrivilegedSignIn ? ('PRIVILEGED_SESSION' as const) : ('APPLICATION' as const),
            permissions: leastPermissions(entry, subject),
            describes: entry.title,
          }))
        : [],
    ),
    skipped: steps.flatMap(({ greyedOut }) => (greyedOut && !forbidding.includes(greyedOut.code) ? [greyedOut] : [])),
    refusals,
  }
}
