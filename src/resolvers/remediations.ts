import type { ServiceContext } from '../context.ts'
import type { EventWithTenant } from '../services/events/read.ts'
import { eventById } from '../services/events/read.ts'
import {
  type InputIssue,
  InvalidInputError,
  NotFoundError,
  type Refusal,
  RemediationUnavailableError,
} from '../services/refusals.ts'
import { assessmentOf } from '../services/remediations/assess.ts'
import { catalogue } from '../services/remediations/catalogue/index.ts'
import { planRemediation as plan } from '../services/remediations/plan.ts'
import { remediate } from '../services/remediations/remediate.ts'
import { runById, runsOfEvent } from '../services/remediations/runs.ts'
import type {
  GreyedOutReason,
  PlannedCall,
  RemediationGroup,
  RemediationKind,
  RemediationOption,
  RemediationRun,
  RemediationStep,
} from '../services/remediations/types.ts'
import { decodeId, type GlobalIdType, wrongType } from './global-ids.ts'
import { connectionOf, guidKey, type PageArgs, readPage } from './pages.ts'

/** What names a subject is shown with its tenant: the subject's id in the API needs it. */
export type InTenant<T> = T & { tenantId: string }
const placed = <T>(tenantId: string, items: readonly T[]): InTenant<T>[] => items.map((item) => ({ ...item, tenantId }))

export const availableRemediations = async (
  event: EventWithTenant,
  _: unknown,
  ctx: ServiceContext,
): Promise<InTenant<RemediationOption>[]> => placed(event.tenantId, (await assessmentOf(ctx, event)).available)

export const greyedOutReasons = async (
  event: EventWithTenant,
  _: unknown,
  ctx: ServiceContext,
): Promise<InTenant<GreyedOutReason>[]> => placed(event.tenantId, (await assessmentOf(ctx, event)).greyedOut)

export const remediationBanner = async (event: EventWithTenant, _: unknown, ctx: ServiceContext) =>
  (await assessmentOf(ctx, event)).banner

export async function runs(event: EventWithTenant, args: PageArgs, ctx: ServiceContext) {
  const page = readPage(args, 'runs', guidKey)
  const { runs: found, hasNextPage } = await runsOfEvent(ctx, event.tenantId, event.id, page)
  return connectionOf('runs', found, ({ id }) => id, { hasNextPage, after: page.after })
}

export const steps = (run: RemediationRun): InTenant<RemediationStep>[] => placed(run.tenantId, run.steps)

/** Null when the event is no longer kept. */
export const eventOfRun = (run: RemediationRun, _: unknown, ctx: ServiceContext) =>
  eventById(ctx, run.tenantId, run.eventId)

/** Null when it is not there or not visible. */
export const runNode = (ctx: ServiceContext, tenantId: string, id: string): Promise<RemediationRun | null> =>
  runById(ctx, tenantId, id).catch(nullWhenNotFound)

function nullWhenNotFound(error: unknown): null {
  if (error instanceof NotFoundError) return null
  throw error
}

export interface RemediationTarget {
  eventId: string
  subjectId: string
}

export interface BlockUserInput extends RemediationTarget {
  actions: readonly RemediationKind[]
  idempotencyKey: string
}

export async function blockUser(
  _: unknown,
  { input }: { input: BlockUserInput },
  ctx: ServiceContext,
): Promise<RemediationRun> {
  const target = readTarget(input, [...actionIssues(input.actions), ...keyIssues(input.idempotencyKey)])
  const { actions, idempotencyKey } = input
  return remediate(ctx, { ...target, group: 'BLOCK_USER', actions, idempotencyKey }).catch(
    placeReasons(target.tenantId),
  )
}

export interface PlannedRemediation {
  calls: InTenant<PlannedCall>[]
  skipped: InTenant<GreyedOutReason>[]
  refusals: ShownRefusal[]
}

/** A refusal as data: an executor takes an instance of `Error` in a list for a failure of the field. */
export type ShownRefusal = Pick<Refusal, 'code' | 'message'> & { __typename?: string }

