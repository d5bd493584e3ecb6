import type { CatalogueEntry } from '../contract.ts'
import type { RemediationKind } from '../types.ts'
import { disableInboxRules } from './disable-inbox-rules.ts'
import { disableUser } from './disable-user.ts'
import { removeApp } from './remove-app.ts'
import { removeInboxRule } from './remove-inbox-rule.ts'
import { removeMailForwarding } from './remove-mail-forwarding.ts'
import { removeMailboxAccess } from './remove-mailbox-access.ts'
import { removeMailboxForwarding } from './remove-mailbox-forwarding.ts'
import { removeTeamsApp } from './remove-teams-app.ts'
import { removeTransportRule } from './remove-transport-rule.ts'
import { resetPassword } from './reset-password.ts'
import { revokeSessions } from './revoke-sessions.ts'

/** All remediations; their place is the order of application (B6). */
export const catalogue: readonly CatalogueEntry[] = [
  disableUser,
  revokeSessions,
  removeMailForwarding,
  disableInboxRules,
  resetPassword,
  removeApp,
  removeTeamsApp,
  removeInboxRule,
  removeMailboxForwarding,
  removeTransportRule,
  removeMailboxAccess,
]

export const entryOf = (kind: RemediationKind): CatalogueEntry | undefined =>
  catalogue.find((entry) => entry.kind === kind)
