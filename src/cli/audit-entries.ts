import type { AuditDraft } from '../db/audit.ts'

/** An audit entry of something that was done at the command line: no operator of the product, but the system's user. */
export const byCommand = (tenantId: string, name: string, systemUser: string, details: object): AuditDraft => ({
  tenantId,
  name,
  at: new Date(),
  operator: null,
  details: { ...details, by: { command: true, systemUser } },
})
