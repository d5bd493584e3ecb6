import { scopedId } from '../resolvers/global-ids.ts'
import { type ImportedRecords, importAuditRecords } from '../resolvers/import.ts'
import type { RecordResult, RecordResultOutcome } from '../services/events/import-audit-records.ts'
import { builder } from './builder.ts'
import { enumOf } from './enums.ts'
import { refusalsOfManaging } from './refusals.ts'

const RecordOutcomeEnum = enumOf<RecordResultOutcome>('AuditRecordOutcome', 'What became of a record.', {
  EVENT: 'It is a security event now.',
  MERGED: 'It belongs to an action that is an event already.',
  NO_EVENT: 'It is nothing that deserves a look.',
  DUPLICATE: 'It was brought in before.',
  OUTSIDE_RETENTION: 'It is older than events are kept here, and was not stored.',
  UNREADABLE: 'It is no audit record.',
  NO_TENANT: 'It names no tenant.',
  NOT_ALLOWED: 'You may not bring in records of its tenant: that needs the role Events.Ingest.',
  NOT_FOUND: 'Its tenant does not exist, or you have no access to it.',
})

const AuditRecordResult = builder.objectRef<RecordResult>('AuditRecordResult').implement({
  description: 'What became of one record.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'Its place in your list, from 0.' }),
    outcome: t.expose('outcome', { type: RecordOutcomeEnum, description: 'What became of it.' }),
    eventId: t.id({
      nullable: true,
      description: 'The event that it made, for `securityEvent`; null for any other outcome.',
      resolve: ({ tenantId, eventId }) => tenantId && eventId && scopedId('SecurityEvent', tenantId, eventId),
    }),
    problem: t.exposeString('problem', {
      nullable: true,
      description: 'Why it was not taken, for people; null when it was.',
    }),
  }),
})

const ImportedAuditRecords = builder.objectRef<ImportedRecords>('ImportedAuditRecords').implement({
  description: 'What became of the records.',
  fields: (t) => ({
    results: t.expose('results', { type: [AuditRecordResult], description: 'One for each record, in your order.' }),
    counts: t.field({
      type: 'JSON',
      description: 'How many records had each outcome, e.g. `{ "EVENT": 3, "DUPLICATE": 1 }`.',
      resolve: ({ results }) =>
        Object.fromEntries(
          [...Map.groupBy(results, ({ outcome }) => outcome)].map(([outcome, { length }]) => [outcome, length]),
        ),
    }),
  }),
})

const ImportAuditRecordsInput = builder.inputType('ImportAuditRecordsInput', {
  description: 'Audit records to bring in.',
  fields: (t) => ({
    records: t.field({
      type: ['JSON'],
      // A null among the records is one unreadable record, not a fault of the whole call.
      required: { list: true, items: false },
      // Counted where they are taken in: too many are a refusal like any other.
      extensions: { itemsMax: Number.POSITIVE_INFINITY },
      description:
        'Records of the Office 365 Management Activity API, 1 to 1,000. Each belongs to the tenant in its `OrganizationId`. Send them as a variable.',
    }),
  }),
})

builder.mutationField('importAuditRecords', (t) =>
  t.field({
    type: ImportedAuditRecords,
    args: { input: t.arg({ type: ImportAuditRecordsInput, required: true, description: 'The records.' }) },
    description:
      'Brings in audit records. The same records again change nothing. Needs the role Events.Ingest in the tenant of each record.',
    errors: {
      types: refusalsOfManaging,
      union: { description: 'What became of the records, or why none was looked at.' },
    },
    resolve: importAuditRecords,
  }),
)
