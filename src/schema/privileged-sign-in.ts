import {
  confirmPrivilegedSignIn,
  endPrivilegedSession,
  openPrivilegedSession,
  tenantOfSession,
} from '../resolvers/privileged-sessions.ts'
import { AdminConsentRequiredError, PrivilegedSignInRequiredError } from '../services/refusals.ts'
import { builder } from './builder.ts'
import { PrivilegedSession } from './privileged-session.ts'
import { refusalsOfManaging } from './refusals.ts'
import { TenantType } from './tenant.ts'

// Here rather than with the type: tenants show their sessions, too.
builder.objectField(PrivilegedSession, 'tenant', (t) =>
  t.field({ type: TenantType, description: 'Where it can be used.', resolve: tenantOfSession }),
)

const ConfirmPrivilegedSignInInput = builder.inputType('ConfirmPrivilegedSignInInput', {
  description: 'Which sign-in to take up.',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'The tenant for which the administrator signed in.' }),
    code: t.string({
      required: true,
      description:
        'What the page showed the administrator at the end. Small letters, spaces and dashes do not matter. Five tries, ten minutes.',
    }),
  }),
})

const OpenPrivilegedSessionInput = builder.inputType('OpenPrivilegedSessionInput', {
  description: 'A sign-in that your frontend holds already.',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'The tenant.' }),
    accessToken: t.string({
      required: true,
      description: "The administrator's access token for this API, issued by that tenant. Send it as a variable.",
    }),
  }),
})

const EndPrivilegedSessionInput = builder.inputType('EndPrivilegedSessionInput', {
  description: 'Which sign-in to end.',
  fields: (t) => ({
    tenantId: t.id({ required: true, description: 'The tenant: you hold at most one sign-in in each.' }),
  }),
})

builder.mutationFields((t) => ({
  confirmPrivilegedSignIn: t.field({
    type: PrivilegedSession,
    args: {
      input: t.arg({ type: ConfirmPrivilegedSignInInput, required: true, description: 'Which sign-in to take up.' }),
    },
    description:
      'Takes up the sign-in of an administrator who opened your link and told you the code. From then on what needs a privileged sign-in works in that tenant, until it ends.',
    errors: { types: refusalsOfManaging, union: { description: 'The sign-in that you hold now, or why you do not.' } },
    resolve: confirmPrivilegedSignIn,
  }),
  openPrivilegedSession: t.field({
    type: PrivilegedSession,
    args: {
      input: t.arg({
        type: OpenPrivilegedSessionInput,
        required: true,
        description: 'A sign-in that your frontend holds already.',
      }),
    },
    description:
      'For frontends in which the administrator is signed in to this API: takes that sign-in up (on behalf of) without the page and its code. The same roles are needed, and it ends in the same ways.',
    errors: {
      types: [...refusalsOfManaging, AdminConsentRequiredError, PrivilegedSignInRequiredError],
      union: { description: 'The sign-in that you hold now, or why you do not.' },
    },
    resolve: openPrivilegedSession,
  }),
  endPrivilegedSession: t.field({
    type: PrivilegedSession,
    args: { input: t.arg({ type: EndPrivilegedSessionInput, required: true, description: 'Which sign-in to end.' }) },
    description: 'Ends a sign-in that you hold, before its time. Its token is thrown away.',
    errors: { types: refusalsOfManaging, union: { description: 'The sign-in that ended, or why none did.' } },
    resolve: endPrivilegedSession,
  }),
}))
