/** What the worker found when it looked at the audit trails, as the database knows it: every gateway shows the same. */
import { Gauge, type Registry } from 'prom-client'
import type { AuditNumbers } from '../services/audit/numbers.ts'
import { oncePerAnswer } from './once-per-answer.ts'

export function registerAuditMetrics(registry: Registry, readAudit: () => Promise<AuditNumbers>): void {
  const shown = oncePerAnswer(readAudit)
  const faults: Gauge = new Gauge({
    name: 'tourniquet_audit_faults',
    help: 'Audit trails that were found changed, and not found sound since.',
    registers: [registry],
    collect: shown((numbers) => faults.set(numbers.faults)),
  })
  const since: Gauge = new Gauge({
    name: 'tourniquet_audit_verified_age_seconds',
    help: 'How long ago the audit trail was verified that waits longest for the next time.',
    registers: [registry],
    collect: shown(({ sinceVerifiedSeconds }) =>
      sinceVerifiedSeconds === null ? since.reset() : since.set(sinceVerifiedSeconds),
    ),
  })
}
