/**
 * `npm run bench`: runs the benchmarks of this folder and prints one table of all goals; `npm run bench -- NAME …` some of them
 * (`bench/NAME.bench.ts`). What else it takes is in `options.ts`.
 */
import { readdirSync } from 'node:fs'
import { reportGoals } from './goals.ts'
import { type Options, readOptions } from './options.ts'

const suffix = '.bench.ts'
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(suffix))
  .map((file) => file.slice(0, -suffix.length))
  .sort()

function optionsOrNull(): Options | null {
  try {
    const options = readOptions()
    const unknown = options.benches.filter((name) => !names.includes(name))
    if (unknown.length === 0) return options
    console.error(`No benchmark called ${unknown.join(', ')}. There is: ${names.join(', ')}.`)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
  }
  return null
}

const options = optionsOrNull()
if (options === null) {
  process.exitCode = 2
} else {
  const failed: string[] = []
  for (const name of options.benches.length > 0 ? options.benches : names) {
    if (!options.json) console.log(`\n# ${name}`)
    const begun = performance.now()
    try {
      // Each file measures when it is imported, and reports what it found.
      await import(`./${name}${suffix}`)
    } catch (error) {
      console.error(error)
      failed.push(name)
      process.exitCode = 1
    }
    if (!options.json) console.log(`(${Math.round((performance.now() - begun) / 1000)} s)`)
  }
  reportGoals(failed)
}
