import type { ServiceContext } from '../context.ts'
import {
  type ConnectTenantRequest,
  connectTenant as connect,
  type TenantConsentLink,
} from '../services/authority/connect-tenant.ts'

export const connectTenant = (
  _: unknown,
  { input }: { input: ConnectTenantRequest },
  ctx: ServiceContext,
): Promise<TenantConsentLink> => connect(ctx, input)
