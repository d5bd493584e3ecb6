import type { ServiceContext } from '../context.ts'
import { ofViewer as sessionsOfViewer } from '../resolvers/privileged-sessions.ts'
import { type Grant, grants } from '../resolvers/viewer.ts'
import { builder } from './builder.ts'
import { OperatorType } from './operator.ts'
import { PrivilegedSession } from './privileged-session.ts'
import { TenantType } from './tenant.ts'

export const AccessGrantType = builder.objectRef<Grant>('AccessGrant').implement({
  description: 'What somebody may do in one tenant.',
  fields: (t) => ({
    tenant: t.expose('tenant', { type: TenantType, description: 'The tenant.' }),
    roles: t.field({
      type: ['AccessRole'],
      description: 'The roles held there.',
      resolve: ({ roles }) => [...roles],
    }),
  }),
})

const Support = builder.objectRef<{ email: string | null }>('Support').implement({
  description: 'Where to turn for help, and with ideas.',
  fields: (t) => ({
    email: t.exposeString('email', { nullable: true, description: 'The address; null when none was set up.' }),
  }),
})

const Viewer = builder.objectRef<ServiceContext>('Viewer').implement({
  description: 'You, as this API sees you.',
  fields: (t) => ({
    operator: t.field({ type: OperatorType, description: 'Who you are.', resolve: ({ operator }) => operator }),
    grants: t.field({
      type: [AccessGrantType],
      description:
        "What you may do where: your token's app roles in its own tenant, and what was granted to you or to your partner.",
      resolve: grants,
    }),
    privilegedSessions: t.field({
      type: [PrivilegedSession],
      description: "The administrators' sign-ins that you hold now.",
      resolve: sessionsOfViewer,
    }),
    support: t.field({
      type: Support,
      description: 'Where to turn for help, and with ideas.',
      resolve: ({ supportEmail }) => ({ email: supportEmail }),
    }),
  }),
})

builder.queryField('viewer', (t) =>
  t.field({ type: Viewer, description: 'Who you are and what you may do.', resolve: (_, __, ctx) => ctx }),
)
