/** `npm run bench`: runs the benchmarks of this folder; `npm run bench -- NAME` one of them (`bench/NAME.bench.ts`). */
import { readdirSync } from 'node:fs'

const suffix = '.bench.ts'
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(suffix))
  .map((file) => file.slice(0, -suffix.length))
  .sort()
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !names.includes(name))

if (unknown.length > 0) {
  console.error(`No benchmark called ${unknown.join(', ')}. There is: ${names.join(', ') || 'none yet'}.`)
  process.exitCode = 2
} else {
  if (names.length === 0) console.log('There are no benchmarks yet.')
  for (const name of wanted.length > 0 ? wanted : names) {
    console.log(`\n# ${name}`)
    // Each file measures when it is imported, and prints what it found.
    await import(`./${name}${suffix}`)
  }
}
