/** The forwarding that is set on a mailbox, by either of its two mechanisms (reference, section 4.6). */
import type { ExchangeClient } from '../../clients/types.ts'
import { type MailboxFact, readMailbox } from '../facts/mailbox.ts'
import { available, greyedOut, type Verdict } from './contract.ts'

export const assessForwarding = ({ forwardingAddress, forwardingSmtpAddress }: MailboxFact): Verdict =>
  forwardingAddress === null && forwardingSmtpAddress === null
    ? greyedOut('NO_FORWARDING')
    : available(['CANNOT_BE_UNDONE'])

/** By the names of the cmdlet that sets it again. */
export const forwardingOf = ({
  forwardingAddress,
  forwardingSmtpAddress,
  deliverToMailboxAndForward,
}: MailboxFact) => ({
  ForwardingAddress: forwardingAddress,
  ForwardingSmtpAddress: forwardingSmtpAddress,
  DeliverToMailboxAndForward: deliverToMailboxAndForward,
})

/** Answers with the request id. Throws `UpstreamError`. */
export async function clearForwarding(
  exchange: ExchangeClient,
  identity: string,
  { userPrincipalName }: { userPrincipalName: string | null },
): Promise<string | null> {
  const { requestId } = await exchange.invoke(
    'Set-Mailbox',
    { Identity: identity, ForwardingAddress: null, ForwardingSmtpAddress: null, DeliverToMailboxAndForward: false },
    { repeatable: true, ...(userPrincipalName && { anchor: userPrincipalName }) },
  )
  return requestId
}

/** Whether the mailbox forwards no more, read now. Throws `UpstreamError`. */
export async function forwardsNoMore(exchange: ExchangeClient, identity: string): Promise<boolean> {
  const mailbox = await readMailbox(exchange, identity, { fresh: true })
  return mailbox === null || (mailbox.forwardingAddress === null && mailbox.forwardingSmtpAddress === null)
}

export const forwardingTargets = ({ forwardingAddress, forwardingSmtpAddress }: MailboxFact): string =>
  [forwardingSmtpAddress, forwardingAddress].filter((target) => target !== null).join(' and ')
