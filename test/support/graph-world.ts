import {
  anApplication,
  aTenant,
  aWorld,
  type PersonDraft,
  person,
  type TenantOptions,
  withApp,
} from '../../simulator/builders.ts'
import type { DirectoryRoleName } from '../../simulator/directory-roles.ts'
import type { Tenant, World } from '../../simulator/world.ts'
import { aMicrosoft, type TestMicrosoft } from './microsoft.ts'
import { type GraphCaller, graphCaller } from './microsoft-calls.ts'

export const graphAudience = 'https://graph.microsoft.com'

/** Contoso with one application, and calls with its own token or a person's. */
export interface GraphWorld {
  microsoft: TestMicrosoft
  world: World
  tenant: Tenant
  appId: string
  /** The application's own token; with `partner`, a person's of another tenant. */
  app(): GraphCaller
  as(displayName: string): GraphCaller
}

export interface GraphWorldOptions {
  people: PersonDraft[]
  /** Application permissions. */
  permissions?: readonly string[]
  /** Delegated permissions. */
  delegated?: readonly string[]
  /** Of the application's service principal. */
  roles?: DirectoryRoleName[]
  tenant?: TenantOptions
  /** The simulator's clock. */
  now?: () => Date
}

export async function aGraphWorld(options: GraphWorldOptions): Promise<GraphWorld> {
  const { people, permissions = [], delegated = [], roles = [] } = options
  const application = anApplication({ displayName: 'Caller', appRoles: [] })
  const tenant = aTenant({ people, ...options.tenant })
  const other = aTenant({ name: 'Fabrikam', people: [person('Otto')] })
  withApp(tenant, application, { permissions, delegated, roles })
  const microsoft = await aMicrosoft(
    aWorld({ tenants: [tenant, other], applications: [application] }),
    options.now ? { now: options.now } : {},
  )
  const { appId } = application
  const token = (userId?: string) => microsoft.token({ tenantId: tenant.id, userId, appId, audience: graphAudience })
  return {
    microsoft,
    world: microsoft.world,
    tenant,
    appId,
    app: () => graphCaller(microsoft, token()),
    as: (displayName) => graphCaller(microsoft, token(tenant.users.find((one) => one.displayName === displayName)?.id)),
  }
}
