/**
 * `npm run bench`: runs the benchmarks of this folder; `npm run bench -- NAME` one of them (`bench/NAME.bench.ts`). What
 * begins with a dash, and all that follows, is for the benchmark: `npm run bench -- events --json`.
 */
import { readdirSync } from 'node:fs'

const suffix = '.bench.ts'
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(suffix))
  .map((file) => file.slice(0, -suffix.length))
  .sort()
const given = process.argv.slice(2)
const options = given.findIndex((argument) => argument.startsWith('-'))
const wanted = options < 0 ? given : given.slice(0, options)
const unknown = wanted.filter((name) => !names.includes(name))

if (unknown.length > 0) {
  console.error(`No benchmark called ${unknown.join(', ')}. There is: ${names.join(', ') || 'none yet'}.`)
  process.exitCode = 2
} else {
  for (const name of wanted.length > 0 ? wanted : names) {
    if (!given.includes('--json')) console.log(`\n# ${name}`)
    // Each file measures when it is imported, and prints what it found.
    await import(`./${name}${suffix}`)
  }
}
