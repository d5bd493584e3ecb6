/** The sandbox's gateway: the real one, with a GraphiQL that is signed in as the analyst. Given the sandbox's folder. */
import { existsSync, readFileSync } from 'node:fs'
import { readConfig } from '../config.ts'
import { serve } from '../serve.ts'
import { credentialsPath } from './credentials.ts'
import { tabsPath } from './tabs.ts'
import { runUntilAbandoned } from './until-abandoned.ts'

const folder = process.argv[2] ?? ''
const tabs = existsSync(tabsPath(folder)) ? JSON.parse(readFileSync(tabsPath(folder), 'utf8')) : []

await runUntilAbandoned(
  await serve({
    ...readConfig('GATEWAY'),
    graphiql: {
      tabs,
      authorization: async () =>
        JSON.parse(readFileSync(credentialsPath(folder), 'utf8')).personas.analyst.authorization,
    },
  }),
)
