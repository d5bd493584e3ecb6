/** Exchange's part of the world besides mailboxes: transport rules, and access of others to mailboxes. */

/** A transport rule, complete, by Exchange's names. Names need not be unique, and can be empty. */
export interface TransportRule extends TransportRuleDetails {
  Guid: string
  Name: string
  State: 'Enabled' | 'Disabled'
  Mode: 'Enforce' | 'Audit' | 'AuditAndNotify'
  Priority: number
  Comments: string | null
  CreatedBy: string
  LastModifiedBy: string
  WhenChanged: string
  RuleErrorAction: 'Ignore' | 'Defer'
  SenderAddressLocation: 'Header' | 'Envelope' | 'HeaderOrEnvelope'
  StopRuleProcessing: boolean
}

/** Conditions and actions; what a rule does not use is left out. */
export interface TransportRuleDetails {
  From?: string[]
  SentTo?: string[]
  FromScope?: 'InOrganization' | 'NotInOrganization'
  SentToScope?: 'InOrganization' | 'NotInOrganization' | 'ExternalPartner' | 'ExternalNonPartner'
  SubjectOrBodyContainsWords?: string[]
  BlindCopyTo?: string[]
  RedirectMessageTo?: string[]
  CopyTo?: string[]
  AddToRecipients?: string[]
  DeleteMessage?: boolean
}

/** The part of a permission that says whose mailbox it is about: the Entra user's object id. */
interface OfMailbox {
  MailboxExternalDirectoryObjectId: string
}

/** An access control entry of a mailbox, by Exchange's names. */
export interface MailboxPermission extends OfMailbox {
  /** Alias of the mailbox. */
  Identity: string
  /** A user principal name, the name of a group, the SID of a deleted account, or `NT AUTHORITY\…`. */
  User: string
  AccessRights: MailboxRight[]
  IsInherited: boolean
  Deny: boolean
  InheritanceType: 'None' | 'All' | 'Children' | 'Descendents' | 'SelfAndChildren'
}

export type MailboxRight =
  | 'FullAccess'
  | 'ExternalAccount'
  | 'DeleteItem'
  | 'ReadPermission'
  | 'ChangePermission'
  | 'ChangeOwner'

export interface RecipientPermission extends OfMailbox {
  Identity: string
  /** As `User` of a mailbox permission. */
  Trustee: string
  AccessControlType: 'Allow' | 'Deny'
  AccessRights: 'SendAs'[]
  IsInherited: boolean
  InheritanceType: 'None' | 'All'
}

export interface MailboxFolderPermission extends OfMailbox {
  /** Mailbox and folder: `accounts:\Inbox\Reports`. */
  Identity: string
  /** A display name. */
  User: string
  /** Rights or roles: `Reviewer`, `Editor`, `ReadItems`, … */
  AccessRights: string[]
}
