/**
 * The tables. Migrations are generated from here; what drizzle-kit cannot express (partitions, FORCE ROW LEVEL SECURITY,
 * roles, grants, functions) is in the custom migrations beside them.
 *
 * Keys lead with the tenant. Tables with `ownTenantsOnly` show and accept only rows of the tenants that the transaction
 * was opened with.
 */
import { sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  customType,
  index,
  integer,
  jsonb,
  pgPolicy,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type {
  EventSource,
  SecurityEventType,
  Severity,
  Subject,
  SubjectRole,
  SubjectType,
} from '../services/events/types.ts'
import type { FeedContentType, FeedFault, FeedGapReason } from '../services/feed/types.ts'
import type { RunStatus, StepState } from '../services/remediations/codes.ts'
import type { OperatorKind } from '../services/remediations/types.ts'

const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

/** A set of the setting is hashed once for a statement; `= any(array)` would be searched again for every row. */
const ownTenantsOnly = (column: AnyPgColumn | string) => {
  const rule = sql.raw(
    `${typeof column === 'string' ? column : column.name} in (select unnest(string_to_array(current_setting('app.tenants', true), ','))::uuid)`,
  )
  return pgPolicy('own_tenants_only', { as: 'permissive', for: 'all', to: 'public', using: rule, withCheck: rule })
}

export type TenantStatus = 'PENDING' | 'CONNECTED' | 'DISCONNECTED' | 'NOT_CONNECTED'

/** Who did something, as it was known at that moment. */
export interface OperatorSnapshot {
  id: string
  kind: OperatorKind
  displayName: string
}

export const tenant = pgTable(
  'tenant',
  {
    id: uuid().primaryKey(),
    name: text().notNull(),
    status: text().$type<TenantStatus>().notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
    statusChangedAt: at('status_changed_at').notNull().defaultNow(),
  },
  () => [ownTenantsOnly('id')],
)

/** What Microsoft told last of a tenant, for reading its audit records by. */
export const tenantSnapshot = pgTable(
  'tenant_snapshot',
  {
    tenantId: uuid('tenant_id')
      .primaryKey()
      .references(() => tenant.id),
    /** Verified domains in lower case. */
    domains: text().array().notNull(),
    /** Our own application, and its service principal in the tenant. */
    ownAppId: text('own_app_id').notNull(),
    ownServicePrincipalId: text('own_service_principal_id'),
    readAt: at('read_at').notNull(),
  },
  (table) => [ownTenantsOnly(table.tenantId)],
)

export const partner = pgTable('partner', {
  id: uuid().primaryKey(),
  name: text().notNull(),
  entraTenantId: uuid('entra_tenant_id').notNull().unique(),
})

export const operator = pgTable(
  'operator',
  {
    id: uuid().primaryKey(),
    kind: text().$type<OperatorKind>().notNull(),
    tenantId: uuid('tenant_id'),
    /** Object id of a person, app id of an application, id of an API key. */
    externalId: text('external_id').notNull(),
    partnerId: uuid('partner_id').references(() => partner.id),
    displayName: text('display_name').notNull(),
    email: text(),
    createdAt: at('created_at').notNull().defaultNow(),
  },
  (table) => [unique('operator_identity').on(table.kind, table.tenantId, table.externalId).nullsNotDistinct()],
)

export const apiKey = pgTable('api_key', {
  id: uuid().primaryKey(),
  operatorId: uuid('operator_id')
    .notNull()
    .references(() => operator.id),
  name: text().notNull(),
  /** SHA-256 of the whole key. The key itself is stored nowhere. */
  hash: bytea().notNull().unique(),
  createdAt: at('created_at').notNull().defaultNow(),
  expiresAt: at('expires_at'),
  revokedAt: at('revoked_at'),
  lastFour: text('last_four').notNull(),
  /** Written about once a minute while the key is in use. */
  lastUsedAt: at('last_used_at'),
})

export const accessGrant = pgTable(
  'access_grant',
  {
    id: uuid().primaryKey(),
    operatorId: uuid('operator_id').references(() => operator.id),
    partnerId: uuid('partner_id').references(() => partner.id),
    tenantId: uuid('tenant_id').notNull(),
    roles: text().array().notNull(),
    grantedBy: text('granted_by').notNull(),
    grantedAt: at('granted_at').notNull().defaultNow(),
    revokedAt: at('revoked_at'),
  },
  (table) => [
    check('access_grant_one_grantee', sql`num_nonnulls(${table.operatorId}, ${table.partnerId}) = 1`),
    uniqueIndex('access_grant_operator_now')
      .on(table.operatorId, table.tenantId)
      .where(sql`revoked_at is null and operator_id is not null`),
    uniqueIndex('access_grant_partner_now')
      .on(table.partnerId, table.tenantId)
      .where(sql`revoked_at is null and partner_id is not null`),
  ],
)

/** Partitioned by month through the time in the id (UUIDv7 form); the primary key serves a tenant's events newest first. */
export const securityEvent = pgTable(
  'security_event',
  {
    tenantId: uuid('tenant_id')
      .notNull()
      .references(() => tenant.id),
    id: uuid().notNull(),
    type: text().$type<SecurityEventType>().notNull(),
    severity: text().$type<Severity>().notNull(),
    title: text().notNull(),
    description: text().notNull(),
    occurredAt: at('occurred_at').notNull(),
    techniques: text().array().notNull(),
    reasons: text().array().notNull(),
    source: text().$type<EventSource>().notNull(),
    /** Ids as they were when the event was stored: read them through `subject.merged_into`. */
    subjects: jsonb().$type<{ id: string; role: SubjectRole }[]>().notNull(),
    /** Records of one action name the same key; within a minute they are one event. */
    actionKey: text('action_key'),
    /** Of the records of one action, the one with the lowest rank words the event. */
    rank: integer().notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ name: 'security_event_pkey', columns: [table.tenantId, table.id] }),
    index('security_event_type').on(table.tenantId, table.type, table.severity, table.id),
    index('security_event_severity')
      .on(table.tenantId, table.severity, table.id)
      .where(sql`severity <> 'INFORMATIONAL'`),
    // Callers with very many tenants read along the time instead of tenant by tenant. The tenant stands last, so that
    // other tenants' events are passed over in the index.
    index('security_event_newest').on(table.id, table.tenantId),
    index('security_event_newest_type').on(table.type, table.severity, table.id, table.tenantId),
    index('security_event_newest_severity')
      .on(table.severity, table.id, table.tenantId)
      .where(sql`severity <> 'INFORMATIONAL'`),
    index('security_event_action')
      .on(table.tenantId, table.actionKey, table.occurredAt)
      .where(sql`action_key is not null`),
    ownTenantsOnly(table.tenantId),
  ],
)

