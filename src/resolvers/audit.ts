import type { ServiceContext } from '../context.ts'
import { type AuditEntry, type AuditEntryFilter, auditEntry, auditPage } from '../services/audit/read.ts'
import { InvalidInputError } from '../services/refusals.ts'
import { type GlobalIdType, readId } from './global-ids.ts'
import { connectionOf, numberKey, type PageArgs, readPage } from './pages.ts'

export interface AuditEntriesArgs extends PageArgs {
  tenantId: string
  filter?: { [K in keyof AuditEntryFilter]?: AuditEntryFilter[K] | null } | null | undefined
}

export async function auditEntries(_: unknown, args: AuditEntriesArgs, ctx: ServiceContext) {
  const page = readPage(args, 'audit', numberKey)
  const tenant = readId('Tenant', args.tenantId, ['tenantId'])
  if (!tenant) return null
  const found = await auditPage(ctx, tenant.id, { ...page, filter: readFilter(args.filter ?? {}) })
  return (
    found &&
    connectionOf('audit', found.entries, ({ seq }) => String(seq), {
      hasNextPage: found.hasNextPage,
      after: page.after,
    })
  )
}

export const auditEntryNode = (ctx: ServiceContext, tenantId: string, seq: string): Promise<AuditEntry | null> =>
  auditEntry(ctx, tenantId, Number(seq))

const namesMax = 50
const nobody = '00000000-0000-0000-0000-000000000000'

function readFilter(filter: NonNullable<AuditEntriesArgs['filter']>): AuditEntryFilter {
  const { names, kind, since, until } = filter
  if (names && names.length > namesMax) {
    const message = `At most ${namesMax} names.`
    throw new InvalidInputError(message, [{ path: ['filter', 'names'], message }])
  }
  if (since && until && since >= until) {
    const message = 'until must be after since.'
    throw new InvalidInputError(message, [{ path: ['filter', 'until'], message }])
  }
  // An id that names nothing matches no entry.
  const own = (type: GlobalIdType, field: 'eventId' | 'runId' | 'operatorId' | 'subjectId') => {
    const id = filter[field]
    return id == null ? undefined : (readId(type, id, ['filter', field])?.id ?? nobody)
  }
  return {
    names: names ? [...new Set(names)] : undefined,
    since: since ?? undefined,
    until: until ?? undefined,
    eventId: own('SecurityEvent', 'eventId'),
    runId: own('RemediationRun', 'runId'),
    operatorId: own('Operator', 'operatorId'),
    subjectId: own('Subject', 'subjectId'),
    kind: kind ?? undefined,
  }
}
