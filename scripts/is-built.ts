/** Before `npm start`: what it starts is there. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './run.ts'

if (!existsSync(join(root, 'dist/cli.js'))) {
  console.error('tourniquet: there is no dist/cli.js yet: run "npm run build", then "npm start".')
  process.exitCode = 1
}
