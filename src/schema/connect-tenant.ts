import { connectTenant } from '../resolvers/connect-tenant.ts'
import type { TenantConsentLink } from '../services/authority/connect-tenant.ts'
import { builder } from './builder.ts'
import { refusalsOfManaging } from './refusals.ts'
import { TenantType } from './tenant.ts'

const TenantConsentLinkType = builder.objectRef<TenantConsentLink>('TenantConsentLink').implement({
  description: 'A tenant that waits for the consent of its own administrator.',
  fields: (t) => ({
    tenant: t.expose('tenant', {
      type: TenantType,
      description: 'The tenant. You find it in `tenants` once its administrator has consented.',
    }),
    consentUrl: t.exposeString('consentUrl', {
      description:
        'Pass it on to a Global Administrator of the tenant: the page says who asks and for which roles. Nobody gets access before that person agrees.',
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'Until when the link can be opened.' }),
  }),
})

const ConnectTenantInput = builder.inputType('ConnectTenantInput', {
  description: 'Which tenant to connect.',
  fields: (t) => ({
    entraTenantId: t.id({ required: true, description: 'The tenant id in Entra: a GUID.' }),
    name: t.string({ required: true, description: "The organisation's name, 1 to 200 characters." }),
  }),
})

builder.mutationField('connectTenant', (t) =>
  t.field({
    type: TenantConsentLinkType,
    args: { input: t.arg({ type: ConnectTenantInput, required: true, description: 'Which tenant to connect.' }) },
    description:
      'Asks for the consent of a tenant, new or known. Needs the role Administer somewhere. Once a Global Administrator of the tenant agreed, the roles that you hold elsewhere are yours there, too; those of your partner, when you administer as its member.',
    errors: { types: refusalsOfManaging, union: { description: 'Where the consent is given, or why not.' } },
    resolve: connectTenant,
  }),
)
