import { scopedId } from '../resolvers/global-ids.ts'
import { eventOfRun, steps } from '../resolvers/remediations.ts'
import type { OnSubject } from '../resolvers/subjects.ts'
import type { GreyedOutCode, StepFailureCode } from '../services/remediations/codes.ts'
import type { RemediationRun, RemediationStep } from '../services/remediations/types.ts'
import { builder } from './builder.ts'
import { RemediationKindEnum, RunStatusEnum, StepFailureCodeEnum, StepStateEnum } from './enums.ts'
import { SecurityEventType } from './event-ref.ts'
import { OperatorType } from './operator.ts'
import { SubjectUnion } from './subject.ts'

const Step = builder.objectRef<OnSubject<RemediationStep>>('RemediationStep').implement({
  description: 'One action of a run and what came of it.',
  fields: (t) => ({
    kind: t.expose('kind', { type: RemediationKindEnum, description: 'What was to be done.' }),
    subject: t.expose('subject', { type: SubjectUnion, description: 'To whom or what.' }),
    state: t.expose('state', { type: StepStateEnum, description: 'How it stands.' }),
    code: t.field({
      type: StepFailureCodeEnum,
      nullable: true,
      description: 'Why it failed, was skipped or is unknown, for programs; null when it worked.',
      // The table keeps the code as text; only codes of these lists are ever written.
      resolve: ({ code }) => code as StepFailureCode | GreyedOutCode | null,
    }),
    message: t.exposeString('message', { nullable: true, description: 'What came of it, for people.' }),
    remedy: t.exposeString('remedy', {
      nullable: true,
      description: 'What to do next; null when there is nothing to do.',
    }),
    retryable: t.exposeBoolean('retryable', {
      nullable: true,
      description: 'Whether trying again, with a new idempotency key, can help; null when it did not fail.',
    }),
    upstreamRequestId: t.exposeString('upstreamRequestId', {
      nullable: true,
      description: "Microsoft's request id, for their support.",
    }),
    evidence: t.field({
      type: 'JSON',
      nullable: true,
      description: 'What was changed: enough to report it and to put it back.',
      resolve: ({ evidence }) => evidence ?? null,
    }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it began; null when it has not.',
    }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its outcome was known; null until then.',
    }),
  }),
})

export const RemediationRunType = builder.objectRef<RemediationRun>('RemediationRun')
RemediationRunType.implement({
  interfaces: [builder.nodeInterfaceRef()],
  description: 'What a mutation did, step by step. Ask `node` with its id for how it stands.',
  fields: (t) => ({
    id: t.id({
      description: 'Opaque and stable.',
      resolve: ({ tenantId, id }) => scopedId('RemediationRun', tenantId, id),
    }),
    event: t.field({
      type: SecurityEventType,
      nullable: true,
      complexity: 5,
      description: 'The event that it was about; null when it is no longer kept.',
      resolve: eventOfRun,
    }),
    requestedBy: t.expose('requestedBy', {
      type: OperatorType,
      description: 'Who asked for it, as known at that moment.',
    }),
    requestedAt: t.expose('requestedAt', { type: 'DateTime', description: 'When it was asked for.' }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its last step ended; null until then.',
    }),
    status: t.expose('status', { type: RunStatusEnum, description: 'How it stands.' }),
    temporaryPassword: t.string({
      nullable: true,
      description:
        'Non-null only in the answer of the mutation that made it, when asked for on screen; null in every later read.',
      resolve: ({ temporaryPassword }) => temporaryPassword ?? null,
    }),
    steps: t.field({ type: [Step], description: 'Its actions in the order in which they are done.', resolve: steps }),
  }),
})
