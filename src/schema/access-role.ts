import { GraphQLError, Kind } from 'graphql'
import { type Role, roles } from '../context.ts'
import { builder } from './builder.ts'

const meanings: Record<Role, string> = {
  'Events.Read': 'see the events and what can be done about them',
  'Events.Ingest': 'bring in audit records',
  'Remediations.User': 'act on users',
  'Remediations.Privileged': 'act on administrators, by a privileged sign-in',
  'Remediations.AppsAndRules': 'remove apps, rules, forwarding and mailbox access',
  'Audit.Read': 'read the audit trail',
  Administer: 'connect the tenant, manage access and API keys',
}

function readRole(value: unknown): Role {
  const role = roles.find((one) => one === value)
  if (role) return role
  throw new GraphQLError(`An AccessRole is one of ${roles.join(', ')}.`, { extensions: { code: 'BAD_USER_INPUT' } })
}

/** No enum: its values cannot hold the dots of the names that Entra, tokens and the command line use. */
builder.scalarType('AccessRole', {
  description: `What somebody may do in a tenant, named as the app roles of this API in Entra: ${roles.map((role) => `\`${role}\` (${meanings[role]})`).join(', ')}.`,
  serialize: readRole,
  parseValue: readRole,
  parseLiteral: (node) => readRole(node.kind === Kind.STRING ? node.value : null),
})
