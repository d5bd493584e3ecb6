/** Mercurius with its loaders and its compiler of queries. */
import fastify from 'fastify'
import mercurius from 'mercurius'
import { judge } from '../pages/page.ts'
import { lookUps, page, resolvers, typeDefs } from './schema.js'

/** Once for both fields of a page. */
async function verdictsOf(queries, context) {
  context.verdicts ??= (async () => {
    const ids = [...new Set(queries.map(({ obj }) => obj.subjects[0].objectId))]
    const [users, administrators, mailboxes, rules] = await Promise.all([
      lookUps.users(ids),
      lookUps.administrators(ids),
      lookUps.mailboxes(ids),
      lookUps.rules(ids),
    ])
    const facts = ids.map((id, index) => [
      id,
      {
        user: users[index],
        isAdministrator: administrators[index],
        mailbox: mailboxes[index],
        rules: rules[index],
      },
    ])
    const factsOf = new Map(facts)
    return new Map(
      queries.map(({ obj }) => {
        const [{ id, objectId }] = obj.subjects
        return [obj.id, judge(page, id, factsOf.get(objectId))]
      }),
    )
  })()
  const verdicts = await context.verdicts
  return queries.map(({ obj }) => verdicts.get(obj.id))
}

const { Subject, Requirement, Query } = resolvers
const app = fastify()
app.register(mercurius, {
  schema: typeDefs,
  resolvers: {
    Query,
    Subject: { resolveType: Subject.__resolveType },
    Requirement: { resolveType: Requirement.__resolveType },
  },
  loaders: {
    SecurityEvent: {
      availableRemediations: async (queries, context) =>
        (await verdictsOf(queries, context)).map(({ available }) => available),
      greyedOutReasons: async (queries, context) =>
        (await verdictsOf(queries, context)).map(({ greyedOut }) => greyedOut),
    },
  },
  jit: 1,
})
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
