/** Loaded before a server that is measured (`--import`): says what it has used so far, and takes profiles. Needs `--expose-gc`. */
import { Session } from 'node:inspector/promises'
import type { Profile } from './server.ts'

let session: Session | null = null

/** Milliseconds of all threads. */
function cpu(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Bytes that are still needed after collecting garbage. */
async function held(): Promise<number> {
  // Twice: the first leaves what finalizers hold.
  for (let times = 0; times < 2; times++) await globalThis.gc?.({ type: 'major', execution: 'async' })
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function beginProfile(): Promise<void> {
  session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.start')
}

async function endProfile(): Promise<Profile> {
  if (!session) throw new Error('No profile was begun.')
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  return profile as Profile
}

const answers = { cpu, held, beginProfile, endProfile }

process.on('message', async ({ id, what }: { id: number; what: keyof typeof answers }) => {
  process.send?.({ id, answer: await answers[what]() })
})
process.on('disconnect', () => process.exit(0))
