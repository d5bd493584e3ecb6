import type { SubjectOf } from '../events/types.ts'
import type { FactReader, Reading } from './fact.ts'

/** An installation of a Teams app. */
export interface TeamsAppFact {
  installationId: string
}

/** Keys are subject ids; null: the tenant has none any more. */
export async function loadTeamsApps(
  _reader: FactReader,
  _subjects: readonly SubjectOf<'TEAMS_APP'>[],
): Promise<Map<string, Reading<TeamsAppFact | null>>> {
  return new Map()
}
