import type { ServiceContext } from '../context.ts'
import { type EventPageFilter, type EventWithTenant, eventById, eventPage } from '../services/events/read.ts'
import { InvalidInputError } from '../services/refusals.ts'
import { decodeId, readId } from './global-ids.ts'
import { connectionOf, guidKey, type PageArgs, readPage } from './pages.ts'

type Optional<T> = { [K in keyof T]?: T[K] | null | undefined }

export interface SecurityEventsArgs extends PageArgs {
  tenantIds?: readonly string[] | null | undefined
  filter?: Optional<EventPageFilter> | null | undefined
}

const list = 'events'

/** Ids that name no tenant visible to the viewer are left out, as if they were not there. */
export async function securityEvents(_: unknown, args: SecurityEventsArgs, ctx: ServiceContext) {
  const page = readPage(args, list, guidKey)
  const tenantIds = args.tenantIds ? readTenantIds(args.tenantIds) : null
  const { events, hasNextPage } = await eventPage(ctx, { tenantIds, filter: readFilter(args.filter ?? {}), ...page })
  return connectionOf(list, events, ({ id }) => id, { hasNextPage, after: page.after })
}

export async function securityEvent(
  _: unknown,
  args: { id: string },
  ctx: ServiceContext,
): Promise<EventWithTenant | null> {
  const id = readId('SecurityEvent', args.id, ['id'])
  return id && eventById(ctx, id.tenantId, id.id)
}

export const readTenantIds = (globalIds: readonly string[]): string[] =>
  globalIds.flatMap((globalId, index) => readId('Tenant', globalId, ['tenantIds', String(index)])?.id ?? [])

const guid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** `userId` is the object id, or the id of a subject is refused by its form. */
function readFilter(filter: Optional<EventPageFilter>): EventPageFilter {
  const { since, until, userId } = filter
  const issues = [
    ...(since && until && since >= until ? [{ path: ['filter', 'until'], message: 'until must be after since.' }] : []),
    ...(userId != null && !guid.test(userId)
      ? [
          {
            path: ['filter', 'userId'],
            message: `userId is the user's object id in Entra, a GUID${decodeId(userId) ? ', not an id of this API' : ''}.`,
          },
        ]
      : []),
  ]
  if (issues.length > 0) throw new InvalidInputError(issues.map(({ message }) => message).join(' '), issues)
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value != null))
}
