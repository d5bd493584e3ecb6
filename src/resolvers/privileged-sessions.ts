import type { ServiceContext } from '../context.ts'
import { openSessionOnBehalfOf } from '../services/authority/on-behalf-of.ts'
import {
  activeSession,
  activeSessions,
  confirmPrivilegedSignIn as confirm,
  endPrivilegedSession as end,
  type PrivilegedSession,
} from '../services/authority/privileged-session.ts'
import { type KnownTenant, visibleTenants } from '../services/operators/tenants.ts'
import { NotFoundError } from '../services/refusals.ts'
import { readId } from './global-ids.ts'

/** No Node: a session is found through its holder. */
export const sessionGlobalId = ({ tenantId, id }: PrivilegedSession): string =>
  Buffer.from(`PrivilegedSession:${tenantId}/${id}`).toString('base64url')

export const ofViewer = (_: unknown, __: unknown, ctx: ServiceContext): Promise<PrivilegedSession[]> =>
  activeSessions(ctx)

export const ofTenant = ({ id }: KnownTenant, _: unknown, ctx: ServiceContext): Promise<PrivilegedSession | null> =>
  activeSession(ctx, id)

export async function tenantOfSession(
  { tenantId }: PrivilegedSession,
  _: unknown,
  ctx: ServiceContext,
): Promise<KnownTenant> {
  const tenant = (await visibleTenants(ctx)).find(({ id }) => id === tenantId)
  if (!tenant) throw new NotFoundError('There is no such tenant, or you have no access to it.')
  return tenant
}

export interface ConfirmPrivilegedSignInInput {
  tenantId: string
  code: string
}

export const confirmPrivilegedSignIn = (
  _: unknown,
  { input }: { input: ConfirmPrivilegedSignInInput },
  ctx: ServiceContext,
): Promise<PrivilegedSession> => confirm(ctx, { tenantId: tenantIdOf(input.tenantId), code: input.code })

export interface OpenPrivilegedSessionInput {
  tenantId: string
  accessToken: string
}

export const openPrivilegedSession = (
  _: unknown,
  { input }: { input: OpenPrivilegedSessionInput },
  ctx: ServiceContext,
): Promise<PrivilegedSession> =>
  openSessionOnBehalfOf(ctx, { tenantId: tenantIdOf(input.tenantId), accessToken: input.accessToken })

export const endPrivilegedSession = (
  _: unknown,
  { input }: { input: { tenantId: string } },
  ctx: ServiceContext,
): Promise<PrivilegedSession> => end(ctx, tenantIdOf(input.tenantId))

function tenantIdOf(globalId: string): string {
  const id = readId('Tenant', globalId, ['input', 'tenantId'])
  if (!id) throw new NotFoundError('There is no such tenant, or you have no access to it.')
  return id.id
}
