/** P17: from the start of the process to the first answer, against a bare node:http server. */
import { spawn } from 'node:child_process'
import { request } from 'node:http'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { aFreePort } from '../test/support/free-port.ts'
import { withDatabases } from './databases.ts'
import { type Line, report } from './goals.ts'
import { readOptions } from './options.ts'
import { aPageWorld } from './pages/world.ts'
import { environmentOf, ourCommand } from './servers/ours.ts'
import { root } from './servers/server.ts'
import { startUpstream } from './upstream/upstream.ts'

const options = readOptions()

/** Whether it answers, with what status it likes. */
const answers = (port: number, path: string, headers: Record<string, string>): Promise<boolean> =>
  new Promise((done) => {
    const post = path === '/graphql'
    const sent = request({ host: '127.0.0.1', port, path, method: post ? 'POST' : 'GET', headers }, (response) => {
      response.resume().once('end', () => done(response.statusCode === 200))
    })
    sent.once('error', () => done(false))
    sent.end(post ? '{"query":"{ __typename }"}' : undefined)
  })

async function millisecondsToAnswer(
  run: readonly string[],
  env: Record<string, string>,
  path: string,
  headers: Record<string, string> = {},
): Promise<number> {
  const port = await aFreePort()
  const [file = '', ...args] = run
  const begun = performance.now()
  const child = spawn(process.execPath, [resolve(root, file), ...args], {
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env, PORT: String(port) },
    stdio: 'ignore',
  })
  const ended = new Promise((done) => child.once('close', done))
  while (!(await answers(port, path, headers))) {
    if (performance.now() - begun > 60_000) throw new Error(`${file} does not answer.`)
    await sleep(2)
  }
  const ms = performance.now() - begun
  child.kill('SIGKILL')
  await ended
  return ms
}

await withDatabases(async ({ make }) => {
  const base = await make()
  const { world, analyst } = aPageWorld({ events: 1, users: 1 })
  const upstream = await startUpstream(world)
  try {
    const env = environmentOf(upstream, base.url)
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${await upstream.token(analyst)}`,
    }
    const ours = [options.sources ? 'src/cli.ts' : ourCommand(), 'serve']
    const ratios: Record<'live' | 'graphql', number[]> = { live: [], graphql: [] }
    const bareMs: number[] = []
    for (let round = 0; round <= options.rounds; round++) {
      const bare = await millisecondsToAnswer(['bench/servers/bare.ts'], {}, '/')
      const live = await millisecondsToAnswer(ours, env, '/health/live')
      const graphql = await millisecondsToAnswer(ours, env, '/graphql', headers)
      // The first round only fills the caches of the disk.
      if (round === 0) continue
      bareMs.push(bare)
      ratios.live.push(live / bare)
      ratios.graphql.push(graphql / bare)
    }
    const lines: Line[] = [
      { goal: 'P17', what: 'spawn to first answer over a bare node:http', values: ratios.live, limit: { atMost: 2.5 } },
      { what: 'spawn to the first answer from the API, its caller known', values: ratios.graphql },
      { what: 'bare node:http: spawn to first answer, ms', values: bareMs },
    ]
    report('start', lines, { rounds: options.rounds, command: ours[0] })
  } finally {
    await upstream.stop()
    await base.close()
  }
})
