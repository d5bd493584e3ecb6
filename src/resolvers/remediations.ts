import type { ServiceContext } from '../context.ts'
import { type EventWithTenant, eventById } from '../services/events/read.ts'
import type { PasswordDelivery } from '../services/passwords/deliver.ts'
import { InvalidInputError, NotFoundError, type Refusal, RemediationUnavailableError } from '../services/refusals.ts'
import { assessmentOf } from '../services/remediations/assess.ts'
import { catalogue } from '../services/remediations/catalogue/index.ts'
import { planRemediation as plan } from '../services/remediations/plan.ts'
import { type RunRequest, remediate } from '../services/remediations/remediate.ts'
import { runById, runsOfEvent } from '../services/remediations/runs.ts'
import type {
  GreyedOutReason,
  PlannedCall,
  RemediationGroup,
  RemediationKind,
  RemediationRun,
} from '../services/remediations/types.ts'
import { decodeId, type GlobalIdType, readId, wrongType } from './global-ids.ts'
import { connectionOf, guidKey, type PageArgs, readPage } from './pages.ts'
import { type OnSubject, onSubjectsIn } from './subjects.ts'

export const availableRemediations = async (event: EventWithTenant, _: unknown, ctx: ServiceContext) =>
  onSubjectsIn(event.tenantId, (await assessmentOf(ctx, event)).available)

export const greyedOutReasons = async (event: EventWithTenant, _: unknown, ctx: ServiceContext) =>
  onSubjectsIn(event.tenantId, (await assessmentOf(ctx, event)).greyedOut)

export const remediationBanner = async (event: EventWithTenant, _: unknown, ctx: ServiceContext) =>
  (await assessmentOf(ctx, event)).banner

export async function runs(event: EventWithTenant, args: PageArgs, ctx: ServiceContext) {
  const page = readPage(args, 'runs', guidKey)
  const { runs: found, hasNextPage } = await runsOfEvent(ctx, event.tenantId, event.id, page)
  return connectionOf('runs', found, ({ id }) => id, { hasNextPage, after: page.after })
}

export const steps = (run: RemediationRun) => onSubjectsIn(run.tenantId, run.steps)

/** Null when the event is no longer kept. */
export const eventOfRun = (run: RemediationRun, _: unknown, ctx: ServiceContext) =>
  eventById(ctx, run.tenantId, run.eventId)

/** Null when it is not there or not visible. */
export const runNode = (ctx: ServiceContext, tenantId: string, id: string): Promise<RemediationRun | null> =>
  runById(ctx, tenantId, id).catch((error: unknown) => {
    if (error instanceof NotFoundError) return null
    throw error
  })

export interface RemediationTarget {
  eventId: string
  subjectId: string
}

export interface PasswordDeliveryInput {
  onScreen?: boolean | null | undefined
  emailMe?: boolean | null | undefined
  emailOperatorIds?: readonly string[] | null | undefined
}

export interface ResetPasswordInput extends RemediationTarget {
  passwordDelivery: PasswordDeliveryInput
  idempotencyKey: string
}

export interface BlockUserInput extends RemediationTarget {
  passwordDelivery?: PasswordDeliveryInput | null | undefined
  actions: readonly RemediationKind[]
  idempotencyKey: string
}

export async function blockUser(
  _: unknown,
  { input }: { input: BlockUserInput },
  ctx: ServiceContext,
): Promise<RemediationRun> {
  const { actions, idempotencyKey, passwordDelivery } = input
  const group = 'BLOCK_USER'
  return run(ctx, input, { group, actions, idempotencyKey, passwordDelivery: readDelivery(passwordDelivery) })
}

export async function resetPassword(
  _: unknown,
  { input }: { input: ResetPasswordInput },
  ctx: ServiceContext,
): Promise<RemediationRun> {
  const { idempotencyKey, passwordDelivery } = input
  return run(ctx, input, {
    group: 'BLOCK_USER',
    actions: ['RESET_PASSWORD'],
    idempotencyKey,
    passwordDelivery: readDelivery(passwordDelivery),
  })
}

export interface RemovalInput extends RemediationTarget {
  idempotencyKey: string
}

/** The subject decides which remediation of the group it is. */
const removing =
  (group: RemediationGroup) =>
  (_: unknown, { input }: { input: RemovalInput }, ctx: ServiceContext): Promise<RemediationRun> =>
    run(ctx, input, { group, actions: null, idempotencyKey: input.idempotencyKey })