/** Which event names which subject: finds the events of a user, newest first. Follows merged subjects; partitioned as the events are. */
export const eventSubject = pgTable(
  'event_subject',
  {
    tenantId: uuid('tenant_id').notNull(),
    subjectId: uuid('subject_id').notNull(),
    eventId: uuid('event_id').notNull(),
  },
  (table) => [
    primaryKey({ name: 'event_subject_pkey', columns: [table.tenantId, table.subjectId, table.eventId] }),
    ownTenantsOnly(table.tenantId),
  ],
)

/**
 * Every record taken in, also those that were no event: the same record again changes nothing. Partitioned as the events are.
 */
export const eventRecord = pgTable(
  'event_record',
  {
    tenantId: uuid('tenant_id').notNull(),
    /** As an event's id: the time of the record, then a hash of tenant, record id and record. */
    id: uuid().notNull(),
    eventId: uuid('event_id'),
    /** Null where nobody can ask for it: without an event, or without an id. */
    recordId: text('record_id'),
  },
  (table) => [
    primaryKey({ name: 'event_record_pkey', columns: [table.tenantId, table.id] }),
    index('event_record_source').on(table.recordId, table.tenantId).where(sql`record_id is not null`),
    ownTenantsOnly(table.tenantId),
  ],
)

/**
 * Every event in the order in which events became visible, which no number given before the commit can tell: `place` is
 * given after it, by `place_arrivals`. Rows of some days.
 */
