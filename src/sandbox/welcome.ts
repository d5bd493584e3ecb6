import { credentialsPath } from './credentials.ts'
import { publicUrl } from './environment.ts'
import type { Settings } from './settings.ts'

/** What the newcomer reads when everything runs: where to look and what to try. */
export function welcome({ settings, simulatorUrl }: { settings: Settings; simulatorUrl: string }): string {
  const graphql = `${publicUrl(settings)}/graphql`
  const credentials = credentialsPath(settings.folder)
  return `
Tourniquet is ready.

  GraphiQL       ${graphql}   (signed in as the analyst, with operations to try)
  Credentials    ${credentials}
  Simulator      ${simulatorUrl}/control/state   /control/journal   (curl -k)
  Logs           ${settings.folder}/logs

Try it:

  curl -s ${graphql} -H 'content-type: application/json' \\
    -H "authorization: $(node -p 'require("${credentials}").personas.analyst.authorization')" \\
    -d '{"query":"{ securityEvents(first: 3) { edges { node { title availableRemediations { kind } greyedOutReasons { kind code } } } } }"}'

Ctrl-C stops all of it. What it stored stays; "npm run sandbox -- --reset" empties it.`
}
