/**
 * `npm run verify`: everything that CI checks. All steps run, whatever fails. `-- --no-tests` leaves the tests out, and
 * names (`-- lint types`) run only those steps.
 */
import { parseArgs } from 'node:util'
import { type Ran, root, run } from './run.ts'

const steps: Record<string, () => Promise<Ran>> = {
  lint: () => run('biome', ['check', '--error-on-warnings', '--max-diagnostics=none', '.']),
  types: () => run('tsc', ['--noEmit']),
  generated: () => run('node', ['scripts/generate.ts', '--check']),
  tests: () => run('vitest', ['run'], { show: true }),
  bench: () => run('node', ['bench/run.ts', '--smoke']),
}
const meaning: Record<string, string> = {
  lint: 'format, lint, layering',
  types: 'types',
  generated: 'generated files and migrations in step',
  tests: 'tests',
  bench: 'benchmarks run, tiny; no time is judged',
}

const { values: options, positionals } = parseArgs({
  options: { 'no-tests': { type: 'boolean', default: false } },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => !(name in steps))
if (unknown.length > 0) {
  console.error(`No such step: ${unknown.join(', ')}. Steps: ${Object.keys(steps).join(', ')}.`)
  process.exit(2)
}
const chosen = positionals.length > 0 ? positionals : Object.keys(steps)

const summary: string[] = []
let faults = 0
for (const [name, step] of Object.entries(steps)) {
  if (!chosen.includes(name) || (name === 'tests' && options['no-tests'])) continue
  const begun = performance.now()
  const { code, output } = await step()
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  const line = `${code === 0 ? 'ok    ' : 'FAILED'} ${meaning[name]} (${seconds} s)`
  if (code !== 0) {
    faults += 1
    console.error(output)
  }
  console.log(line)
  summary.push(line)
}
console.log(`\n${root}\n${summary.join('\n')}`)
process.exitCode = faults === 0 ? 0 : 1
