/** Loaded before a server that is measured (`--import`): says what it has used so far. Needs `--expose-gc`. */
import type { Usage } from './server.ts'

process.on('message', async ({ id }: { id: number }) => {
  // Twice: the first leaves what finalizers hold.
  for (let times = 0; times < 2; times++) await globalThis.gc?.({ type: 'major', execution: 'async' })
  const { user, system } = process.cpuUsage()
  const { heapUsed, external, rss } = process.memoryUsage()
  const answer: Usage = { cpuMs: (user + system) / 1000, heldBytes: heapUsed + external, rssBytes: rss }
  process.send?.({ id, answer })
})
process.on('disconnect', () => process.exit(0))
