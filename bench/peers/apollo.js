/** Apollo Server as its documentation starts it, with a dataloader for each kind of look-up. */
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import DataLoader from 'dataloader'
import { judge } from '../pages/page.ts'
import { lookUps, page, resolvers, typeDefs } from './schema.js'

async function verdictsOf(event, { loaders, verdicts }) {
  const known = verdicts.get(event)
  if (known) return known
  const [{ id, objectId }] = event.subjects
  const judging = Promise.all([
    loaders.users.load(objectId),
    loaders.administrators.load(objectId),
    loaders.mailboxes.load(objectId),
    loaders.rules.load(objectId),
  ]).then(([user, isAdministrator, mailbox, rules]) => judge(page, id, { user, isAdministrator, mailbox, rules }))
  verdicts.set(event, judging)
  return judging
}

const server = new ApolloServer({
  typeDefs,
  resolvers: {
    ...resolvers,
    SecurityEvent: {
      availableRemediations: async (event, _, context) => (await verdictsOf(event, context)).available,
      greyedOutReasons: async (event, _, context) => (await verdictsOf(event, context)).greyedOut,
    },
  },
})
await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: Number(process.env.PORT) },
  context: async () => ({
    verdicts: new Map(),
    loaders: Object.fromEntries(Object.entries(lookUps).map(([name, load]) => [name, new DataLoader(load)])),
  }),
})
