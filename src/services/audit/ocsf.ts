/**
 * Audit entries as events of the Open Cybersecurity Schema Framework 1.6.0 (https://schema.ocsf.io/1.6.0). Only attributes that
 * it defines; whatever it has no place for is in `unmapped`, under our own names.
 */
import type { AuditEntryRow } from '../../db/audit.ts'
import { sentenceOf } from './sentences.ts'
import type { SignedHead } from './signed-heads.ts'

const version = '1.6.0'
const product = { name: 'Tourniquet', vendor_name: 'Tourniquet' }
/** The activities of the class are tactics of D3FEND, which no entry of the catalogue names. */
const otherActivity = 99
const informational = 1

/** Remediation Activity; the Base Event is for what belongs to no class. */
const remediationActivity = {
  category_uid: 7,
  category_name: 'Remediation',
  class_uid: 7001,
  class_name: 'Remediation Activity',
}
const baseEvent = { category_uid: 0, category_name: 'Uncategorized', class_uid: 0, class_name: 'Base Event' }

const classified = (eventClass: typeof remediationActivity, activityName: string) => ({
  ...eventClass,
  activity_id: otherActivity,
  activity_name: activityName,
  type_uid: eventClass.class_uid * 100 + otherActivity,
  severity_id: informational,
})

export function ocsfEventOf(entry: AuditEntryRow) {
  const { tenantId, seq, at, name, operator, eventId, runId, kind, subjectId, details, previousHash, hash } = entry
  const uid = `${tenantId}/${seq}`
  const isRemediation = name.startsWith('remediation.')
  return {
    ...classified(isRemediation ? remediationActivity : baseEvent, kind ?? name),
    time: at.getTime(),
    message: sentenceOf(entry),
    metadata: {
      version,
      product,
      uid,
      sequence: seq,
      event_code: name,
      tenant_uid: tenantId,
      ...(runId !== null && { correlation_uid: runId }),
      // The profile that brings `actor`.
      ...(operator && { profiles: ['host'] }),
    },
    ...(operator && { actor: { user: { uid: operator.id, name: operator.displayName } } }),
    ...(isRemediation && { command_uid: runId ?? uid, ...statusOf(entry) }),
    unmapped: {
      event_id: eventId,
      run_id: runId,
      kind,
      subject_id: subjectId,
      operator_kind: operator?.kind ?? null,
      details,
      previous_hash: previousHash.toString('hex'),
      hash: hash.toString('hex'),
    },
  }
}

/** The signed head of an export, which `audit verify --head` finds there. */
export const ocsfEventOfHead = (head: SignedHead) => ({
  ...classified(baseEvent, 'audit.head_signed'),
  time: Date.parse(head.signedAt),
  message: `Signed head of the audit trail: entry ${head.seq}.`,
  metadata: { version, product, event_code: 'audit.head_signed', tenant_uid: head.tenantId },
  unmapped: { head },
})

/** Unknown, Success, Failure; all else is Other, with our own word in `status`. */
const statusIds: Record<string, number> = { UNKNOWN: 0, CONFIRMED: 1, FAILED: 2 }

function statusOf({ name, details: { state, code, sentence, message } }: AuditEntryRow) {
  const status = typeof state === 'string' ? state : name.replace('remediation.', '').toUpperCase()
  const detail = sentence ?? message
  return {
    status_id: statusIds[status] ?? 99,
    status,
    ...(typeof code === 'string' && { status_code: code }),
    ...(typeof detail === 'string' && { status_detail: detail }),
  }
}
