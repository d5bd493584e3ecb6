import type { ServiceContext } from '../context.ts'
import { eventById } from '../services/events/read.ts'
import { visibleTenant } from '../services/operators/tenants.ts'
import { auditEntryNode } from './audit.ts'
import { decodeId } from './global-ids.ts'
import { runNode } from './remediations.ts'
import { subjectNode } from './subjects.ts'

/** An object with the name of its type, by which `Node` is resolved. */
export type FoundNode = object & { __typename: string }

/** Null for what is not there, not visible, or no Node. */
export async function node(_: unknown, { id }: { id: string }, ctx: ServiceContext): Promise<FoundNode | null> {
  const decoded = decodeId(id)
  if (!decoded) return null
  const { type, tenantId, id: own } = decoded
  switch (type) {
    case 'Tenant':
      return named(type, await visibleTenant(ctx, tenantId))
    case 'SecurityEvent':
      return named(type, await eventById(ctx, tenantId, own))
    case 'Subject':
      return subjectNode(ctx, tenantId, own)
    case 'RemediationRun':
      return named(type, await runNode(ctx, tenantId, own))
    case 'AuditEntry':
      return named(type, await auditEntryNode(ctx, tenantId, own))
    case 'Operator':
    case 'ApiKey':
      return null
  }
}

const named = (__typename: string, value: object | null): FoundNode | null => value && { ...value, __typename }

/** In the order asked for. */
export async function nodes(
  _: unknown,
  { ids }: { ids: readonly string[] },
  ctx: ServiceContext,
): Promise<(FoundNode | null)[]> {
  return Promise.all(ids.map((id) => node(null, { id }, ctx)))
}
