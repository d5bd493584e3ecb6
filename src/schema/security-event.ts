import { securityEvent, securityEvents } from '../resolvers/events.ts'
import { scopedId } from '../resolvers/global-ids.ts'
import { securityEventAdded, subscribeToSecurityEvents } from '../resolvers/live.ts'
import { availableRemediations, greyedOutReasons, remediationBanner, runs } from '../resolvers/remediations.ts'
import { distinctSubjects } from '../resolvers/subjects.ts'
import type { EventWithTenant } from '../services/events/read.ts'
import { atMost, builder, pageArgDescriptions, pageComplexity } from './builder.ts'
import { EventSourceEnum, SecurityEventTypeEnum, SeverityEnum } from './enums.ts'
import { SecurityEventType } from './event-ref.ts'
import { GreyedOutReasonType, RemediationBanner, RemediationOptionType } from './remediation-option.ts'
import { RemediationRunType } from './remediation-run.ts'
import { SubjectUnion } from './subject.ts'
import { TenantType } from './tenant.ts'

const RunConnection = builder.connectionObject(
  { type: RemediationRunType, name: 'RemediationRunConnection', description: 'A page of runs, newest first.' },
  { description: 'A run in its list.' },
)

SecurityEventType.implement({
  interfaces: [builder.nodeInterfaceRef()],
  description: 'Something that happened in a tenant and deserves a look.',
  fields: (t) => ({
    id: t.id({
      description: 'Opaque and stable: give it as `eventId`.',
      resolve: ({ tenantId, id }) => scopedId('SecurityEvent', tenantId, id),
    }),
    type: t.expose('type', { type: SecurityEventTypeEnum, description: 'What kind of event it is.' }),
    severity: t.expose('severity', { type: SeverityEnum, description: 'How bad it looks.' }),
    title: t.exposeString('title', { description: 'One line that says what happened.' }),
    occurredAt: t.expose('occurredAt', {
      type: 'DateTime',
      description: 'When it happened, as Microsoft recorded it.',
    }),
    tenant: t.expose('tenant', { type: TenantType, description: 'Where it happened.' }),
    subjects: t.field({
      type: [SubjectUnion],
      description: 'Whom and what it is about, whoever raised it included. Each once.',
      resolve: ({ tenantId, subjects }: EventWithTenant) => distinctSubjects(tenantId, subjects),
    }),
    raisedBy: t.field({
      type: [SubjectUnion],
      description: 'Those of `subjects` who raised it. To the others it happened.',
      resolve: ({ tenantId, subjects }: EventWithTenant) =>
        distinctSubjects(
          tenantId,
          subjects.filter(({ role }) => role === 'ACTOR'),
        ),
    }),
    description: t.exposeString('description', { description: 'What happened, in a few sentences.' }),
    techniques: t.exposeStringList('techniques', {
      description: 'Techniques of MITRE ATT&CK that it fits, e.g. `T1114.003`.',
    }),
    reasons: t.exposeStringList('reasons', { description: 'What in the record made it an event of this severity.' }),
    source: t.expose('source', { type: EventSourceEnum, description: 'How it came in.' }),
    url: t.string({
      description:
        'A link to this event for notifications and tickets. Opening it needs a sign-in; the link itself gives nothing away.',
      resolve: ({ tenantId, id }, _, { publicUrl }) => `${publicUrl}/events/${scopedId('SecurityEvent', tenantId, id)}`,
    }),
    availableRemediations: t.field({
      type: [RemediationOptionType],
      complexity: { field: 5, multiplier: 3 },
      description: 'What can be done about it now, for each subject, judged from the present state of the tenant.',
      resolve: availableRemediations,
    }),
    greyedOutReasons: t.field({
      type: [GreyedOutReasonType],
      complexity: { field: 5, multiplier: 3 },
      description: 'What belongs to this event but is not possible now, and why.',
      resolve: greyedOutReasons,
    }),
    remediationBanner: t.field({
      type: RemediationBanner,
      nullable: true,
      complexity: 5,
      description: 'Set when nothing at all can be done about the event from here: show it instead of an empty list.',
      resolve: remediationBanner,
    }),
    runs: t.field({
      type: RunConnection,
      args: {
        first: t.arg.int({ description: pageArgDescriptions.first }),
        after: t.arg.string({ description: pageArgDescriptions.after }),
      },
      complexity: (args) => ({ ...pageComplexity(args), field: 5 }),
      description: 'What was done about it, newest first.',
      resolve: runs,
    }),
  }),
})

const SecurityEventFilter = builder.inputType('SecurityEventFilter', {
  description: 'Which events to list. All that is given must hold.',
  fields: (t) => ({
    types: t.field({ type: [SecurityEventTypeEnum], ...atMost(100, 'Only events of these types.') }),
    minSeverity: t.field({ type: SeverityEnum, description: 'Only events at least this severe.' }),
    since: t.field({ type: 'DateTime', description: 'Only events from this moment on.' }),
    until: t.field({ type: 'DateTime', description: 'Only events before this moment.' }),
    userId: t.string({
      description: "Only events that name this user, by object id in Entra. It is not the subject's `id`.",
    }),
    userPrincipalName: t.string({ description: 'Only events that name this user, by sign-in name.' }),
    sourceRecordId: t.string({ description: "Only the event made of this audit record, by the record's `Id`." }),
  }),
})

const EventEdge = builder.edgeObject({
  type: SecurityEventType,
  name: 'SecurityEventEdge',
  description: 'A security event in its list.',
})
const EventConnection = builder.connectionObject(
  { type: SecurityEventType, name: 'SecurityEventConnection', description: 'A page of security events, newest first.' },
  EventEdge,
)

builder.queryFields((t) => ({
  securityEvent: t.field({
    type: SecurityEventType,
    nullable: true,
    args: { id: t.arg.id({ required: true, description: 'The id of an event.' }) },
    description: 'One event; null when there is none with this id that you may see.',
    resolve: securityEvent,
  }),
  securityEvents: t.field({
    type: EventConnection,
    args: {
      tenantIds: t.arg.idList(
        atMost(
          1_000,
          'Only events of these tenants. Default: every tenant whose events you may read. A tenant that you have no access to counts as not there.',
        ),
      ),
      filter: t.arg({ type: SecurityEventFilter, description: 'Which events.' }),
      first: t.arg.int({ description: pageArgDescriptions.first }),
      after: t.arg.string({ description: pageArgDescriptions.after }),
    },
    complexity: pageComplexity,
    description: 'Security events, newest first.',
    resolve: securityEvents,
  }),
}))

builder.subscriptionField('securityEventAdded', (t) =>
  t.field({
    type: EventEdge,
    args: {
      tenantIds: t.arg.idList(
        atMost(
          1_000,
          'Only events of these tenants; it ends when you may read one of them no longer. Default: every tenant whose events you may read at the moment of delivery.',
        ),
      ),
      after: t.arg.string({
        description:
          'Go on after this cursor of an earlier subscription, of the last seven days: nothing is left out, nothing comes twice. Default: from now on. Cursors of `securityEvents` do not fit here.',
      }),
    },
    description:
      'Every new event, in the order in which events arrive, which is not that of `occurredAt`; by whichever process it was stored. Subscribe first, then read `securityEvents`: so nothing falls between. Ends with an error that says how to go on: `UNAUTHENTICATED`, `FORBIDDEN`, `CURSOR_EXPIRED`, `RATE_LIMITED` or `SHUTTING_DOWN`.',
    subscribe: subscribeToSecurityEvents,
    resolve: securityEventAdded,
  }),
)
