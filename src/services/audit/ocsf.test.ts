import { describe, expect, test } from 'vitest'
import type { AuditEntryRow } from '../../db/audit.ts'
import { ocsfEventOf, ocsfEventOfHead } from './ocsf.ts'

const at = new Date('2026-03-04T05:06:07.089Z')
const entry = (more: Partial<AuditEntryRow> = {}): AuditEntryRow => ({
  tenantId: '5f1c7a52-0000-4000-8000-00000000c001',
  seq: 7,
  at,
  name: 'remediation.confirmed',
  operator: { id: '01900000-0000-7000-8000-000000000001', kind: 'PERSON', displayName: 'Ada' },
  eventId: '01900000-0000-7000-8000-0000000000e1',
  runId: '01900000-0000-7000-8000-0000000000a1',
  kind: 'DISABLE_USER',
  subjectId: '01900000-0000-7000-8000-0000000000b1',
  details: {
    sentence: 'Blocked the sign-in of Bo',
    code: null,
    upstreamRequestId: 'c0ffee',
    credential: 'APPLICATION',
    evidence: { accountEnabled: true },
  },
  previousHash: Buffer.alloc(32, 1),
  hash: Buffer.alloc(32, 2),
  ...more,
})

test('a remediation is an event of the class Remediation Activity, with who, for whom, why, what and the result', () => {
  expect(ocsfEventOf(entry())).toEqual({
    category_uid: 7,
    category_name: 'Remediation',
    class_uid: 7001,
    class_name: 'Remediation Activity',
    activity_id: 99,
    activity_name: 'DISABLE_USER',
    type_uid: 700199,
    severity_id: 1,
    time: at.getTime(),
    message: 'Blocked the sign-in of Bo',
    metadata: {
      version: '1.6.0',
      product: { name: 'Tourniquet', vendor_name: 'Tourniquet' },
      uid: '5f1c7a52-0000-4000-8000-00000000c001/7',
      sequence: 7,
      event_code: 'remediation.confirmed',
      tenant_uid: '5f1c7a52-0000-4000-8000-00000000c001',
      correlation_uid: '01900000-0000-7000-8000-0000000000a1',
      profiles: ['host'],
    },
    actor: { user: { uid: '01900000-0000-7000-8000-000000000001', name: 'Ada' } },
    command_uid: '01900000-0000-7000-8000-0000000000a1',
    status_id: 1,
    status: 'CONFIRMED',
    status_detail: 'Blocked the sign-in of Bo',
    unmapped: {
      event_id: '01900000-0000-7000-8000-0000000000e1',
      run_id: '01900000-0000-7000-8000-0000000000a1',
      kind: 'DISABLE_USER',
      subject_id: '01900000-0000-7000-8000-0000000000b1',
      operator_kind: 'PERSON',
      details: entry().details,
      previous_hash: '01'.repeat(32),
      hash: '02'.repeat(32),
    },
  })
})

describe('the status', () => {
  test.each([
    ['remediation.failed', { code: 'THROTTLED', sentence: 'Slow' }, { status_id: 2, status_code: 'THROTTLED' }],
    ['remediation.unknown', {}, { status_id: 0, status: 'UNKNOWN' }],
    ['remediation.settled', { state: 'CONFIRMED' }, { status_id: 1, status: 'CONFIRMED' }],
    ['remediation.settled', { state: 'FAILED' }, { status_id: 2 }],
    ['remediation.started', {}, { status_id: 99, status: 'STARTED' }],
    ['remediation.accepted', {}, { status_id: 99, status: 'ACCEPTED' }],
    ['remediation.refused', { message: 'No', code: 'X' }, { status_id: 99, status: 'REFUSED', status_detail: 'No' }],
  ])('of %s %j is %j', (name, details, expected) => {
    expect(ocsfEventOf(entry({ name, details }))).toMatchObject(expected)
  })
})

test('what is no remediation is a Base Event, without what belongs to the other class', () => {
  const granted = { name: 'access.granted', kind: null, runId: null, operator: null, details: {} }
  const event = ocsfEventOf(entry(granted))
  expect(event).toMatchObject({ class_uid: 0, category_uid: 0, type_uid: 99, activity_name: 'access.granted' })
  for (const key of ['command_uid', 'status_id', 'actor']) expect(event).not.toHaveProperty(key)
  expect(event.metadata).not.toHaveProperty('correlation_uid')
  expect(event.metadata).not.toHaveProperty('profiles')
})

test('a refusal before there was a run is a command of its own', () => {
  const refused = entry({ name: 'remediation.refused', runId: null })
  expect(ocsfEventOf(refused)).toMatchObject({ command_uid: `${refused.tenantId}/7` })
})

test('the signed head is a Base Event that holds it whole', () => {
  const head = {
    tenantId: entry().tenantId,
    number: 1,
    seq: 7,
    hash: '02'.repeat(32),
    signedAt: at.toISOString(),
    keyId: '0'.repeat(16),
    signature: '03'.repeat(32),
  }
  expect(ocsfEventOfHead(head)).toMatchObject({ class_uid: 0, time: at.getTime(), unmapped: { head } })
})