export async function planRemediation(
  _: unknown,
  { input }: { input: RemediationTarget & { actions: readonly RemediationKind[] } },
  ctx: ServiceContext,
): Promise<PlannedRemediation> {
  const target = readTarget(input, actionIssues(input.actions))
  const { calls, skipped, refusals } = await plan(ctx, {
    ...target,
    group: groupOf(input.actions),
    actions: input.actions,
  })
  return {
    calls: placed(target.tenantId, calls),
    skipped: placed(target.tenantId, skipped),
    refusals: refusals.map((refusal) => shown(withPlacedReasons(target.tenantId, refusal))),
  }
}

const shown = (refusal: Refusal): ShownRefusal => ({
  ...refusal,
  message: refusal.message,
  __typename: refusal.constructor.name,
})

/** One mutation does the actions of one group. */
function groupOf(actions: readonly RemediationKind[]): RemediationGroup {
  const [group, ...others] = new Set(catalogue.filter(({ kind }) => actions.includes(kind)).map((entry) => entry.group))
  if (group !== undefined && others.length === 0) return group
  throw invalid([
    {
      path: ['input', 'actions'],
      message: 'These actions belong to different mutations: plan them one mutation at a time.',
    },
  ])
}

/**
 * The own ids of event and subject. Throws `InvalidInputError` with all issues, `NotFoundError` for an event id that
 * this API never gave out.
 */
function readTarget({ eventId, subjectId }: RemediationTarget, otherIssues: InputIssue[]) {
  const event = decodeId(eventId)
  const subject = decodeId(subjectId)
  const issues = [
    ...typeIssues('eventId', 'SecurityEvent', eventId),
    ...typeIssues('subjectId', 'Subject', subjectId),
    ...otherIssues,
  ]
  if (issues.length > 0) throw invalid(issues)
  if (!event) throw new NotFoundError('There is no such event, or you have no access to it.')
  // An id that names nothing goes on as one: the service says whether it is the event or the subject that is missing.
  const known = subject?.tenantId === event.tenantId ? subject.id : '00000000-0000-0000-0000-000000000000'
  return { tenantId: event.tenantId, eventId: event.id, subjectId: known }
}

function typeIssues(field: string, expected: GlobalIdType, globalId: string): InputIssue[] {
  const decoded = decodeId(globalId)
  return decoded && decoded.type !== expected ? [{ path: ['input', field], message: wrongType(expected, decoded) }] : []
}

function actionIssues(actions: readonly RemediationKind[]): InputIssue[] {
  const path = ['input', 'actions']
  return [
    ...(actions.length === 0 ? [{ path, message: 'Name at least one action.' }] : []),
    ...(new Set(actions).size < actions.length ? [{ path, message: 'Name each action once.' }] : []),
  ]
}

const keyIssues = ({ length }: string): InputIssue[] =>
  length >= 1 && length <= 128
    ? []
    : [{ path: ['input', 'idempotencyKey'], message: 'An idempotency key has 1 to 128 characters.' }]

const invalid = (issues: InputIssue[]) => new InvalidInputError(issues.map(({ message }) => message).join(' '), issues)

/** Rethrows with the reasons' tenant, which only the resolver knows. */
const placeReasons =
  (tenantId: string) =>
  (error: unknown): never => {
    throw error instanceof RemediationUnavailableError ? withPlacedReasons(tenantId, error) : error
  }

function withPlacedReasons(tenantId: string, refusal: Refusal): Refusal {
  if (!(refusal instanceof RemediationUnavailableError)) return refusal
  return new RemediationUnavailableError(refusal.message, placed(tenantId, refusal.reasons))
}

/** The reasons of a refusal that `blockUser` or `planRemediation` answered with. */
export const placedReasons = ({ reasons }: RemediationUnavailableError): InTenant<GreyedOutReason>[] =>
  reasons.filter((reason): reason is InTenant<GreyedOutReason> => 'tenantId' in reason)
