import { resetPassword } from '../resolvers/remediations.ts'
import { atMost, builder } from './builder.ts'
import { refusalsOfRemediating } from './refusals.ts'
import { RemediationRunType } from './remediation-run.ts'

/** At least one of its ways. */
export const PasswordDeliveryInput = builder.inputType('PasswordDeliveryInput', {
  description:
    'How a temporary password reaches a person: name at least one way. It is shown or sent once, kept nowhere, and never goes to the user whose password it is.',
  fields: (t) => ({
    onScreen: t.boolean({ description: "In this mutation's answer (`temporaryPassword`), and in no later read." }),
    emailMe: t.boolean({
      description: 'By e-mail to the address that an administrator of the product stored for you.',
    }),
    emailOperatorIds: t.idList(
      atMost(100, 'By e-mail to these operators; each must have access to the tenant and a stored address.'),
    ),
  }),
})

const ResetPasswordInput = builder.inputType('ResetPasswordInput', {
  description: 'Whose password to reset, and how the temporary one is delivered.',
  fields: (t) => ({
    eventId: t.id({ required: true, description: 'The event because of which you act.' }),
    subjectId: t.id({ required: true, description: 'The user: the id of a subject of that event.' }),
    passwordDelivery: t.field({
      type: PasswordDeliveryInput,
      required: true,
      description: 'How the temporary password reaches a person.',
    }),
    idempotencyKey: t.string({
      required: true,
      description: 'Made by you, 1 to 128 characters. The same key again gives the same run, without the password.',
    }),
  }),
})

builder.mutationField('resetPassword', (t) =>
  t.field({
    type: RemediationRunType,
    args: {
      input: t.arg({ type: ResetPasswordInput, required: true, description: 'Whose password to reset.' }),
    },
    description:
      'Sets a temporary password, which the user has to change at the next sign-in. Always needs a privileged sign-in. Never sent twice.',
    errors: {
      types: refusalsOfRemediating,
      union: { description: 'The run, or why there is none.' },
    },
    resolve: resetPassword,
  }),
)
