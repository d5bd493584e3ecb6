import type { SubjectOf } from '../events/types.ts'
import type { FactReader, Reading } from './fact.ts'

/** Who may open a mailbox. */
export interface MailboxAccessFact {
  grantee: string
}

/** Keys are subject ids; null: the tenant has none any more. */
export async function loadMailboxAccess(
  _reader: FactReader,
  _subjects: readonly SubjectOf<'MAILBOX_ACCESS'>[],
): Promise<Map<string, Reading<MailboxAccessFact | null>>> {
  return new Map()
}
