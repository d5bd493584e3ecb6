/** The cmdlets that the endpoint knows and what each takes: the one place that says so. Anything else is refused. */

/** `text` takes a number, too; `texts` and `{ someOf }` also take one text. Values of lists are compared without case. */
export type ParameterType =
  | 'text'
  | 'texts'
  | 'boolean'
  | 'number'
  | { oneOf: readonly string[] }
  | { someOf: readonly string[] }

export interface CmdletShape {
  parameters: Readonly<Record<string, ParameterType>>
  /** Missing, null or empty they are refused; of the others null and nothing are the same. */
  required?: readonly string[]
}

/** Taken by every cmdlet. `ResultSize` has no effect in this endpoint, which pages. */
export const commonParameters: Readonly<Record<string, ParameterType>> = {
  Confirm: 'boolean',
  ErrorAction: 'text',
  WarningAction: 'text',
  Verbose: 'boolean',
  ResultSize: 'text',
}

const ruleChange: CmdletShape = {
  parameters: { Identity: 'text', Mailbox: 'text', Force: 'boolean', AlwaysDeleteOutlookRulesBlob: 'boolean' },
  required: ['Identity'],
}

const transportRuleChange: CmdletShape = { parameters: { Identity: 'text' }, required: ['Identity'] }

const mailboxRights = [
  'FullAccess',
  'SendAs',
  'ExternalAccount',
  'DeleteItem',
  'ReadPermission',
  'ChangePermission',
  'ChangeOwner',
]

export const cmdletTable = {
  'Get-Mailbox': { parameters: { Identity: 'text', RecipientTypeDetails: 'texts', Filter: 'text' } },
  'Set-Mailbox': {
    parameters: {
      Identity: 'text',
      ForwardingAddress: 'text',
      ForwardingSmtpAddress: 'text',
      DeliverToMailboxAndForward: 'boolean',
      Force: 'boolean',
    },
    required: ['Identity'],
  },
  'Get-InboxRule': {
    parameters: {
      Identity: 'text',
      Mailbox: 'text',
      IncludeHidden: 'boolean',
      BypassScopeCheck: 'boolean',
      DescriptionTimeZone: 'text',
      DescriptionTimeFormat: 'text',
      SkipCount: 'number',
    },
  },
  'Disable-InboxRule': ruleChange,
  'Enable-InboxRule': ruleChange,
  'Remove-InboxRule': ruleChange,
  'Get-TransportRule': {
    parameters: {
      Identity: 'text',
      State: { oneOf: ['Enabled', 'Disabled'] },
      Filter: 'text',
      ExcludeConditionActionDetails: 'boolean',
    },
  },
  'Disable-TransportRule': transportRuleChange,
  'Remove-TransportRule': transportRuleChange,
  'Get-MailboxPermission': {
    parameters: { Identity: 'text', User: 'text', Owner: 'boolean', IncludeUserWithDisplayName: 'boolean' },
  },
  'Remove-MailboxPermission': {
    parameters: {
      Identity: 'text',
      User: 'text',
      AccessRights: { someOf: mailboxRights },
      InheritanceType: { oneOf: ['None', 'All', 'Children', 'Descendents', 'SelfAndChildren'] },
      Deny: 'boolean',
    },
    required: ['Identity', 'User', 'AccessRights'],
  },
  'Get-RecipientPermission': {
    parameters: { Identity: 'text', Trustee: 'text', AccessRights: { someOf: ['SendAs'] } },
  },
  'Get-MailboxFolderPermission': { parameters: { Identity: 'text', User: 'text' }, required: ['Identity'] },
  'Get-OrganizationConfig': { parameters: {} },
} satisfies Record<string, CmdletShape>

export type CmdletName = keyof typeof cmdletTable

export const shapeOf = (name: CmdletName): CmdletShape => cmdletTable[name]
