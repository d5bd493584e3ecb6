import type { Cmdlet } from './cmdlet.ts'
import { disableInboxRule, enableInboxRule, removeInboxRule } from './cmdlets/change-inbox-rule.ts'
import { getInboxRule } from './cmdlets/get-inbox-rule.ts'
import { getMailbox } from './cmdlets/get-mailbox.ts'
import { getOrganizationConfig } from './cmdlets/get-organization-config.ts'
import { setMailbox } from './cmdlets/set-mailbox.ts'

export const cmdlets: readonly Cmdlet[] = [
  getMailbox,
  setMailbox,
  getInboxRule,
  disableInboxRule,
  enableInboxRule,
  removeInboxRule,
  getOrganizationConfig,
]