export const removeApp = removing('REMOVE_APP')
export const removeInboxRule = removing('REMOVE_INBOX_RULE')
export const removeMailboxForwarding = removing('REMOVE_MAILBOX_FORWARDING')
export const removeTransportRule = removing('REMOVE_TRANSPORT_RULE')
export const removeMailboxAccess = removing('REMOVE_MAILBOX_ACCESS')

async function run(
  ctx: ServiceContext,
  target: RemediationTarget,
  request: Pick<RunRequest, 'group' | 'actions' | 'idempotencyKey' | 'passwordDelivery'>,
): Promise<RemediationRun> {
  const { tenantId, ...own } = readTarget(target)
  try {
    return await remediate(ctx, { tenantId, ...own, ...request })
  } catch (error) {
    throw error instanceof RemediationUnavailableError ? onSubjectsOf(tenantId, error) : error
  }
}

/** An id that names no operator goes on as one: the service says that there is no such operator with access. */
function readDelivery(given: PasswordDeliveryInput | null | undefined): PasswordDelivery | null {
  if (!given) return null
  const path = ['input', 'passwordDelivery', 'emailOperatorIds']
  return {
    onScreen: given.onScreen ?? false,
    emailMe: given.emailMe ?? false,
    emailOperatorIds: (given.emailOperatorIds ?? []).map((id) => readId('Operator', id, path)?.id ?? noId),
  }
}

export interface PlannedRemediation {
  calls: OnSubject<PlannedCall>[]
  skipped: OnSubject<GreyedOutReason>[]
  refusals: RefusalData[]
}

/** A refusal as plain data: an executor takes an instance of `Error` in a list for a failure of the field. */
export type RefusalData = Pick<Refusal, 'code' | 'message'> & { __typename?: string }

export async function planRemediation(
  _: unknown,
  { input }: { input: RemediationTarget & { actions: readonly RemediationKind[] } },
  ctx: ServiceContext,
): Promise<PlannedRemediation> {
  const { actions } = input
  const target = readTarget(input)
  const { tenantId } = target
  const { calls, skipped, refusals } = await plan(ctx, { ...target, group: groupOf(actions), actions })
  return {
    calls: onSubjectsIn(tenantId, calls),
    skipped: onSubjectsIn(tenantId, skipped),
    refusals: refusals.map((refusal) =>
      dataOf(refusal instanceof RemediationUnavailableError ? onSubjectsOf(tenantId, refusal) : refusal),
    ),
  }
}

const dataOf = (refusal: Refusal): RefusalData => ({
  ...refusal,
  message: refusal.message,
  __typename: refusal.constructor.name,
})

/** One mutation does the actions of one group; an empty list is the service's to refuse, whatever its group. */
function groupOf(actions: readonly RemediationKind[]): RemediationGroup {
  const groups = new Set(catalogue.filter(({ kind }) => actions.includes(kind)).map(({ group }) => group))
  const [group = 'BLOCK_USER', ...others] = groups
  if (others.length === 0) return group
  const message = 'These actions belong to different mutations: plan them one mutation at a time.'
  throw new InvalidInputError(message, [{ path: ['input', 'actions'], message }])
}

/** The own ids of event and subject. Throws `InvalidInputError` for ids of other things, `NotFoundError` for no id of ours. */
function readTarget({ eventId, subjectId }: RemediationTarget) {
  const event = decodeId(eventId)
  const subject = decodeId(subjectId)
  const mistaken = (field: string, expected: GlobalIdType, found: typeof event) =>
    found && found.type !== expected ? [{ path: ['input', field], message: wrongType(expected, found) }] : []
  const issues = [...mistaken('eventId', 'SecurityEvent', event), ...mistaken('subjectId', 'Subject', subject)]
  if (issues.length > 0) throw new InvalidInputError(issues.map(({ message }) => message).join(' '), issues)
  if (!event) throw new NotFoundError('There is no such event, or you have no access to it.')
  // An id that names nothing goes on as one: the service says whether it is the event or the subject that is missing.
  const known = subject?.tenantId === event.tenantId ? subject.id : noId
  return { tenantId: event.tenantId, eventId: event.id, subjectId: known }
}

const noId = '00000000-0000-0000-0000-000000000000'

const onSubjectsOf = (tenantId: string, { message, reasons }: RemediationUnavailableError) =>
  new RemediationUnavailableError(message, onSubjectsIn(tenantId, reasons))

/** Sound because both resolvers that let this refusal out have put the subjects into their tenant. */
export const reasonsOf = ({ reasons }: RemediationUnavailableError) => reasons as OnSubject<GreyedOutReason>[]
