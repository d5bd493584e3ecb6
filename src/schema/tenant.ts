import { tenantGlobalId } from '../resolvers/global-ids.ts'
import { ofTenant as sessionOfTenant } from '../resolvers/privileged-sessions.ts'
import { feed } from '../resolvers/tenant-feed.ts'
import { health, tenant, tenants } from '../resolvers/tenants.ts'
import type { HealthCheck, TenantHealth } from '../services/authority/health-types.ts'
import type { KnownTenant } from '../services/operators/tenants.ts'
import { builder, pageArgDescriptions, pageComplexity } from './builder.ts'
import { HealthCheckNameEnum, HealthStatusEnum, RemediationKindEnum, TenantStatusEnum } from './enums.ts'
import { PrivilegedSession } from './privileged-session.ts'
import { TenantFeedType } from './tenant-feed.ts'

const HealthCheckType = builder.objectRef<HealthCheck>('HealthCheck').implement({
  description: 'One thing that was looked at in a tenant.',
  fields: (t) => ({
    name: t.expose('name', { type: HealthCheckNameEnum, description: 'What was looked at.' }),
    status: t.expose('status', { type: HealthStatusEnum, description: 'What was found.' }),
    message: t.exposeString('message', { description: 'The finding in one sentence.' }),
    missingPermissions: t.exposeStringList('missingPermissions', {
      description: 'Permissions that are needed and that the tenant did not grant.',
    }),
    extraPermissions: t.exposeStringList('extraPermissions', {
      description: 'Permissions granted beyond what is needed: for your information, never a fault.',
    }),
    blocks: t.expose('blocks', {
      type: [RemediationKindEnum],
      description: 'What cannot be done until this is mended. Empty when nothing is wrong, or nothing depends on it.',
    }),
    mendUrl: t.exposeString('mendUrl', {
      nullable: true,
      description: 'Where an administrator of the tenant mends it, or how; null when there is nothing to mend.',
    }),
  }),
})

const TenantHealthType = builder.objectRef<TenantHealth>('TenantHealth').implement({
  description:
    'What the tenant granted us, compared with what the remediations and the feed of events need. Read from Microsoft now.',
  fields: (t) => ({
    status: t.expose('status', { type: HealthStatusEnum, description: 'The worst of the checks.' }),
    checks: t.expose('checks', { type: [HealthCheckType], description: 'Each thing that was looked at.' }),
    mendUrl: t.exposeString('mendUrl', {
      nullable: true,
      description: 'The `mendUrl` of the first check that is unhealthy; null when none is.',
    }),
    entraPermissionsUrl: t.exposeString('entraPermissionsUrl', {
      nullable: true,
      description: "Entra's own page of our permissions in the tenant; null when we are not there.",
    }),
  }),
})

export { HealthCheckType }

export const TenantType = builder.objectRef<KnownTenant>('Tenant')
TenantType.implement({
  interfaces: [builder.nodeInterfaceRef()],
  description: 'An organisation with its own Microsoft 365.',
  fields: (t) => ({
    id: t.id({ description: 'Opaque and stable; not the Entra tenant id.', resolve: ({ id }) => tenantGlobalId(id) }),
    name: t.exposeString('name', { description: "The organisation's name." }),
    entraTenantId: t.exposeID('id', { description: 'The tenant id in Entra: a GUID.' }),
    status: t.expose('status', { type: TenantStatusEnum, description: 'Whether we may work in it.' }),
    health: t.field({
      type: TenantHealthType,
      nullable: true,
      complexity: 20,
      description: 'Whether all that is needed in it is in place. Null for a tenant known only from imported records.',
      resolve: health,
    }),
    feed: t.field({
      type: TenantFeedType,
      nullable: true,
      complexity: 5,
      description: 'How its events arrive. Null for a tenant whose feed was never read.',
      resolve: feed,
    }),
    privilegedSession: t.field({
      type: PrivilegedSession,
      nullable: true,
      description: "The administrator's sign-in that you hold for this tenant now; null when there is none.",
      resolve: sessionOfTenant,
    }),
  }),
})

const TenantConnection = builder.connectionObject(
  { type: TenantType, name: 'TenantConnection', description: 'A page of tenants, by name.' },
  { description: 'A tenant in its list.' },
)

builder.queryFields((t) => ({
  tenant: t.field({
    type: TenantType,
    nullable: true,
    args: {
      id: t.arg.id({
        required: true,
        description:
          'The id of a tenant, as `tenants` gives it, or its id in Entra: so in every argument that names a tenant.',
      }),
    },
    description: 'One tenant; null when there is none with this id that you have access to.',
    resolve: tenant,
  }),
  tenants: t.field({
    type: TenantConnection,
    args: {
      first: t.arg.int({ description: pageArgDescriptions.first }),
      after: t.arg.string({ description: pageArgDescriptions.after }),
    },
    complexity: pageComplexity,
    description: 'The tenants in which you hold any role, by name.',
    resolve: tenants,
  }),
}))
