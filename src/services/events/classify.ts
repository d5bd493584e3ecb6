import type { Classifier, Finding, RecordContext } from './classifier.ts'
import { userActivity } from './classifiers/activity.ts'
import { microsoftAlert } from './classifiers/alert.ts'
import { consent } from './classifiers/consent.ts'
import { accountSwitched, passwordReset, roleAssigned, secondFactorChanged } from './classifiers/directory.ts'
import { externalForwarding } from './classifiers/forwarding.ts'
import { suspiciousInboxRule } from './classifiers/inbox-rule.ts'
import { mailboxAccess } from './classifiers/mailbox-access.ts'
import { mailboxAccessGranted } from './classifiers/mailbox-grant.ts'
import { permissionsChanged } from './classifiers/permissions.ts'
import { anonymousLinkCreated } from './classifiers/sharing.ts'
import { riskySignIn } from './classifiers/sign-in.ts'
import { teamsAppInstalled } from './classifiers/teams-app.ts'
import { actorOf, targetUserOf } from './identities.ts'
import { canonicalJson, eventId, guid, sha256, TooDeepError, utcTime } from './ids.ts'
import { isObject } from './json-in-strings.ts'
import type { AuditRecord } from './record.ts'
import { parseRecord, succeeded } from './record.ts'
import { type TenantSnapshot, unknownSnapshot } from './snapshot.ts'
import type { TechniqueId } from './techniques.ts'
import { storable } from './text.ts'
import type { SecurityEventType, Severity, SubjectCandidate } from './types.ts'

/** An event as classification gives it; the store finds the subjects and adds where the record came from. */
export interface EventDraft {
  id: string
  type: SecurityEventType
  severity: Severity
  title: string
  description: string
  occurredAt: Date
  techniques: TechniqueId[]
  reasons: string[]
  actionKey: string | null
  rank: number
  subjects: SubjectCandidate[]
}

interface RecordKey {
  tenantId: string
  /** The organisation's own name for itself, e.g. `contoso.onmicrosoft.com`; null when the record does not tell. */
  tenantName: string | null
  /** Of the record, also when it is no event: its time, then a hash of tenant, record id and the whole record. */
  id: string
  /** As Microsoft wrote it; empty when the record has none. */
  recordId: string
}

export type Classified =
  | ({ outcome: 'EVENT'; event: EventDraft } & RecordKey)
  | ({ outcome: 'NO_EVENT' } & RecordKey)
  | { outcome: 'NO_TENANT' }
  | { outcome: 'UNREADABLE'; problem: string }

/** A record that belongs to a tenant, before anybody asked what it means. */
export interface ReadableRecord extends RecordKey {
  outcome: 'READABLE'
  record: AuditRecord
  occurredAt: Date
}

export interface ReadOptions {
  /** For records that do not name a tenant of their own. */
  tenantId?: string
}

export interface MeaningOptions {
  /** What is known of the record's tenant. */
  snapshot?: TenantSnapshot
  /** What our own application did is in the audit already and raises no event. The snapshot names it, too. */
  ownAppId?: string
}

export type ClassifyOptions = ReadOptions & MeaningOptions

/** The order decides: one record gives at most one event, of the first type that fits. */
const classifiers: readonly Classifier[] = [
  consent,
  permissionsChanged,
  teamsAppInstalled,
  externalForwarding,
  suspiciousInboxRule,
  mailboxAccessGranted,
  mailboxAccess,
  riskySignIn,
  roleAssigned,
  passwordReset,
  accountSwitched,
  secondFactorChanged,
  anonymousLinkCreated,
  microsoftAlert,
  userActivity,
]

/** What a record of the Management Activity API means. Pure; whatever the record holds, it answers and never throws. */
export function classify(record: unknown, options: ClassifyOptions = {}): Classified {
  const read = readRecord(record, options)
  return read.outcome === 'READABLE' ? meaningOf(read, options) : read
}

