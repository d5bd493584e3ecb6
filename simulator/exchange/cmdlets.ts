import type { Cmdlet } from './cmdlet.ts'
import { disableInboxRule, enableInboxRule, removeInboxRule } from './cmdlets/change-inbox-rule.ts'
import { disableTransportRule, removeTransportRule } from './cmdlets/change-transport-rule.ts'
import { getInboxRule } from './cmdlets/get-inbox-rule.ts'
import { getMailbox } from './cmdlets/get-mailbox.ts'
import { getMailboxFolderPermission } from './cmdlets/get-mailbox-folder-permission.ts'
import { getMailboxPermission } from './cmdlets/get-mailbox-permission.ts'
import { getOrganizationConfig } from './cmdlets/get-organization-config.ts'
import { getRecipientPermission } from './cmdlets/get-recipient-permission.ts'
import { getTransportRule } from './cmdlets/get-transport-rule.ts'
import { removeMailboxPermission } from './cmdlets/remove-mailbox-permission.ts'
import { setMailbox } from './cmdlets/set-mailbox.ts'

export const cmdlets: readonly Cmdlet[] = [
  getMailbox,
  setMailbox,
  getInboxRule,
  disableInboxRule,
  enableInboxRule,
  removeInboxRule,
  getTransportRule,
  disableTransportRule,
  removeTransportRule,
  getMailboxPermission,
  removeMailboxPermission,
  getRecipientPermission,
  getMailboxFolderPermission,
  getOrganizationConfig,
]
