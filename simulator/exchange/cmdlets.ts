import type { Cmdlet } from './cmdlet.ts'
import { getMailbox } from './cmdlets/get-mailbox.ts'
import { getOrganizationConfig } from './cmdlets/get-organization-config.ts'

export const cmdlets: readonly Cmdlet[] = [getMailbox, getOrganizationConfig]
