import type { Mailbox, Tenant } from '../../world.ts'
import { type Cmdlet, recipientAdministrators } from '../cmdlet.ts'
import { invalidArgument, wrongType } from '../errors.ts'
import { mailboxNamed } from './get-mailbox.ts'

export const setMailbox: Cmdlet = {
  name: 'Set-Mailbox',
  roles: recipientAdministrators,
  mutates: true,
  properties: {},
  run: ({ tenant, parameters }) => {
    const { Identity: identity, ...changes } = parameters
    const mailbox = mailboxNamed(tenant, String(identity))
    const wanted = wantedForwarding(tenant, mailbox, changes)
    const isSame = Object.entries(wanted).every(([name, value]) => Reflect.get(mailbox, name) === value)
    if (isSame) {
      const warning = `The command completed successfully but no settings of '${mailbox.alias}' have been modified.`
      return { value: [], warnings: [warning] }
    }
    Object.assign(mailbox, wanted)
    return { value: [], changed: mailbox.alias }
  },
}

type Forwarding = Pick<Mailbox, 'forwardingAddress' | 'forwardingSmtpAddress' | 'deliverToMailboxAndForward'>

/** Only what was given; null and an empty text clear an address. */
function wantedForwarding(tenant: Tenant, mailbox: Mailbox, given: Readonly<Record<string, unknown>>): Forwarding {
  const {
    ForwardingAddress: recipient,
    ForwardingSmtpAddress: address,
    DeliverToMailboxAndForward: keepsCopy = mailbox.deliverToMailboxAndForward,
  } = given
  if (typeof keepsCopy !== 'boolean') throw wrongType('DeliverToMailboxAndForward')
  return {
    forwardingAddress: recipient === undefined ? mailbox.forwardingAddress : recipientName(tenant, recipient),
    forwardingSmtpAddress: address === undefined ? mailbox.forwardingSmtpAddress : smtpAddress(address),
    deliverToMailboxAndForward: keepsCopy,
  }
}

/** A recipient of the tenant, shown by its name. */
function recipientName(tenant: Tenant, given: unknown): string | null {
  if (typeof given !== 'string' || given === '') return null
  const group = tenant.groups.find(({ id, displayName }) => id === given || displayName === given)
  if (group) return group.displayName
  return mailboxNamed(tenant, given).alias
}

function smtpAddress(given: unknown): string | null {
  if (typeof given !== 'string' || given === '') return null
  const address = given.replace(/^smtp:/i, '')
  if (!/^[^@\s]+@[^@\s]+$/.test(address)) throw invalidArgument('ForwardingSmtpAddress', given)
  return `smtp:${address}`
}
