import type { Mailbox, Tenant } from '../../world.ts'
import { type Cmdlet, type CmdletCall, type ExchangeObject, readers } from '../cmdlet.ts'
import { objectAmbiguous, objectNotFound } from '../errors.ts'

export const getMailbox: Cmdlet = {
  name: 'Get-Mailbox',
  roles: readers,
  mutates: false,
  parameters: { Identity: 'text', RecipientTypeDetails: 'texts' },
  properties: {
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
  },
  run: ({ tenant, parameters }: CmdletCall) => {
    const { Identity: identity, RecipientTypeDetails: types } = parameters
    // Without an identity the whole tenant comes: a trap for careless callers.
    const isNamed = typeof identity === 'string' && identity !== ''
    const mailboxes = isNamed ? [mailboxNamed(tenant, identity)] : tenant.mailboxes
    const wanted = Array.isArray(types) ? types.map((type) => String(type).toLowerCase()) : null
    return {
      value: mailboxes
        .filter(({ recipientTypeDetails }) => wanted?.includes(recipientTypeDetails.toLowerCase()) ?? true)
        .map((mailbox) => mailboxObject(tenant, mailbox)),
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
    GrantSendOnBehalfTo: [],
    IsDirSynced: user?.onPremisesSyncEnabled === true,
    AccountDisabled: user?.accountEnabled === false,
    AuditEnabled: true,
    LitigationHoldEnabled: false,
    WhenCreated: mailbox.whenCreated,
  }
}
