import type { SubjectOf } from '../events/types.ts'
import type { FactReader, Reading } from './fact.ts'

/** The inbox rule that an event is about. */
export interface FoundInboxRule {
  identity: string
}

/** Keys are subject ids; null: the tenant has none any more. */
export async function loadFoundInboxRules(
  _reader: FactReader,
  _subjects: readonly SubjectOf<'INBOX_RULE'>[],
): Promise<Map<string, Reading<FoundInboxRule | null>>> {
  return new Map()
}
