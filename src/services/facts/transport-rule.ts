import type { SubjectOf } from '../events/types.ts'
import type { FactReader, Reading } from './fact.ts'

/** The transport rule that an event is about. */
export interface FoundTransportRule {
  guid: string
}

/** Keys are subject ids; null: the tenant has none any more. */
export async function loadTransportRules(
  _reader: FactReader,
  _subjects: readonly SubjectOf<'TRANSPORT_RULE'>[],
): Promise<Map<string, Reading<FoundTransportRule | null>>> {
  return new Map()
}
