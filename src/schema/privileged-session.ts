import { sessionGlobalId } from '../resolvers/privileged-sessions.ts'
import type { PrivilegedSession as Session } from '../services/authority/privileged-session.ts'
import { privilegedRoleNames } from '../services/authority/privileged-sign-in.ts'
import { builder } from './builder.ts'

export const PrivilegedSession = builder.objectRef<Session>('PrivilegedSession').implement({
  description: 'A short sign-in of an administrator of a tenant, held for one operator. It ends by itself.',
  fields: (t) => ({
    id: t.id({ description: 'Opaque and stable; the audit trail names the same sign-in.', resolve: sessionGlobalId }),
    signedInAs: t.string({
      description: 'The sign-in name of the administrator.',
      resolve: ({ administrator }) => administrator.userPrincipalName || administrator.displayName,
    }),
    displayName: t.string({
      description: 'The name of the administrator. It decides nothing.',
      resolve: ({ administrator }) => administrator.displayName,
    }),
    roles: t.stringList({
      description: 'The Entra roles that count, as the administrator held them when signing in.',
      resolve: ({ roles }) => privilegedRoleNames(roles),
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it ends by itself: within an hour.' }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was ended; null while it can be used.',
    }),
  }),
})
