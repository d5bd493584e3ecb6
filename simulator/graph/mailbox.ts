import type { Mailbox, User } from '../world.ts'
import { findUser } from './directory.ts'
import { GraphError } from './errors.ts'
import { type GraphRequest, isDelegated, param } from './route.ts'

export const accessDenied = (): GraphError =>
  new GraphError(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.')

/** The mailbox of `{id}`. Throws 404 without one, and 403 when a person asks for another one's. */
export function mailboxOfRequest(request: GraphRequest): { user: User; mailbox: Mailbox } {
  const { tenant, caller, state } = request
  const user = findUser(tenant, param(request, 'id'))
  if (isDelegated(caller) && caller.userId !== user.id) throw accessDenied()
  const mailbox = tenant.mailboxes.find(({ externalDirectoryObjectId }) => externalDirectoryObjectId === user.id)
  if (mailbox) return { user, mailbox }
  // Graph says it in two ways; here they take turns.
  state.absentMailboxes += 1
  throw state.absentMailboxes % 2 === 1
    ? new GraphError(
        404,
        'MailboxNotEnabledForRESTAPI',
        'The mailbox is either inactive, soft-deleted, or is hosted on-premise.',
      )
    : new GraphError(404, 'ResourceNotFound', 'Resource could not be discovered.')
}
