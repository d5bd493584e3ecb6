/** Where the CPU time of a page goes: a profile of our server from its sources, under load, summed up by package and folder. */
import { withDatabases } from './databases.ts'
import { report } from './goals.ts'
import { load } from './load.ts'
import { readOptions } from './options.ts'
import { storeEvents } from './pages/scene.ts'
import { aPageWorld, pageQuery } from './pages/world.ts'
import { startOurs } from './servers/ours.ts'
import type { Profile } from './servers/server.ts'
import { startUpstream } from './upstream/upstream.ts'

/** A package, a folder of ours, or a part of Node.js. */
function placeOf(url: string, functionName: string): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'built into V8'
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)/g
  const named = [...url.matchAll(inPackage)].at(-1)?.[1]
  if (named) return named
  const [, ours] = /\/(src\/[^/]+(?:\/[^/]+)?)/.exec(url) ?? []
  return ours ?? url.replace(/^node:([^/]+).*/, 'node:$1')
}

function sumsOf({ nodes, samples, timeDeltas }: Profile) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const places = new Map<string, number>()
  const functions = new Map<string, number>()
  samples.forEach((id, index) => {
    const frame = frames.get(id)
    const time = timeDeltas[index] ?? 0
    if (!frame || frame.functionName === '(idle)' || frame.functionName === '(program)') return
    const place = placeOf(frame.url, frame.functionName)
    places.set(place, (places.get(place) ?? 0) + time)
    const name = `${frame.functionName || '(anonymous)'} ${frame.url.split('/').slice(-2).join('/')}:${frame.lineNumber + 1}`
    functions.set(name, (functions.get(name) ?? 0) + time)
  })
  const total = [...places.values()].reduce((sum, time) => sum + time, 0)
  const sorted = (all: Map<string, number>) =>
    [...all].toSorted(([, a], [, b]) => b - a).map(([name, time]) => ({ name, share: time / total }))
  return { totalMs: total / 1000, places: sorted(places), functions: sorted(functions) }
}

const options = readOptions()
const pages = options.smoke ? 5 : 300
const { world, tenant, records, analyst } = aPageWorld(options)
const body = JSON.stringify({ query: pageQuery, variables: { first: options.events } })

await withDatabases(async ({ make }) => {
  const base = await make()
  const upstream = await startUpstream(world)
  try {
    await storeEvents(base.db, [tenant], records)
    const token = await upstream.token(analyst)
    const ours = await startOurs({ upstream, databaseUrl: base.url, token, command: 'src/cli.ts' })
    await load(ours, { body, connections: 8, requests: pages })
    const sums = sumsOf(await ours.profileOf(() => load(ours, { body, connections: 8, requests: pages })))
    await ours.stop()
    const share = (one: { name: string; share: number }) => ({ what: `${one.name}, %`, values: [one.share * 100] })
    report(
      'profile',
      [
        { what: 'CPU of a page, ms', values: [sums.totalMs / pages] },
        ...sums.places.slice(0, 30).map(share),
        ...sums.functions.slice(0, 40).map(share),
      ],
      { events: options.events, users: options.users, pages },
    )
  } finally {
    await upstream.stop()
    await base.close()
  }
})
