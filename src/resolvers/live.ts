import type { ServiceContext } from '../context.ts'
import type { LiveEvent } from '../services/live/subscriber.ts'
import { InvalidInputError } from '../services/refusals.ts'
import { readTenantIds } from './events.ts'
import { encodeCursor, readCursor } from './pages.ts'

/** Another list than the pages': there the order is that of the events, here that of their arrival. */
const list = 'arrivals'
const guid = '[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}'
const key = new RegExp(`^${guid}/${guid}$`)

export interface SecurityEventAddedArgs {
  tenantIds?: readonly string[] | null | undefined
  after?: string | null | undefined
}

export function subscribeToSecurityEvents(
  _: unknown,
  args: SecurityEventAddedArgs,
  { live, operator, access }: ServiceContext,
): Promise<AsyncIterableIterator<LiveEvent>> {
  const tenantIds = args.tenantIds ? readTenantIds(args.tenantIds) : null
  const after = args.after == null ? null : readAfter(args.after)
  const { events, currentAccess } = live
  return events.subscribe({ operatorId: operator.id, access, currentAccess, tenantIds, after })
}

export const securityEventAdded = ({ event }: LiveEvent) => ({
  cursor: encodeCursor(list, `${event.tenantId}/${event.id}`),
  node: event,
})

function readAfter(cursor: string): { tenantId: string; eventId: string } {
  const [tenantId, eventId] = readCursor(cursor, list, key)?.split('/') ?? []
  if (tenantId !== undefined && eventId !== undefined) return { tenantId, eventId }
  const message = 'after must be a cursor that this subscription gave: those of securityEvents are of another order.'
  throw new InvalidInputError(message, [{ path: ['after'], message }])
}
