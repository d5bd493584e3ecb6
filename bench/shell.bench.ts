/** P10, P11, P12: what surrounds a page: the smallest operation against a bare Yoga, knowing who calls, and memory. */
import { createAccessTokenVerifier } from '../src/clients/entra/access-token.ts'
import { authenticate } from '../src/services/operators/authenticate.ts'
import { createSharedLookups } from '../src/services/operators/shared-lookups.ts'
import { withDatabases } from './databases.ts'
import { type Line, report } from './goals.ts'
import { load } from './load.ts'
import { readOptions } from './options.ts'
import { storeEvents } from './pages/scene.ts'
import { aPageWorld, application, pageQuery } from './pages/world.ts'
import { startOurs } from './servers/ours.ts'
import { startServer } from './servers/server.ts'
import { startUpstream } from './upstream/upstream.ts'

const options = readOptions()
const sizes = options.smoke
  ? { small: 50, tokens: 50, warmUp: 5, pages: 5, connections: 4 }
  : { small: 3_000, tokens: 2_000, warmUp: 150, pages: 900, connections: 32 }
const { world, tenant, records, analyst } = aPageWorld({ ...options, events: options.smoke ? 10 : 100 })
const smallest = JSON.stringify({ query: '{ __typename }' })
const page = JSON.stringify({ query: pageQuery, variables: { first: 100 } })

/** Microseconds of CPU of this process that one call takes. */
async function cpuOf(times: number, work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  for (let n = 0; n < times; n++) await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / times
}

await withDatabases(async ({ make }) => {
  const base = await make()
  const upstream = await startUpstream(world)
  await storeEvents(base.db, [tenant], records)
  const token = await upstream.token(analyst)
  const command = options.sources ? { command: 'src/cli.ts' } : {}
  const ours = await startOurs({ upstream, databaseUrl: base.url, token, ...command })
  const yoga = await startServer({ name: 'yoga', run: ['bench/servers/yoga.ts'] })
  const accessTokens = createAccessTokenVerifier({ entraUrl: upstream.url, audience: application.appId })
  try {
    const { small: requests, connections } = sizes
    const ratios: Record<'perSecond' | 'cpu', number[]> = { perSecond: [], cpu: [] }
    const micros: Record<'verify' | 'authenticate', number[]> = { verify: [], authenticate: [] }
    for (let round = 0; round <= options.rounds; round++) {
      const runs = new Map<typeof ours, { perSecond: number; cpu: number }>()
      for (const server of round % 2 === 0 ? [ours, yoga] : [yoga, ours]) {
        const before = await server.cpu()
        const { perSecond } = await load(server, { body: smallest, connections, requests })
        runs.set(server, { perSecond, cpu: ((await server.cpu()) - before) / requests })
      }
      const [mine, theirs] = [runs.get(ours), runs.get(yoga)]
      const verify = await cpuOf(sizes.tokens, () => accessTokens.verify(token))
      const whole = await cpuOf(sizes.tokens / 10, () =>
        authenticate(
          {
            db: base.db,
            accessTokens,
            keyUses: { note: () => {} },
            lookups: createSharedLookups(),
            now: () => new Date(),
          },
          `Bearer ${token}`,
        ),
      )
      // The first round only warms up.
      if (round === 0 || !mine || !theirs) continue
      ratios.perSecond.push(mine.perSecond / theirs.perSecond)
      ratios.cpu.push(mine.cpu / theirs.cpu)
      micros.verify.push(verify)
      micros.authenticate.push(whole)
    }

    await load(ours, { body: page, connections: 8, requests: sizes.warmUp })
    const before = await ours.held()
    await load(ours, { body: page, connections: 8, requests: sizes.pages })
    const grown = ((await ours.held()) - before) / 2 ** 20

    const lines: Line[] = [
      {
        goal: 'P10',
        what: '{ __typename } a second over a bare Yoga',
        values: ratios.perSecond,
        limit: { atLeast: 1.5 },
      },
      { what: '{ __typename }: CPU over that of a bare Yoga', values: ratios.cpu },
      { goal: 'P11', what: 'CPU of a token that is known, µs', values: micros.verify, limit: { atMost: 20 } },
      {
        what: 'CPU of a caller with access as it is now (one SQL statement), µs',
        values: micros.authenticate,
      },
      {
        goal: 'P12',
        what: `memory after ${sizes.pages} pages of 100, MiB more`,
        values: [grown],
        limit: { atMost: 20 },
      },
    ]
    report('shell', lines, { ...sizes, rounds: options.rounds })
  } finally {
    await accessTokens.close()
    await ours.stop()
    await yoga.stop()
    await upstream.stop()
    await base.close()
  }
})
