/** Full access that is taken off a mailbox (reference, section 4.6). */
import { UpstreamError } from '../../clients/errors.ts'
import type { ExchangeClient } from '../../clients/types.ts'
import { isGrantedThere, type MailboxAccessFact, readGrantedThere } from '../facts/mailbox-access.ts'

/** Answers with the request id of the last call. Throws `UpstreamError`. */
export async function removeFullAccess(exchange: ExchangeClient, access: MailboxAccessFact): Promise<string | null> {
  let requestId: string | null = null
  for (const inheritanceType of inheritanceTypes(access))
    requestId = await removeEntry(exchange, access, inheritanceType)
  return requestId
}

/** Entries of one grantee differ by it, and a removal takes only those of the one that it names. */
const inheritanceTypes = ({ rows }: MailboxAccessFact): Set<string> =>
  new Set(rows.filter(isGrantedThere).map(({ InheritanceType }) => InheritanceType ?? 'All'))

async function removeEntry(
  exchange: ExchangeClient,
  { mailbox, grantee }: MailboxAccessFact,
  inheritanceType: string,
): Promise<string | null> {
  const parameters = {
    Identity: mailbox.exchangeGuid,
    User: grantee,
    AccessRights: ['FullAccess'],
    InheritanceType: inheritanceType,
    Confirm: false,
  }
  const options = { repeatable: true, ...(mailbox.userPrincipalName && { anchor: mailbox.userPrincipalName }) }
  try {
    return (await exchange.invoke('Remove-MailboxPermission', parameters, options)).requestId
  } catch (error) {
    // An entry that is not there is a warning, or a refusal that cannot be told from others: the mailbox tells.
    const mayBeGone = error instanceof UpstreamError && ['BAD_REQUEST', 'NOT_FOUND'].includes(error.kind)
    if (mayBeGone && (await isGone(exchange, mailbox.exchangeGuid, grantee))) return error.requestId
    throw error
  }
}

async function isGone(exchange: ExchangeClient, exchangeGuid: string, grantee: string): Promise<boolean> {
  try {
    return (await readGrantedThere(exchange, exchangeGuid, grantee)).length === 0
  } catch (error) {
    if (error instanceof UpstreamError) return false
    throw error
  }
}
