import type { ServiceContext } from '../../context.ts'
import { usersUnderSteps } from '../../db/disabled-users.ts'
import { catalogue } from './catalogue/index.ts'

/** Graph may show the old state "for some seconds up to minutes" after a write. */
const readsLagMs = 5 * 60_000
/** A step of unknown outcome is found out by then. */
const settledWithinMs = 15 * 60_000

/** B13: read after the lease is held, so that what runs before this one did counts even where Graph does not show it yet. */
export function usersDisabledByRuns(ctx: ServiceContext, tenantId: string): Promise<Set<string>> {
  const kinds = catalogue.filter(({ disablesAccount }) => disablesAccount).map(({ kind }) => kind)
  const now = ctx.now().getTime()
  return ctx.db.withTenants([tenantId], (tx) =>
    usersUnderSteps(tx, tenantId, kinds, {
      requestedSince: new Date(now - settledWithinMs),
      confirmedSince: new Date(now - readsLagMs),
    }),
  )
}
