/** Events as an operator may see them: `Events.Read` in the event's tenant, checked here and again by the database. */
import type { ServiceContext } from '../../context.ts'
import type { EventFilter } from '../../db/event-search.ts'
import {
  pageOfEvents,
  type StoredEvent,
  eventById as storedEventById,
  subjectById as storedSubjectById,
} from '../../db/events.ts'
import { NotAllowedError } from '../refusals.ts'
import type { Subject } from './types.ts'

/** An event with its tenant's name and status. */
export type EventWithTenant = StoredEvent
export type EventPageFilter = EventFilter

export interface EventPageArgs {
  /** Null: every tenant whose events the operator may read. Tenants the operator knows nothing of are left out. */
  tenantIds: readonly string[] | null
  filter?: EventPageFilter
  first: number
  /** The id of the last event of the page before. */
  after: string | undefined
}

/** Newest first. Throws `NotAllowedError` when a tenant is named in which the operator has roles, but not `Events.Read`. */
export async function eventPage(
  ctx: ServiceContext,
  { tenantIds, filter, first, after }: EventPageArgs,
): Promise<{ events: StoredEvent[]; hasNextPage: boolean }> {
  const visible = (tenantIds ?? ctx.access.tenantIds).filter((id) => ctx.access.tenantIds.includes(id))
  const readable = [...new Set(visible)].filter((id) => ctx.access.can(id, 'Events.Read'))
  if (tenantIds !== null && readable.length < new Set(visible).size) throw mayNotRead()
  if (readable.length === 0) return { events: [], hasNextPage: false }
  return ctx.db.reading(readable, (tx) => pageOfEvents(tx, { tenantIds: readable, filter, first, after }))
}

/** Null when there is no such event, or the operator knows nothing of its tenant. Throws `NotAllowedError` as `eventPage` does. */
export async function eventById(ctx: ServiceContext, tenantId: string, id: string): Promise<StoredEvent | null> {
  if (!mayRead(ctx, tenantId)) return null
  return ctx.db.reading([tenantId], (tx) => storedEventById(tx, tenantId, id))
}

/** Null and `NotAllowedError` as `eventById`. */
export async function subjectById(
  ctx: ServiceContext,
  tenantId: string,
  id: string,
): Promise<Omit<Subject, 'role'> | null> {
  if (!mayRead(ctx, tenantId)) return null
  return ctx.db.reading([tenantId], (tx) => storedSubjectById(tx, tenantId, id))
}

/** Whether the tenant's events may be read; false for a tenant that the operator knows nothing of. Throws `NotAllowedError`. */
function mayRead(ctx: ServiceContext, tenantId: string): boolean {
  if (!ctx.access.tenantIds.includes(tenantId)) return false
  if (!ctx.access.can(tenantId, 'Events.Read')) throw mayNotRead()
  return true
}

const mayNotRead = () =>
  new NotAllowedError('Your roles do not allow reading the events of this tenant: it needs Events.Read.')
