/** Options that all benchmarks of pages share: what begins with a dash, and all that follows. */
import { parseArgs } from 'node:util'

export interface Options {
  events: number
  users: number
  rounds: number
  /** Tiny: shows that it runs, measures nothing. */
  smoke: boolean
  json: boolean
  /** Start ours from the sources although there is a build. */
  sources: boolean
  /** Another build's `cli.js`, from the project's root, to be measured in turns with ours. */
  against: string | null
}

export function readOptions(): Options {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((_, index, all) => all.slice(0, index + 1).some((one) => one.startsWith('-'))),
    options: {
      events: { type: 'string', default: '50' },
      users: { type: 'string', default: '30' },
      rounds: { type: 'string' },
      smoke: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      against: { type: 'string' },
      sources: { type: 'boolean', default: false },
    },
  })
  const { smoke, json, sources } = values
  return {
    events: Number(smoke ? 10 : values.events),
    users: Number(smoke ? 6 : values.users),
    rounds: Number(values.rounds ?? (smoke ? 1 : 7)),
    smoke,
    json,
    sources,
    against: values.against ?? null,
  }
}
