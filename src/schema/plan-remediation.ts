import { type PlannedRemediation, planRemediation } from '../resolvers/remediations.ts'
import type { OnSubject } from '../resolvers/subjects.ts'
import type { PlannedCall as PlannedCallShape } from '../services/remediations/types.ts'
import { atMost, builder } from './builder.ts'
import { RemediationKindEnum } from './enums.ts'
import { RefusalInterface, refusalsOfManaging } from './refusals.ts'
import { GreyedOutReasonType } from './remediation-option.ts'
import { SubjectUnion } from './subject.ts'

const UpstreamService = builder.enumType('UpstreamService', {
  description: 'A service of Microsoft.',
  values: {
    GRAPH: { description: 'Microsoft Graph.' },
    EXCHANGE: { description: 'Exchange Online.' },
  } as const,
})

const Credential = builder.enumType('Credential', {
  description: 'On whose authority a call is made.',
  values: {
    APPLICATION: { description: "Our application's own permissions." },
    PRIVILEGED_SESSION: { description: 'The sign-in of an administrator of the tenant.' },
  } as const,
})

const PlannedCall = builder.objectRef<OnSubject<PlannedCallShape>>('PlannedCall').implement({
  description: 'A call that would be sent to Microsoft.',
  fields: (t) => ({
    kind: t.expose('kind', { type: RemediationKindEnum, description: 'The action that it belongs to.' }),
    subject: t.expose('subject', { type: SubjectUnion, description: 'Whom or what it would change.' }),
    service: t.expose('service', { type: UpstreamService, description: 'Where it would go.' }),
    method: t.exposeString('method', { description: 'The HTTP method, or the name of the cmdlet.' }),
    path: t.exposeString('path', { description: "The path below the service's root." }),
    credential: t.expose('credential', { type: Credential, description: 'On whose authority.' }),
    permissions: t.exposeStringList('permissions', {
      description: 'The Microsoft permissions that it needs at least.',
    }),
    describes: t.exposeString('describes', { description: 'What it does, for people.' }),
  }),
})

const RemediationPlan = builder.objectRef<PlannedRemediation>('RemediationPlan').implement({
  description: 'What a mutation would do now. Nothing was changed, here or in the tenant.',
  fields: (t) => ({
    calls: t.expose('calls', {
      type: [PlannedCall],
      description: 'The calls in the order in which they would be sent.',
    }),
    skipped: t.expose('skipped', {
      type: [GreyedOutReasonType],
      description: 'Actions with nothing to do: they would be skipped.',
    }),
    refusals: t.expose('refusals', {
      type: [RefusalInterface],
      description: 'Why the mutation would refuse, all at once. Empty: it would run.',
    }),
  }),
})

const PlanRemediationInput = builder.inputType('PlanRemediationInput', {
  description: 'What to plan: as for the mutation, without an idempotency key.',
  fields: (t) => ({
    eventId: t.id({ required: true, description: 'The event because of which you would act.' }),
    subjectId: t.id({ required: true, description: 'The id of a subject of that event.' }),
    actions: t.field({
      type: [RemediationKindEnum],
      required: true,
      ...atMost(100, 'What you would do, each once. All must belong to one mutation.'),
    }),
  }),
})

builder.queryField('planRemediation', (t) =>
  t.field({
    type: RemediationPlan,
    args: { input: t.arg({ type: PlanRemediationInput, required: true, description: 'What to plan.' }) },
    complexity: 20,
    description:
      'The dry run: which calls would be sent, on whose authority, what would be skipped, and every refusal.',
    errors: {
      types: refusalsOfManaging,
      union: { description: 'The plan, or why none can be made.' },
    },
    resolve: planRemediation,
  }),
)
