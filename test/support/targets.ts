/** One thing to act on for each remediation: tests that hold for all of them take it from here. */
import { type PersonDraft, person } from '../../simulator/builders.ts'
import { anInboxRule } from '../../simulator/inbox-rules.ts'
import type { Tenant } from '../../simulator/world.ts'
import type { SecurityEventType, SubjectCandidate } from '../../src/services/events/types.ts'
import type { RemediationGroup, RemediationKind } from '../../src/services/remediations/types.ts'

export interface Target {
  group: RemediationGroup
  people: readonly PersonDraft[]
  /** What the tenant has besides its people. */
  change?(tenant: Tenant): void
  type: SecurityEventType
  /** What the event is about; a person by name. */
  subject(tenant: Tenant): string | SubjectCandidate
  /** Who signs in for it; null: nobody has to. */
  signedIn: string | null
}

const onAda: Target = {
  group: 'BLOCK_USER',
  people: [
    person('Ada', { mailbox: { forwardingSmtpAddress: 'smtp:ada@example.net', inboxRules: [anInboxRule({}, 'Ada')] } }),
    person('Pia', { roles: ['Privileged Authentication Administrator'] }),
  ],
  type: 'USER_ACTIVITY',
  subject: () => 'Ada',
  signedIn: null,
}

const targets: Record<RemediationKind, Target> = {
  DISABLE_USER: onAda,
  REVOKE_SESSIONS: onAda,
  REMOVE_MAIL_FORWARDING: onAda,
  DISABLE_INBOX_RULES: onAda,
  RESET_PASSWORD: { ...onAda, signedIn: 'Pia' },
}

export function targetOf(kind: RemediationKind): Target {
  const target = targets[kind]
  if (!target) throw new Error(`test/support/targets.ts has no target for ${kind}`)
  return target
}
