import { blockUser } from '../resolvers/remediations.ts'
import { atMost, builder } from './builder.ts'
import { BlockUserActionEnum } from './enums.ts'
import { refusalsOfRemediating } from './refusals.ts'
import { RemediationRunType } from './remediation-run.ts'
import { PasswordDeliveryInput } from './reset-password.ts'

const BlockUserInput = builder.inputType('BlockUserInput', {
  description: 'Which user to block, and how.',
  fields: (t) => ({
    eventId: t.id({ required: true, description: 'The event because of which you act.' }),
    subjectId: t.id({ required: true, description: 'The user: the id of a subject of that event.' }),
    actions: t.field({
      type: [BlockUserActionEnum],
      required: true,
      ...atMost(100, 'What to do, each once, in any order. One that fails does not stop the others.'),
    }),
    passwordDelivery: t.field({
      type: PasswordDeliveryInput,
      description: 'Needed when `actions` holds `RESET_PASSWORD`: how the temporary password reaches a person.',
    }),
    idempotencyKey: t.string({
      required: true,
      description:
        'Made by you, 1 to 128 characters, new for each wish: the same key again gives the same run and changes nothing twice.',
    }),
  }),
})

builder.mutationField('blockUser', (t) =>
  t.field({
    type: RemediationRunType,
    args: { input: t.arg({ type: BlockUserInput, required: true, description: 'Which user to block, and how.' }) },
    description:
      'Blocks a user: turns sign-in off, ends sessions, removes mail forwarding, turns inbox rules off, resets the password. Answers when all is done and read back, or after 25 seconds with status `RUNNING`.',
    errors: {
      types: refusalsOfRemediating,
      union: { description: 'The run, or why there is none.' },
    },
    resolve: blockUser,
  }),
)
