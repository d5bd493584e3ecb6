/**
 * P4, P5, P7, P8, P9: a page of events with remediations, against the bound (bare node:http, the fewest batches) and against Apollo
 * and Mercurius, all on the same fake Microsoft 365 and with the same answer.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { PgDialect } from 'drizzle-orm/pg-core'
import { eventPageStatement } from '../src/db/events.ts'
import { withDatabases } from './databases.ts'
import { type Line, report } from './goals.ts'
import { ask, load } from './load.ts'
import { readOptions } from './options.ts'
import { type PageAnswer, pageOf } from './pages/page.ts'
import { storeEvents } from './pages/scene.ts'
import { aPageWorld, application, pageQuery } from './pages/world.ts'
import { quantile } from './rounds.ts'
import { startOurs } from './servers/ours.ts'
import { root, type Server, startServer } from './servers/server.ts'
import { startUpstream } from './upstream/upstream.ts'

const options = readOptions()
const latencyMs = 40
const sizes = options.smoke
  ? { warmUp: 3, sequential: 3, parallel: 8, connections: 4 }
  : { warmUp: 200, sequential: 30, parallel: 160, connections: 32 }
const havePeers = existsSync(join(root, 'bench/peers/node_modules'))
if (!havePeers) {
  console.error('Apollo and Mercurius are left out: "npm ci --prefix bench/peers" installs them.')
}

const { world, tenant, records, analyst } = aPageWorld(options)
const body = JSON.stringify({ query: pageQuery, variables: { first: options.events } })

interface Round {
  /** Milliseconds of pages one after the other, at 40 ms. */
  times: number[]
  perSecond: number
  /** Milliseconds of CPU that a page takes under load. */
  cpuMs: number
}

/** Each server's part of each round, the servers in turns. */
async function measure(servers: readonly Server[], setLatency: (ms: number) => Promise<void>) {
  const rounds = new Map<Server, Round[]>(servers.map((server) => [server, []]))
  for (const server of servers) await load(server, { body, connections: sizes.connections, requests: sizes.warmUp })
  for (let round = 0; round < options.rounds; round++) {
    for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
      await setLatency(latencyMs)
      await load(server, { body, connections: 1, requests: 3 })
      const { times } = await load(server, { body, connections: 1, requests: sizes.sequential })
      await setLatency(0)
      const before = await server.cpu()
      const { perSecond, times: all } = await load(server, {
        body,
        connections: sizes.connections,
        requests: sizes.parallel,
      })
      const after = await server.cpu()
      rounds.get(server)?.push({ times, perSecond, cpuMs: (after - before) / all.length })
    }
  }
  return rounds
}

function judged(rounds: Map<Server, Round[]>): Line[] {
  const named = (name: string) => [...rounds].find(([server]) => server.name === name)?.[1] ?? []
  const ours = named('ours')
  const over = (value: (round: Round) => number, other: string) =>
    ours.map((round, index) => {
      const theirs = named(other)[index]
      return theirs ? value(round) / value(theirs) : Number.NaN
    })
  const p50 = ({ times }: Round) => quantile(times, 0.5)
  const perSecond = (round: Round) => round.perSecond
  const cpu = ({ cpuMs }: Round) => cpuMs
  const all = ours.flatMap(({ times }) => times)
  const lines: Line[] = [
    {
      goal: 'P4',
      what: 'p50 of a page over 40 ms',
      values: ours.map((one) => p50(one) / latencyMs),
      limit: { atMost: 1.2 },
    },
    {
      goal: 'P5',
      what: 'p99 of a page over 40 ms, all rounds',
      values: [quantile(all, 0.99) / latencyMs],
      limit: { atMost: 1.4 },
    },
    { goal: 'P7', what: 'CPU of a page over the bound', values: over(cpu, 'bound'), limit: { atMost: 1.6 } },
    { goal: 'P8', what: 'throughput over the bound', values: over(perSecond, 'bound'), limit: { atLeast: 0.6 } },
  ]
  if (named('apollo').length > 0) {
    lines.push(
      {
        goal: 'P9',
        what: 'throughput over Apollo, dataloader',
        values: over(perSecond, 'apollo'),
        limit: { atLeast: 4 },
      },
      {
        goal: 'P9',
        what: 'throughput over Mercurius, jit',
        values: over(perSecond, 'mercurius'),
        limit: { atLeast: 1.3 },
      },
    )
  }
  if (options.against) {
    lines.push({ what: 'CPU of a page over that of the other build', values: over(cpu, 'ours before') })
  }
  lines.push(
    {
      what: 'CPU of a page over the bound that reads the events from SQL',
      values: over(cpu, 'bound with SQL'),
    },
    {
      what: 'throughput over the bound that reads the events from SQL',
      values: over(perSecond, 'bound with SQL'),
    },
  )
  for (const [{ name }, all] of rounds) {
    lines.push(
      { what: `${name}: p50 over 40 ms`, values: all.map((one) => p50(one) / latencyMs) },
      { what: `${name}: CPU of a page, ms`, values: all.map(cpu) },
      { what: `${name}: pages a second`, values: all.map(perSecond) },
    )
  }
  return lines
}

