/** What was measured beside what is wanted: the lines of each bench as it ends, one table of all goals at the end of the run. */
import { availableParallelism, cpus } from 'node:os'
import { readOptions } from './options.ts'
import { type Spread, shown, spreadOf } from './rounds.ts'

/** All goals, by the bench that measures them. */
const benchOf = {
  P1: 'requests',
  P2: 'requests',
  P4: 'pages',
  P5: 'pages',
  P7: 'pages',
  P8: 'pages',
  P9: 'pages',
  P10: 'shell',
  P11: 'shell',
  P12: 'shell',
  P14: 'audit-lane',
  P15: 'audit-lane',
  P16: 'audit-lane',
  P17: 'start',
  P20: 'requests',
  'events at size': 'events',
  'hostile documents': 'hostile',
} as const

export type Goal = keyof typeof benchOf

export interface Line {
  what: string
  /** One for each round. None: there was nothing to measure. */
  values: readonly number[]
  goal?: Goal | undefined
  /** What the median must not exceed, or must reach. */
  limit?: { atMost: number } | { atLeast: number } | undefined
  /** What else there is to know of it. */
  beside?: string
}

export interface Judged extends Omit<Line, 'values' | 'limit'> {
  spread: Spread
  limit: string | null
  /** Null where nothing is wanted. */
  verdict: 'met' | 'NOT MET' | 'not judged' | 'not measured' | null
}

function judge({ values, limit, ...line }: Line, smoke: boolean): Judged {
  const spread = spreadOf(values)
  if (limit === undefined) return { ...line, spread, limit: null, verdict: null }
  const [sign, bound] = 'atMost' in limit ? ['≤', limit.atMost] : ['≥', limit.atLeast]
  const met = sign === '≤' ? spread.median <= bound : spread.median >= bound
  const judged = smoke ? 'not judged' : met ? 'met' : 'NOT MET'
  return { ...line, spread, limit: `${sign} ${bound}`, verdict: Number.isNaN(spread.median) ? 'not measured' : judged }
}

const reports: { bench: string; settings: object; lines: Judged[] }[] = []

/** What a bench has found. */
export function report(bench: string, lines: readonly Line[], settings: object): void {
  const { json, smoke } = readOptions()
  const judged = lines.map((line) => judge(line, smoke))
  reports.push({ bench, settings, lines: judged })
  if (json) return
  console.log(`${JSON.stringify(settings)}; medians (least–most)`)
  show(judged)
}

/** All that is wanted, also what was not measured: as a table, or everything as one JSON object. */
export function reportGoals(failed: readonly string[]): void {
  const { json, smoke, ...options } = readOptions()
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version }
  const order = Object.keys(benchOf)
  const goals = reports
    .flatMap(({ bench, lines }) => lines.map((line) => ({ ...line, bench })))
    .filter(({ limit }) => limit !== null)
    .toSorted((a, b) => order.indexOf(a.goal ?? '') - order.indexOf(b.goal ?? ''))
  const measured = new Set(goals.filter(({ verdict }) => verdict !== 'not measured').map(({ goal }) => goal))
  const notMeasured = Object.entries(benchOf)
    .filter(([goal]) => !measured.has(goal as Goal))
    .map(([goal, bench]) => ({ goal, bench }))
  if (json) {
    console.log(
      JSON.stringify({ machine, options: { ...options, smoke }, benches: reports, goals, notMeasured, failed }),
    )
    return
  }
  const { cpu, cores, node } = machine
  console.log(`\n# all goals: ${cores} × ${cpu}, Node.js ${node}; medians (least–most)`)
  show(goals)
  const count = (wanted: Judged['verdict']) => goals.filter(({ verdict }) => verdict === wanted).length
  console.log(smoke ? 'A tiny run: nothing is judged.' : `${count('met')} met, ${count('NOT MET')} not met.`)
  if (notMeasured.length > 0) {
    console.log(`Not measured: ${notMeasured.map(({ goal, bench }) => `${goal} (${bench})`).join(', ')}.`)
  }
  if (failed.length > 0) console.log(`Ended with an error: ${failed.join(', ')}.`)
}

function show(lines: readonly Judged[]): void {
  const columns = lines.map(({ goal = '', what, spread, limit, verdict, beside = '' }) => [
    goal,
    what,
    Number.isNaN(spread.median) ? '' : shown(spread),
    limit ?? '',
    verdict ?? '',
    beside,
  ])
  const widths = columns.reduce((most, row) => row.map((cell, index) => Math.max(cell.length, most[index] ?? 0)), [0])
  for (const row of columns) {
    console.log(`  ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ')}`.trimEnd())
  }
}
