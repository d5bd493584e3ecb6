/** What was measured beside what is wanted, one line each; all of it as JSON on request. */
import { availableParallelism, cpus } from 'node:os'
import { type Spread, shown, spreadOf } from './rounds.ts'

export interface Measured {
  /** Its number in the list of goals; null for what is only told. */
  goal: string | null
  what: string
  values: readonly number[]
  /** What the median must not exceed, or must reach. */
  limit?: { atMost: number } | { atLeast: number }
}

export interface Judged {
  goal: string | null
  what: string
  spread: Spread
  limit: string | null
  met: boolean | null
}

export function judgeAll(measured: readonly Measured[]): Judged[] {
  return measured.map(({ goal, what, values, limit }) => {
    const spread = spreadOf(values)
    const isMost = limit !== undefined && 'atMost' in limit
    const bound = limit === undefined ? null : isMost ? limit.atMost : (limit as { atLeast: number }).atLeast
    const met = bound === null ? null : isMost ? spread.median <= bound : spread.median >= bound
    return { goal, what, spread, limit: bound === null ? null : `${isMost ? '≤' : '≥'} ${bound}`, met }
  })
}

export const machine = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  node: process.version,
})

export function report(
  name: string,
  measured: readonly Measured[],
  { json, settings }: { json: boolean; settings: object },
): void {
  const judged = judgeAll(measured)
  if (json) {
    console.log(JSON.stringify({ bench: name, settings, machine: machine(), measured: judged }))
    return
  }
  const { cpu, cores, node } = machine()
  console.log(`${cores} × ${cpu}, Node.js ${node}; ${JSON.stringify(settings)}; medians (least–most)`)
  for (const { goal, what, spread, limit, met } of judged) {
    const verdict = met === null ? '' : met ? 'met' : 'NOT MET'
    console.log(
      `  ${(goal ?? '').padEnd(4)} ${what.padEnd(64)} ${shown(spread).padEnd(26)} ${(limit ?? '').padEnd(8)} ${verdict}`,
    )
  }
}
