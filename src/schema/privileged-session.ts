import { builder } from './builder.ts'

/** What will be known of a privileged sign-in; none can be held yet. */
export interface PrivilegedSessionShape {
  signedInAs: string
  roles: string[]
  expiresAt: Date
}

export const PrivilegedSession = builder.objectRef<PrivilegedSessionShape>('PrivilegedSession').implement({
  description: 'A short sign-in of an administrator of a tenant, held for one operator. It ends by itself.',
  fields: (t) => ({
    signedInAs: t.exposeString('signedInAs', { description: 'The sign-in name of the administrator.' }),
    roles: t.exposeStringList('roles', { description: 'The Entra roles that the administrator held when signing in.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it ends.' }),
  }),
})
