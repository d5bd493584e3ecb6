import { auditEntries } from '../resolvers/audit.ts'
import { scopedId } from '../resolvers/global-ids.ts'
import type { AuditEntry } from '../services/audit/read.ts'
import { sentenceOf } from '../services/audit/sentences.ts'
import { atMost, builder, pageArgDescriptions, pageComplexity } from './builder.ts'
import { OperatorType } from './operator.ts'

const AuditEntryType = builder.objectRef<AuditEntry>('AuditEntry')
AuditEntryType.implement({
  interfaces: [builder.nodeInterfaceRef()],
  description:
    "One line of a tenant's audit trail. Entries are only ever added; each is bound to the one before it by hash.",
  fields: (t) => ({
    id: t.id({
      description: 'Opaque and stable.',
      resolve: ({ tenantId, seq }) => scopedId('AuditEntry', tenantId, String(seq)),
    }),
    seq: t.exposeInt('seq', { description: 'Its place in the trail of its tenant: 1, 2, 3 … without a gap.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When it was written.' }),
    name: t.exposeString('name', {
      description:
        'What happened, as `noun.past`: `remediation.requested`, `remediation.refused`, `remediation.started`, `remediation.confirmed`, `access.granted`, `api_key.created` and so on.',
    }),
    sentence: t.string({ description: 'What happened, in a sentence for people.', resolve: sentenceOf }),
    operator: t.expose('operator', {
      type: OperatorType,
      nullable: true,
      description: 'Who did it, as known at that moment; null when nobody asked for it, such as a recovery.',
    }),
    eventId: t.id({
      nullable: true,
      description: 'The event that it is about, for `securityEvent`.',
      resolve: ({ tenantId, eventId }) => eventId && scopedId('SecurityEvent', tenantId, eventId),
    }),
    runId: t.id({
      nullable: true,
      description: 'The run that it belongs to, for `node`.',
      resolve: ({ tenantId, runId }) => runId && scopedId('RemediationRun', tenantId, runId),
    }),
    kind: t.exposeString('kind', { nullable: true, description: 'The remediation, e.g. `DISABLE_USER`.' }),
    subjectId: t.id({
      nullable: true,
      description: 'To whom or what it was done, for `node`.',
      resolve: ({ tenantId, subjectId }) => subjectId && scopedId('Subject', tenantId, subjectId),
    }),
    credential: t.string({
      nullable: true,
      description:
        'With whose rights Microsoft was called: `APPLICATION`, or `PRIVILEGED_SESSION` of the administrator in `details`; null for what calls nobody.',
      resolve: ({ details }) => textOf(details['credential']),
    }),
    traceId: t.string({
      nullable: true,
      description:
        "The trace of the request, job or command that wrote it: the `x-trace-id` of its answer, the `traceId` of its log lines, and in the form of a GUID the `client-request-id` of its calls in Microsoft's logs.",
      resolve: ({ details }) => textOf(details['traceId']),
    }),
    details: t.field({
      type: 'JSON',
      description:
        'The rest: codes, evidence, and `upstreamCalls`, each call to Microsoft with its status and request id. Its form depends on `name`.',
      resolve: ({ details }) => details,
    }),
    hash: t.string({
      description: 'SHA-256 over this entry and the one before it, in hexadecimal.',
      resolve: ({ hash }) => hash.toString('hex'),
    }),
  }),
})

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

const AuditEntryFilter = builder.inputType('AuditEntryFilter', {
  description: 'Which entries to list. All that is given must hold.',
  fields: (t) => ({
    names: t.stringList(atMost(50, 'Only entries of these names, e.g. `["remediation.refused"]`.')),
    since: t.field({ type: 'DateTime', description: 'Only entries from this moment on.' }),
    until: t.field({ type: 'DateTime', description: 'Only entries before this moment.' }),
    eventId: t.id({ description: 'Only entries about this event.' }),
    runId: t.id({ description: 'Only entries of this run.' }),
    operatorId: t.id({ description: 'Only what this operator did.' }),
    subjectId: t.id({ description: 'Only what was done to this user, app, rule or mailbox.' }),
    kind: t.string({ description: 'Only entries of this remediation, e.g. `DISABLE_USER`.' }),
  }),
})

const AuditEntryConnection = builder.connectionObject(
  { type: AuditEntryType, name: 'AuditEntryConnection', description: 'A page of audit entries, newest first.' },
  { name: 'AuditEntryEdge', description: 'An audit entry in its list.' },
)

builder.queryField('auditEntries', (t) =>
  t.field({
    type: AuditEntryConnection,
    nullable: true,
    args: {
      tenantId: t.arg.id({ required: true, description: 'The tenant whose trail to read.' }),
      filter: t.arg({ type: AuditEntryFilter, description: 'Which entries.' }),
      first: t.arg.int({ description: pageArgDescriptions.first }),
      after: t.arg.string({ description: pageArgDescriptions.after }),
    },
    complexity: pageComplexity,
    description:
      'The audit trail of a tenant, newest first. Needs the role Audit.Read, else an error with code `FORBIDDEN`; null for a tenant that you have no access to.',
    resolve: auditEntries,
  }),
)