/** The first half: whose record it is. Pure and total as `classify`. */
export function readRecord(
  record: unknown,
  options: ReadOptions = {},
): ReadableRecord | Exclude<Classified, { tenantId: string }> {
  if (!isObject(record)) return { outcome: 'UNREADABLE', problem: 'The record is no JSON object.' }
  let recordHash: Buffer
  try {
    recordHash = sha256(canonicalJson(record))
  } catch (error) {
    if (error instanceof TooDeepError) return { outcome: 'UNREADABLE', problem: 'The record is nested too deeply.' }
    throw error
  }
  const parsed = parseRecord(record)
  if (parsed === null) return { outcome: 'UNREADABLE', problem: 'The record is no audit record.' }
  if (parsed.CreationTime === undefined) return { outcome: 'UNREADABLE', problem: 'CreationTime is missing.' }
  const occurredAt = utcTime(parsed.CreationTime)
  if (occurredAt === undefined) return { outcome: 'UNREADABLE', problem: 'CreationTime is no time.' }
  const tenantId = guid(parsed.OrganizationId) ?? guid(options.tenantId)
  if (tenantId === undefined) return { outcome: 'NO_TENANT' }
  const recordId = storable(parsed.Id?.trim() ?? '', 200)
  const tenantName = parsed.OrganizationName?.trim() || null
  const id = eventId(occurredAt, tenantId, recordId, recordHash)
  return { outcome: 'READABLE', record: parsed, occurredAt, tenantId, tenantName, id, recordId }
}

/** The second half: what it means in its tenant. Pure and total as `classify`. */
export function meaningOf(
  read: ReadableRecord,
  options: MeaningOptions = {},
): Extract<Classified, { tenantId: string }> {
  const { record, occurredAt, tenantId, tenantName, id, recordId } = read
  const key: RecordKey = { tenantId, tenantName, id, recordId }
  const event = eventOf(record, tenantId, options)
  if (event === null) return { outcome: 'NO_EVENT', ...key }
  return {
    outcome: 'EVENT',
    ...key,
    event: { id, occurredAt, ...event },
  }
}

function eventOf(record: AuditRecord, tenantId: string, options: MeaningOptions): Finding | null {
  const snapshot = options.snapshot ?? unknownSnapshot
  if (isOurs(record, options.ownAppId, snapshot)) return null
  const context: RecordContext = {
    record,
    tenantId,
    snapshot,
    actor: actorOf(record, tenantId),
    target: targetUserOf(record),
    happened: succeeded(record),
  }
  for (const classifier of classifiers) {
    const finding = classifier(context)
    if (finding !== null) return { ...finding, subjects: subjectsOf(finding, context) }
  }
  return null
}

/**
 * Done by our application: for itself, or with an administrator's token, as far as the record tells the app that acted.
 * What it was done to may be our application, too; that is somebody else's doing.
 */
function isOurs(record: AuditRecord, ownAppId: string | undefined, { ownIds }: TenantSnapshot): boolean {
  const own = new Set([...ownIds, ...(ownAppId === undefined ? [] : [ownAppId.trim().toLowerCase()])])
  if (own.size === 0) return false
  const { UserId, UserKey, AppId, ClientAppId, AppAccessContext, Actor } = record
  const actors = [UserId, UserKey, AppId, ClientAppId, AppAccessContext.ClientAppId, ...Actor.map(({ id }) => id)]
  return actors.some((id) => {
    const bare = id
      ?.trim()
      .toLowerCase()
      .replace(/^(serviceprincipal|application)_/, '')
    return bare !== undefined && own.has(bare)
  })
}

/** The actor, then what the event is about. Whoever is named twice stands once, as actor when they acted. */
function subjectsOf(finding: Finding, { actor, target }: RecordContext): SubjectCandidate[] {
  const subjects: SubjectCandidate[] = []
  for (const candidate of [actor, target, ...finding.subjects]) {
    if (candidate === null) continue
    const known = subjects.find(
      ({ type, aliases }) => type === candidate.type && aliases.some((alias) => candidate.aliases.includes(alias)),
    )
    if (known === undefined) subjects.push(candidate)
    else unite(known, candidate)
  }
  return subjects
}

/** What one mention tells and the other does not is kept; aliases of both then lead to one subject. */
function unite(known: SubjectCandidate, other: SubjectCandidate): void {
  known.aliases = [...new Set([...known.aliases, ...other.aliases])]
  Object.assign(known.attributes, { ...other.attributes, ...known.attributes })
}
