/** What it costs the gateway to refuse a hostile document, beside answering a trivial one in the same round. */
import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createMicrosoft } from '../src/clients/microsoft.ts'
import { createLog } from '../src/connect.ts'
import { createApiKey } from '../src/db/api-keys.ts'
import { migrationsPending } from '../src/db/migrate.ts'
import { createGateway } from '../src/server.ts'
import { productionTiming } from '../src/timing.ts'
import { hostileDocuments } from '../test/support/hostile-documents.ts'
import { type BenchDatabase, withDatabases } from './databases.ts'
import { type Line, report } from './goals.ts'
import { readOptions } from './options.ts'
import { spreadOf } from './rounds.ts'
import { createSender } from './sender.ts'

const { smoke, rounds } = readOptions()
/** Requests of each document in a round; none is sent twice as it is, so that nothing is remembered. */
const requests = smoke ? 1 : 5
const msMax = 10

interface Document {
  title: string
  query: string
  variables: Record<string, unknown>
  /** How it must be answered. */
  answer: string
}

const trivial: Document = { title: 'trivial, and answered', query: '{ __typename }', variables: {}, answer: '200' }
const documents: readonly Document[] = [
  trivial,
  ...Object.entries(hostileDocuments).flatMap(([code, hostile]) =>
    hostile.map(([title, query, variables = {}]) => ({ title, query, variables, answer: `400 ${code}` })),
  ),
]

/** A gateway with its whole way from the socket to the answer; Microsoft is nowhere, and nothing may ask it. */
async function aGateway({ db }: BenchDatabase) {
  const key = `tq_${randomBytes(32).toString('base64url')}`
  const hash = createHash('sha256').update(key).digest()
  await db.plain((tx) => createApiKey(tx, { name: 'Benchmark', hash, lastFour: key.slice(-4) }))
  const log = createLog('silent')
  const nowhere = 'https://127.0.0.1:1'
  const microsoft = createMicrosoft({
    clientId: crypto.randomUUID(),
    credential: { secret: 'unused' },
    entraUrl: nowhere,
    graphUrl: nowhere,
    exchangeUrl: nowhere,
    managementUrl: nowhere,
    log,
  })
  const gateway = createGateway({
    services: {
      db,
      microsoft,
      mail: null,
      log,
      now: () => new Date(),
      timing: productionTiming,
      publicUrl: 'https://tourniquet.example.com',
      supportEmail: null,
      clientId: crypto.randomUUID(),
      entraPortalUrl: nowhere,
      entraUrl: nowhere,
      sealingKeys: [randomBytes(32)],
    },
    accessTokens: { verify: () => Promise.reject(new Error('Only the API key is used.')) },
    migrationsPending: () => migrationsPending(db),
    // With hints and introspection, which cost more than their refusal.
    introspection: 'on',
  })
  const server = createServer(gateway.handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    authorization: `Bearer ${key}`,
    async close() {
      gateway.drain()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await microsoft.close()
    },
  }
}

type Sends = (bodies: readonly string[]) => Promise<readonly string[]>

/** Milliseconds of the gateway's thread for one request. */
async function cpuOf(document: Document, round: number, send: Sends): Promise<number> {
  const bodies = Array.from({ length: requests }, (_, index) =>
    JSON.stringify({ query: `${document.query}\n# ${round}.${index}`, variables: document.variables }),
  )
  const before = process.threadCpuUsage()
  const answers = await send(bodies)
  const { user, system } = process.threadCpuUsage(before)
  const wrong = answers.find((answer) => answer !== document.answer)
  if (wrong) throw new Error(`"${document.title}" was answered "${wrong}" instead of "${document.answer}".`)
  return (user + system) / 1000 / requests
}

await withDatabases(async ({ make }) => {
  const database = await make()
  const gateway = await aGateway(database)
  const { url, authorization } = gateway
  const sender = createSender()
  const send: Sends = (bodies) => sender.send({ url, authorization, bodies })
  const times = new Map<string, number[]>(documents.map(({ title }) => [title, []]))
  try {
    // The first round only warms up.
    for (let round = smoke ? 1 : 0; round <= rounds; round++) {
      for (const document of documents) {
        const ms = await cpuOf(document, round, send)
        if (round > 0) times.get(document.title)?.push(ms)
      }
    }
  } finally {
    await sender.close()
    await gateway.close()
    await database.close()
  }
  const lines: Line[] = [...times].map(([what, values]) => ({ what, values }))
  const medians = [...times].filter(([title]) => title !== trivial.title).map(([, all]) => spreadOf(all).median)
  report(
    'hostile',
    [
      ...lines,
      {
        goal: 'hostile documents',
        what: `of ${medians.length} documents, CPU ms to refuse the dearest`,
        values: [Math.max(...medians)],
        limit: { atMost: msMax },
        beside: `${medians.filter((ms) => ms <= msMax).length} in ${msMax} ms at most`,
      },
    ],
    { rounds, requests, unit: 'CPU ms of the gateway for one request' },
  )
})
