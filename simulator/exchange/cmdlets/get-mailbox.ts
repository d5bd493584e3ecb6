import type { Mailbox, Tenant } from '../../world.ts'
import { textOf } from '../arguments.ts'
import { type Cmdlet, type CmdletCall, type ExchangeObject, type PropertyType, readers } from '../cmdlet.ts'
import { objectAmbiguous, objectNotFound } from '../errors.ts'
import { filterOf } from '../filter.ts'

const properties: Readonly<Record<string, PropertyType>> = {
  Identity: 'String',
  Id: 'String',
  Name: 'String',
  Alias: 'String',
  DisplayName: 'String',
  UserPrincipalName: 'String',
  PrimarySmtpAddress: 'String',
  EmailAddresses: 'Collection(String)',
  ExternalDirectoryObjectId: 'String',
  ExchangeGuid: 'Guid',
  Guid: 'Guid',
  RecipientTypeDetails: 'String',
  ForwardingAddress: 'String',
  ForwardingSmtpAddress: 'String',
  DeliverToMailboxAndForward: 'Boolean',
  GrantSendOnBehalfTo: 'Collection(String)',
  IsDirSynced: 'Boolean',
  AccountDisabled: 'Boolean',
  AuditEnabled: 'Boolean',
  LitigationHoldEnabled: 'Boolean',
  WhenCreated: 'DateTime',
}

export const getMailbox: Cmdlet = {
  name: 'Get-Mailbox',
  roles: readers,
  mutates: false,
  properties,
  run: ({ tenant, parameters }: CmdletCall) => {
    const { RecipientTypeDetails: types } = parameters
    const identity = textOf(parameters.Identity)
    const filter = textOf(parameters.Filter)
    // Without an identity the whole tenant comes: a trap for careless callers.
    const mailboxes = identity === null ? tenant.mailboxes : [mailboxNamed(tenant, identity)]
    const wanted = Array.isArray(types) ? types.map((type) => String(type).toLowerCase()) : null
    return {
      value: mailboxes
        .filter(({ recipientTypeDetails }) => wanted?.includes(recipientTypeDetails.toLowerCase()) ?? true)
        .map((mailbox) => mailboxObject(tenant, mailbox))
        .filter(filter === null ? () => true : filterOf(filter, Object.keys(properties))),
    }
  },
}

/** By any of the names that Exchange accepts. Throws `ExchangeError` when there is none, or more than one. */
export function mailboxNamed(tenant: Tenant, identity: string): Mailbox {
  const wanted = identity.toLowerCase()
  const unique = tenant.mailboxes.find((mailbox) =>
    [
      mailbox.externalDirectoryObjectId,
      mailbox.exchangeGuid,
      userOf(tenant, mailbox)?.userPrincipalName ?? '',
      ...mailbox.emailAddresses.map((address) => address.replace(/^smtp:/i, '')),
      mailbox.primarySmtpAddress,
    ].some((name) => name.toLowerCase() === wanted),
  )
  if (unique) return unique
  const [first, second] = tenant.mailboxes.filter(
    (mailbox) =>
      mailbox.alias.toLowerCase() === wanted || userOf(tenant, mailbox)?.displayName.toLowerCase() === wanted,
  )
  if (second) throw objectAmbiguous(identity)
  if (!first) throw objectNotFound(identity)
  return first
}

const userOf = (tenant: Tenant, mailbox: Mailbox) =>
  tenant.users.find(({ id }) => id === mailbox.externalDirectoryObjectId)

function mailboxObject(tenant: Tenant, mailbox: Mailbox): ExchangeObject {
  const user = userOf(tenant, mailbox)
  return {
    Identity: mailbox.alias,
    Id: mailbox.alias,
    Name: mailbox.alias,
    Alias: mailbox.alias,
    DisplayName: user?.displayName ?? mailbox.alias,
    UserPrincipalName: user?.userPrincipalName ?? mailbox.primarySmtpAddress,
    PrimarySmtpAddress: mailbox.primarySmtpAddress,
    EmailAddresses: mailbox.emailAddresses,
    ExternalDirectoryObjectId: mailbox.externalDirectoryObjectId,
    ExchangeGuid: mailbox.exchangeGuid,
    Guid: mailbox.exchangeGuid,
    RecipientTypeDetails: mailbox.recipientTypeDetails,
    ForwardingAddress: mailbox.forwardingAddress,
    ForwardingSmtpAddress: mailbox.forwardingSmtpAddress,
    DeliverToMailboxAndForward: mailbox.deliverToMailboxAndForward,
    GrantSendOnBehalfTo: mailbox.grantSendOnBehalfTo ?? [],
    IsDirSynced: user?.onPremisesSyncEnabled === true,
    AccountDisabled: user?.accountEnabled === false,
    AuditEnabled: true,
    LitigationHoldEnabled: false,
    WhenCreated: mailbox.whenCreated,
  }
}
