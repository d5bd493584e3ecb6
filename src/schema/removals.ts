/** The mutations that remove one thing: all take the event, the subject and a key. */
import {
  removeApp,
  removeInboxRule,
  removeMailboxAccess,
  removeMailboxForwarding,
  removeTransportRule,
} from '../resolvers/remediations.ts'
import { builder } from './builder.ts'
import { refusalsOfRemediating } from './refusals.ts'
import { RemediationRunType } from './remediation-run.ts'

interface Removal {
  name: string
  /** What is removed, e.g. `the app`. */
  what: string
  /** The GraphQL type of the subject. */
  subjects: string
  description: string
  resolve: typeof removeApp
}

const removals: Removal[] = [
  {
    name: 'removeApp',
    what: 'the app',
    subjects: 'an `ApplicationSubject` or a `TeamsAppSubject`',
    description:
      'Removes an app: an application from Entra with everything that it was granted, or a Teams app from where it was installed.',
    resolve: removeApp,
  },
  {
    name: 'removeInboxRule',
    what: 'the inbox rule',
    subjects: 'an `InboxRuleSubject`',
    description: 'Deletes the inbox rule that the event is about, and no other. Its definition is kept as evidence.',
    resolve: removeInboxRule,
  },
  {
    name: 'removeMailboxForwarding',
    what: 'the mailbox',
    subjects: 'a `MailboxSubject`',
    description: 'Clears the forwarding that is set on the mailbox. What was set is kept as evidence.',
    resolve: removeMailboxForwarding,
  },
  {
    name: 'removeTransportRule',
    what: 'the transport rule',
    subjects: 'a `TransportRuleSubject`',
    description:
      'Deletes the mail flow rule that the event is about, and no other. Its definition is kept as evidence.',
    resolve: removeTransportRule,
  },
  {
    name: 'removeMailboxAccess',
    what: 'the access',
    subjects: 'a `MailboxAccessSubject`',
    description: "Takes the grantee's full access to the mailbox away. The grant is kept as evidence.",
    resolve: removeMailboxAccess,
  },
]

for (const { name, what, subjects, description, resolve } of removals) {
  const input = builder.inputType(`${name.replace(/^r/, 'R')}Input`, {
    description: `What to remove: ${what} of an event.`,
    fields: (t) => ({
      eventId: t.id({ required: true, description: 'The event because of which you act.' }),
      subjectId: t.id({ required: true, description: `The id of a subject of that event: ${subjects}.` }),
      idempotencyKey: t.string({
        required: true,
        description:
          'Made by you, 1 to 128 characters, new for each wish: the same key again gives the same run and changes nothing twice.',
      }),
    }),
  })
  builder.mutationField(name, (t) =>
    t.field({
      type: RemediationRunType,
      args: { input: t.arg({ type: input, required: true, description: `What to remove: ${what}.` }) },
      description: `${description} Answers when it is done and read back, or after 25 seconds with status \`RUNNING\`.`,
      errors: { types: refusalsOfRemediating, union: { description: 'The run, or why there is none.' } },
      resolve,
    }),
  )
}