export const eventArrival = pgTable(
  'event_arrival',
  {
    tenantId: uuid('tenant_id').notNull(),
    eventId: uuid('event_id').notNull(),
    place: bigint({ mode: 'number' }),
    arrivedAt: at('arrived_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ name: 'event_arrival_pkey', columns: [table.tenantId, table.eventId] }),
    index('event_arrival_placed').on(table.tenantId, table.place).where(sql`place is not null`),
    index('event_arrival_waiting').on(table.arrivedAt).where(sql`place is null`),
    index('event_arrival_age').on(table.tenantId, table.arrivedAt),
    ownTenantsOnly(table.tenantId),
  ],
)

/** The place given last: one row for all tenants, locked by whoever gives places. */
export const arrivalHead = pgTable(
  'arrival_head',
  {
    only: boolean().primaryKey().default(true),
    place: bigint({ mode: 'number' }).notNull(),
  },
  (table) => [check('arrival_head_one_row', sql`${table.only}`)],
)

/** One row: what the worker keeps. Records from before are not taken in. */
export const eventRetention = pgTable(
  'event_retention',
  {
    onlyRow: boolean('only_row').primaryKey().default(true),
    /** The beginning of a month; null keeps all. */
    keptFrom: at('kept_from'),
    /** Subjects that only events from before this moment named are gone. */
    subjectsSweptTo: at('subjects_swept_to'),
  },
  (table) => [check('event_retention_one_row', sql`${table.onlyRow}`)],
)

export const subject = pgTable(
  'subject',
  {
    tenantId: uuid('tenant_id')
      .notNull()
      .references(() => tenant.id),
    id: uuid().notNull(),
    type: text().$type<SubjectType>().notNull(),
    attributes: jsonb().$type<Subject['attributes']>().notNull(),
    /** The subject that turned out to be the same object; always one that is not merged itself. */
    mergedInto: uuid('merged_into'),
  },
  (table) => [
    primaryKey({ name: 'subject_pkey', columns: [table.tenantId, table.id] }),
    index('subject_merged').on(table.tenantId, table.mergedInto).where(sql`merged_into is not null`),
    ownTenantsOnly(table.tenantId),
  ],
)

export const subjectAlias = pgTable(
  'subject_alias',
  {
    tenantId: uuid('tenant_id').notNull(),
    type: text().$type<SubjectType>().notNull(),
    alias: text().notNull(),
    /** Never a merged subject. */
    subjectId: uuid('subject_id').notNull(),
  },
  (table) => [
    primaryKey({ name: 'subject_alias_pkey', columns: [table.tenantId, table.type, table.alias] }),
    index('subject_alias_subject').on(table.tenantId, table.subjectId),
    ownTenantsOnly(table.tenantId),
  ],
)

export const remediationRun = pgTable(
  'remediation_run',
  {
    tenantId: uuid('tenant_id').notNull(),
    id: uuid().notNull(),
    eventId: uuid('event_id').notNull(),
    groupName: text('group_name').notNull(),
    operatorId: uuid('operator_id').notNull(),
    operator: jsonb().$type<OperatorSnapshot>().notNull(),
    idempotencyKey: text('idempotency_key').notNull(),
    inputHash: bytea('input_hash').notNull(),
    status: text().$type<RunStatus>().notNull(),
    requestedAt: at('requested_at').notNull(),
    endedAt: at('ended_at'),
  },
  (table) => [
    primaryKey({ name: 'remediation_run_pkey', columns: [table.tenantId, table.id] }),
    unique('remediation_run_idempotency').on(table.tenantId, table.operatorId, table.idempotencyKey),
    index('remediation_run_event').on(table.tenantId, table.eventId),
    index('remediation_run_open').on(table.tenantId, table.requestedAt).where(sql`ended_at is null`),
    ownTenantsOnly(table.tenantId),
  ],
)

export const remediationStep = pgTable(
  'remediation_step',
  {
    tenantId: uuid('tenant_id').notNull(),
    runId: uuid('run_id').notNull(),
    position: integer().notNull(),
    kind: text().notNull(),
    subject: jsonb().$type<Subject>().notNull(),
    state: text().$type<StepState | 'PENDING'>().notNull(),
    code: text(),
    message: text(),
    remedy: text(),
    retryable: boolean(),
    upstreamRequestId: text('upstream_request_id'),
    evidence: jsonb().$type<unknown>(),
    startedAt: at('started_at'),
    endedAt: at('ended_at'),
  },
  (table) => [
    primaryKey({ name: 'remediation_step_pkey', columns: [table.tenantId, table.runId, table.position] }),
    ownTenantsOnly(table.tenantId),
  ],
)

/** A lock with an end: whoever dies holding it loses it. */
export const lease = pgTable(
  'lease',
  {
    tenantId: uuid('tenant_id').notNull(),
    key: text().notNull(),
    runId: uuid('run_id').notNull(),
    expiresAt: at('expires_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'lease_pkey', columns: [table.tenantId, table.key] }),
    index('lease_run').on(table.tenantId, table.runId),
    ownTenantsOnly(table.tenantId),
  ],
)

/** Written by `audit_append_many` only. No foreign keys: an entry outlives what it speaks of. */
export const auditEntry = pgTable(
  'audit_entry',
  {
    tenantId: uuid('tenant_id').notNull(),
    seq: bigint({ mode: 'number' }).notNull(),
    at: at('at').notNull(),
    name: text().notNull(),
    operator: jsonb().$type<OperatorSnapshot>(),
    eventId: uuid('event_id'),
    runId: uuid('run_id'),
    kind: text(),
    subjectId: uuid('subject_id'),
    details: jsonb().$type<Record<string, unknown>>().notNull(),
    previousHash: bytea('previous_hash').notNull(),
    hash: bytea().notNull(),
    /** Of `operator`, made by the database: row security lets no expression of it be looked up in an index. */
    operatorId: text('operator_id').generatedAlwaysAs(sql`operator ->> 'id'`),
  },
  (table) => [
    primaryKey({ name: 'audit_entry_pkey', columns: [table.tenantId, table.seq] }),
    index('audit_entry_event').on(table.tenantId, table.eventId, table.seq).where(sql`event_id is not null`),
    index('audit_entry_run').on(table.tenantId, table.runId, table.seq).where(sql`run_id is not null`),
    index('audit_entry_subject').on(table.tenantId, table.subjectId, table.seq).where(sql`subject_id is not null`),
    index('audit_entry_kind').on(table.tenantId, table.kind, table.seq).where(sql`kind is not null`),
    index('audit_entry_name').on(table.tenantId, table.name, table.seq),
    index('audit_entry_operator').on(table.tenantId, table.operatorId, table.seq).where(sql`operator_id is not null`),
    index('audit_entry_at').on(table.tenantId, table.at, table.seq),
    ownTenantsOnly(table.tenantId),
  ],
)

/** The newest entry of each tenant's chain. */
export const auditHead = pgTable(
  'audit_head',
  {
    tenantId: uuid('tenant_id').primaryKey(),
    seq: bigint({ mode: 'number' }).notNull(),
    hash: bytea().notNull(),
  },
  (table) => [ownTenantsOnly(table.tenantId)],
)

/** What the last looks at each trail found: numbers for whoever watches, no proof. */
export const auditCheck = pgTable(
  'audit_check',
  {
    tenantId: uuid('tenant_id').primaryKey(),
    /** When the whole trail was last verified; null: never. */
    verifiedAt: at('verified_at'),
    /** The first fault that was found, until the whole trail is found sound again. */
    faultSeq: bigint('fault_seq', { mode: 'number' }),
    faultAt: at('fault_at'),
  },
  (table) => [ownTenantsOnly(table.tenantId)],
)

/** Heads as they were at some moment, signed with a key that is not in the database. Only ever added to. */
export const auditSignedHead = pgTable(
  'audit_signed_head',
  {
    tenantId: uuid('tenant_id').notNull(),
    /** 1, 2, 3 … without a gap in each tenant. */
    number: bigint({ mode: 'number' }).notNull(),
    seq: bigint({ mode: 'number' }).notNull(),
    hash: bytea().notNull(),
    signedAt: at('signed_at').notNull(),
    /** Names the key, and tells nothing of it. */
    keyId: text('key_id').notNull(),
    signature: bytea().notNull(),
  },
  (table) => [
    primaryKey({ name: 'audit_signed_head_pkey', columns: [table.tenantId, table.number] }),
    ownTenantsOnly(table.tenantId),
  ],
)

/** The administrator behind a privileged session, as Entra named it. */
export interface SignedInAdministrator {
  /** In the home tenant. */
  objectId: string
  /** In the tenant signed in to: another one for a guest. */
  objectIdInTenant: string
  homeTenantId: string
  displayName: string
  userPrincipalName: string
}

export type SessionEnd = 'MUTATION' | 'EXPIRED' | 'REPLACED' | 'WRONG_CODES' | 'UPSTREAM'

/** An administrator's sign-in, held for one operator. Its sealed access token goes when it ends; there is no refresh token. */
export const privilegedSession = pgTable(
  'privileged_session',
  {
    tenantId: uuid('tenant_id').notNull(),
    id: uuid().notNull(),
    operatorId: uuid('operator_id').notNull(),
    administrator: jsonb().$type<SignedInAdministrator>().notNull(),
    /** Template ids of the Entra roles that count. */
    roles: text().array().notNull(),
    sealedToken: text('sealed_token'),
    /** Keyed hash of the code that the operator types in; gone once it did. */
    codeHash: bytea('code_hash'),
    wrongCodes: integer('wrong_codes').notNull().default(0),
    signedInAt: at('signed_in_at').notNull(),
    codeExpiresAt: at('code_expires_at').notNull(),
    confirmedAt: at('confirmed_at'),
    expiresAt: at('expires_at').notNull(),
    endedAt: at('ended_at'),
    ending: text().$type<SessionEnd>(),
  },
  (table) => [
    primaryKey({ name: 'privileged_session_pkey', columns: [table.tenantId, table.id] }),
    index('privileged_session_open').on(table.tenantId, table.operatorId).where(sql`ended_at is null`),
    check(
      'privileged_session_token_while_open',
      sql`(${table.endedAt} is null) = (${table.sealedToken} is not null) and (${table.endedAt} is null) = (${table.ending} is null)`,
    ),
    ownTenantsOnly(table.tenantId),
  ],
)

/** States of sign-in and consent that came back already: each counts once. */
export const usedState = pgTable(
  'used_state',
  {
    tenantId: uuid('tenant_id').notNull(),
    id: uuid().notNull(),
    /** From then on the state itself is refused, so that the row can go. */
    expiresAt: at('expires_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'used_state_pkey', columns: [table.tenantId, table.id] }),
    ownTenantsOnly(table.tenantId),
  ],
)

const total = (name: string) => bigint(name, { mode: 'number' }).notNull().default(0)

/** How far a type of content of a tenant's activity feed was read, what came of it, and who reads it now. */
export const feed = pgTable(
  'feed',
  {
    tenantId: uuid('tenant_id')
      .notNull()
      .references(() => tenant.id),
    contentType: text('content_type').$type<FeedContentType>().notNull(),
    introducedAt: at('introduced_at').notNull(),
    /** When it is read next. */
    dueAt: at('due_at').notNull(),
    /** When it was last put into the queue of the workers. */
    queuedAt: at('queued_at'),
    /** The worker that reads it now; one that dies loses it when the lease ends. */
    holder: uuid(),
    leaseEndsAt: at('lease_ends_at'),
    subscribedAt: at('subscribed_at'),
    /** All content made before it is in `feed_blob`, or was and is settled. */
    listedUntil: at('listed_until'),
    listedAt: at('listed_at'),
    /** When it was last looked far back for content that was listed late. */
    lookedBackAt: at('looked_back_at'),
    /** When what is done once a day for the tenant was done last. */
    tendedAt: at('tended_at'),
    /** When a record last arrived. */
    receivedAt: at('received_at'),
    fault: text().$type<FeedFault>(),
    faultSince: at('fault_since'),
    /** Turns in a row that ended with a fault. */
    failures: integer().notNull().default(0),
    blobs: total('blobs'),
    events: total('events'),
    merged: total('merged'),
    noEvent: total('no_event'),
    duplicates: total('duplicates'),
    unreadable: total('unreadable'),
  },
  (table) => [
    primaryKey({ name: 'feed_pkey', columns: [table.tenantId, table.contentType] }),
    index('feed_due').on(table.dueAt),
    ownTenantsOnly(table.tenantId),
  ],
)

/** Content that was listed: still to be fetched, or settled and kept for as long as it may be listed again. */
export const feedBlob = pgTable(
  'feed_blob',
  {
    tenantId: uuid('tenant_id').notNull(),
    contentType: text('content_type').$type<FeedContentType>().notNull(),
    contentId: text('content_id').notNull(),
    contentUri: text('content_uri').notNull(),
    createdAt: at('created_at').notNull(),
    expiresAt: at('expires_at').notNull(),
    /** When its records were stored, or it was given up. */
    settledAt: at('settled_at'),
    tries: integer().notNull().default(0),
    dueAt: at('due_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'feed_blob_pkey', columns: [table.tenantId, table.contentType, table.contentId] }),
    index('feed_blob_open').on(table.tenantId, table.contentType, table.createdAt).where(sql`settled_at is null`),
    index('feed_blob_made').on(table.tenantId, table.contentType, table.createdAt),
    ownTenantsOnly(table.tenantId),
  ],
)

/** What never arrives any more. */
export const feedGap = pgTable(
  'feed_gap',
  {
    tenantId: uuid('tenant_id').notNull(),
    id: uuid().notNull(),
    contentType: text('content_type').$type<FeedContentType>().notNull(),
    /** By the time at which the content was made; `ends_at` does not belong to it. */
    beginsAt: at('begins_at').notNull(),
    endsAt: at('ends_at').notNull(),
    why: text().$type<FeedGapReason>().notNull(),
    /** How many blobs, where that is known. */
    blobs: integer(),
    noticedAt: at('noticed_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'feed_gap_pkey', columns: [table.tenantId, table.id] }),
    ownTenantsOnly(table.tenantId),
  ],
)

/**
 * How much of a rate limit is used up: nothing of it is left over from before `full_at`. Not bound to tenants, because
 * one statement settles all that a gateway has counted; unlogged, so that a crash of the server forgets it.
 */
export const rateLimit = pgTable(
  'rate_limit',
  {
    /** An operator, or a tenant. */
    subject: uuid().notNull(),
    budget: text().notNull(),
    /** When the whole budget is free again. */
    fullAt: at('full_at').notNull(),
  },
  (table) => [primaryKey({ name: 'rate_limit_pkey', columns: [table.subject, table.budget] })],
)
