import type { SubjectOf } from '../events/types.ts'
import type { FactReader, Reading } from './fact.ts'

/** An application of the tenant. */
export interface ApplicationFact {
  displayName: string
}

/** Keys are subject ids; null: the tenant has none any more. */
export async function loadApplications(
  _reader: FactReader,
  _subjects: readonly SubjectOf<'APPLICATION'>[],
): Promise<Map<string, Reading<ApplicationFact | null>>> {
  return new Map()
}
