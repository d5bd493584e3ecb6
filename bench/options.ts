/** What `npm run bench` is asked for: `npm run bench -- pages shell --rounds 3`. Each bench takes of the options what concerns it. */
import { parseArgs } from 'node:util'

export interface Options {
  /** Names of benches; none is all of them. */
  benches: string[]
  /** Events of a page, and the users that they are about. */
  events: number
  users: number
  /** How often each thing is measured, in turns. */
  rounds: number
  /** Tiny: shows that it runs, measures nothing. */
  smoke: boolean
  json: boolean
  /** Start ours from the sources although there is a build. */
  sources: boolean
  /** Another build's `cli.js`, from the project's root, to be measured in turns with ours. */
  against: string | null
  /** Events of the large table, entries of the audit trail. */
  size: number
  /** Of a file that is imported. */
  records: number
  /** Of the bench `events`. */
  only: 'import' | 'pages' | null
  /** A folder where the tables of the bench `events` stay for the next run. */
  dir: string | undefined
  /** Of each measurement of the bench `audit-lane`. */
  seconds: number
}

/** Throws when an option is unknown or its value is none. */
export function readOptions({ usualRounds = 7 } = {}): Options {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      events: { type: 'string', default: '50' },
      users: { type: 'string', default: '30' },
      rounds: { type: 'string' },
      smoke: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      sources: { type: 'boolean', default: false },
      against: { type: 'string' },
      size: { type: 'string', default: '1000000' },
      records: { type: 'string', default: '3000' },
      only: { type: 'string' },
      dir: { type: 'string' },
      seconds: { type: 'string', default: '2' },
    },
  })
  const { smoke, json, sources, only = null, against = null, dir } = values
  const count = (name: 'events' | 'users' | 'rounds' | 'size' | 'records' | 'seconds', usual?: number): number => {
    const number = Number(values[name] ?? usual)
    if (number > 0 && (Number.isInteger(number) || name === 'seconds')) return number
    throw new Error(`--${name} takes a number above 0, not "${values[name]}".`)
  }
  if (only !== null && only !== 'import' && only !== 'pages') {
    throw new Error(`--only takes "import" or "pages", not "${only}".`)
  }
  const given: Options = {
    benches: positionals,
    events: count('events'),
    users: count('users'),
    rounds: count('rounds', usualRounds),
    smoke,
    json,
    sources,
    against,
    size: count('size'),
    records: count('records'),
    only,
    dir,
    seconds: count('seconds'),
  }
  return smoke ? { ...given, events: 10, users: 6, rounds: 1, size: 2_000, records: 300, seconds: 0.1 } : given
}