await withDatabases(async ({ make }) => {
  const base = await make()
  const upstream = await startUpstream(world)
  const folder = mkdtempSync(join(tmpdir(), 'tourniquet-bench-page-'))
  const servers: Server[] = []
  try {
    await storeEvents(base.db, [tenant], records)
    const token = await upstream.token(analyst)
    const command = options.sources ? { command: 'src/cli.ts' } : {}
    const ours = await startOurs({ upstream, databaseUrl: base.url, token, ...command })
    servers.push(ours)
    if (options.against) {
      const before = { upstream, databaseUrl: base.url, token, command: options.against, name: 'ours before' }
      servers.push(await startOurs(before))
    }
    const answer = await ask<PageAnswer>(ours, body)
    if (answer.errors) throw new Error(JSON.stringify(answer.errors))
    const statement = new PgDialect().sqlToQuery(
      eventPageStatement({ tenantIds: [tenant.id], filter: {}, first: options.events }),
    )
    const pageFile = join(folder, 'page.json')
    writeFileSync(
      pageFile,
      JSON.stringify(pageOf(answer, tenant.id, { text: statement.sql, params: statement.params })),
    )
    const app = { tenantId: tenant.id, appId: application.appId }
    const env = {
      UPSTREAM_URL: upstream.url,
      NODE_EXTRA_CA_CERTS: upstream.caFile,
      GRAPH_TOKEN: await upstream.token({ ...app, audience: 'https://graph.microsoft.com' }),
      EXCHANGE_TOKEN: await upstream.token({ ...app, audience: 'https://outlook.office365.com' }),
      PAGE_FILE: pageFile,
    }
    const bound = ['bench/servers/bound.ts']
    servers.push(await startServer({ name: 'bound', run: bound, env }))
    servers.push(await startServer({ name: 'bound with SQL', run: bound, env: { ...env, DATABASE_URL: base.url } }))
    for (const name of havePeers ? ['apollo', 'mercurius'] : []) {
      servers.push(await startServer({ name, run: [`bench/peers/${name}.js`], env }))
    }
    for (const server of servers) {
      const theirs = await ask<PageAnswer>(server, body)
      if (isDeepStrictEqual(theirs.data, answer.data)) continue
      throw new Error(`${server.name} does not answer the same page: ${JSON.stringify(theirs).slice(0, 2_000)}`)
    }
    const rounds = await measure(servers, (ms) => upstream.set({ latencyMs: ms }))
    const { events, users, rounds: count } = options
    report('pages', judged(rounds), { events, users, rounds: count, ...sizes })
  } finally {
    for (const server of servers) await server.stop()
    await upstream.stop()
    await base.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
