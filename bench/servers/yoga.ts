/** A bare Yoga with its defaults: nobody is checked, nothing is limited. */
import { createServer } from 'node:http'
import { createSchema, createYoga } from 'graphql-yoga'

const yoga = createYoga({
  schema: createSchema({ typeDefs: 'type Query { hello: String }', resolvers: { Query: { hello: () => 'world' } } }),
})
createServer(yoga).listen(Number(process.env['PORT']), '127.0.0.1')
