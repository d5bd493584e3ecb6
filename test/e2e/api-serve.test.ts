import { request } from 'node:http'
import { createServer } from 'node:net'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { anApplication, aTenant, aWorld, person, userOf, withApp } from '../../simulator/builders.ts'
import type { Config, Secrets } from '../../src/config.ts'
import { roles } from '../../src/context.ts'
import { enqueue } from '../../src/db/jobs.ts'
import { runWorker } from '../../src/run-worker.ts'
import { serve } from '../../src/serve.ts'
import { aTrail } from '../support/audit-trails.ts'
import { aMicrosoft, type TestMicrosoft } from '../support/microsoft.ts'
import { aDatabase, type TestDatabase } from '../support/postgres.ts'
import { aSealingKey } from '../support/sealing-key.ts'

const application = anApplication({ displayName: 'Tourniquet', appRoles: roles })
const contoso = aTenant({ name: 'Contoso', people: [person('Ada')] })
withApp(contoso, application, { people: { Ada: ['Events.Read'] } })

let database: TestDatabase
let microsoft: TestMicrosoft
let settings: { config: Config; secrets: Secrets }

beforeAll(async () => {
  database = await aDatabase()
  microsoft = await aMicrosoft(aWorld({ tenants: [contoso], applications: [application] }))
  settings = {
    config: {
      host: '127.0.0.1',
      port: 0,
      publicUrl: 'http://127.0.0.1',
      databasePoolMax: 2,
      cloud: 'global',
      clientId: application.appId,
      credential: 'SECRET',
      apiAudience: application.appId,
      entraUrl: microsoft.url,
      graphUrl: microsoft.url,
      exchangeUrl: microsoft.url,
      managementUrl: microsoft.url,
      entraPortalUrl: 'https://entra.example.com',
      supportEmail: null,
      mail: null,
      logLevel: 'silent',
      otelEndpoint: null,
    },
    secrets: {
      databaseUrl: database.url,
      databaseMigrationUrl: null,
      databaseJobsUrl: database.jobsUrl,
      credential: { secret: application.secrets[0] ?? '' },
      sealingKeys: [aSealingKey()],
      smtpUrl: null,
    },
  }
})
afterAll(async () => {
  await microsoft?.close()
  await database?.drop()
})

const handlers = () => process.listenerCount('SIGTERM') + process.listenerCount('SIGINT')

test('a gateway that is told to stop finishes what is under way and leaves nothing open', async () => {
  const before = handlers()
  const serving = await serve(settings)
  const token = microsoft.token({ tenantId: contoso.id, userId: userOf(contoso, 'Ada').id })
  const body = JSON.stringify({ query: '{ viewer { operator { displayName } } }' })
  const answer = Promise.withResolvers<{ status: number | undefined; text: string }>()
  const call = request(
    `${serving.url}/graphql`,
    {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    },
    async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      answer.resolve({ status: response.statusCode, text })
    },
  ).on('error', answer.reject)
  // Half of the body is there when the signal comes.
  call.write(body.slice(0, 10))
  await new Promise((resolve) => setTimeout(resolve, 100))
  const closed = serving.close()
  call.end(body.slice(10))
  expect(await answer.promise).toMatchObject({ status: 200, text: expect.stringContaining('Ada') })
  await closed
  await serving.closed
  await expect(fetch(`${serving.url}/health/live`)).rejects.toThrow()
  expect(handlers()).toBe(before)
})

test('a subscription does not hold up a gateway that is told to stop, and is told so', async () => {
  const serving = await serve(settings)
  const token = microsoft.token({ tenantId: contoso.id, userId: userOf(contoso, 'Ada').id })
  const answer = await fetch(`${serving.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription { securityEventAdded { cursor } }' }),
  })
  const text = answer.text()
  const closed = serving.close()
  expect(await text).toMatch(/"code":"SHUTTING_DOWN".*event: complete/s)
  await closed
  await expect(fetch(`${serving.url}/health/live`)).rejects.toThrow()
})

test('a port that is taken is said at once', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const address = other.address()
  const port = typeof address === 'object' && address ? address.port : 0
  await expect(serve({ ...settings, config: { ...settings.config, port } })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  })
  await new Promise((resolve) => other.close(resolve))
})

test('a worker starts, and ends without leaving anything open', async () => {
  const before = handlers()
  const worker = await runWorker(settings)
  await worker.close()
  await worker.closed
  expect(handlers()).toBe(before)
})

test('a worker signs the audit when its time has come', async () => {
  const { append, verify } = await aTrail(database, settings.secrets.sealingKeys)
  await append(3)
  await database.db.plain((tx) => enqueue(tx, 'sign-audit-heads', {}))
  const worker = await runWorker(settings)
  await expect.poll(async () => (await verify()).signedUpTo, { timeout: 60_000 }).toBe(3)
  await worker.close()
  const jobs = postgres(database.jobsUrl, { max: 1 })
  const scheduled = await jobs`select identifier from graphile_worker._private_known_crontabs order by identifier`
  await jobs.end()
  expect([...scheduled]).toEqual([{ identifier: 'sign-audit-heads' }, { identifier: 'verify-audit-trails' }])
})
