import type { EventDraft, RecordDraft } from '../../src/db/records.ts'
import { eventId, sha256 } from '../../src/services/events/ids.ts'

/** A record as the classification gives it, with an event unless that is null. The same content is the same record. */
export function aRecord(
  recordId: string,
  event: Partial<EventDraft> | null = {},
  { content = recordId, at = event?.occurredAt ?? new Date('2024-05-01T10:00:00Z') } = {},
): RecordDraft {
  const id = eventId(at, 'any tenant', recordId, sha256(content))
  return {
    id,
    recordId,
    event: event && {
      id,
      type: 'USER_ACTIVITY',
      severity: 'LOW',
      title: 'Something happened',
      description: 'Somebody did something.',
      occurredAt: at,
      techniques: ['T1098'],
      reasons: [],
      source: 'IMPORT',
      actionKey: null,
      rank: 5,
      subjects: [],
      ...event,
    },
  }
}
