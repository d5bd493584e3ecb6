import type { ServiceContext } from '../../context.ts'
import { pageOfRuns, runById as storedRunById } from '../../db/runs.ts'
import { NotFoundError } from '../refusals.ts'
import type { RemediationRun } from './types.ts'

/** Runs of an event that the operator can see, newest first; `after` is a run's id. Throws `NotFoundError`. */
export async function runsOfEvent(
  ctx: ServiceContext,
  tenantId: string,
  eventId: string,
  page: { first: number; after?: string | undefined },
): Promise<{ runs: RemediationRun[]; hasNextPage: boolean }> {
  if (!ctx.access.can(tenantId, 'Events.Read'))
    throw new NotFoundError('There is no such event, or you have no access to it.')
  return ctx.db.withTenants([tenantId], (tx) => pageOfRuns(tx, tenantId, eventId, page))
}

/** Reads a run that the operator may see. Throws `NotFoundError`. */
export async function runById(ctx: ServiceContext, tenantId: string, id: string): Promise<RemediationRun> {
  const run = ctx.access.can(tenantId, 'Events.Read')
    ? await ctx.db.withTenants([tenantId], (tx) => storedRunById(tx, tenantId, id))
    : null
  if (!run) throw new NotFoundError('There is no such run, or you have no access to it.')
  return run
}
