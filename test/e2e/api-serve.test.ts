import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { anApplication, aTenant, aWorld, person, userOf, withApp } from '../../simulator/builders.ts'
import { type Config, ConfigFault, type Secrets } from '../../src/config.ts'
import { roles } from '../../src/context.ts'
import { openClient } from '../../src/db/driver.ts'
import { pageOfEvents } from '../../src/db/events.ts'
import { enqueue } from '../../src/db/jobs.ts'
import { storeRecords } from '../../src/db/records.ts'
import { upsertTenant } from '../../src/db/tenants.ts'
import { runWorker } from '../../src/run-worker.ts'
import { serve } from '../../src/serve.ts'
import { openEdge } from '../../src/server/edge-options.ts'
import { retainEventsTask } from '../../src/services/events/retention.ts'
import { aTrail } from '../support/audit-trails.ts'
import { aMicrosoft, type TestMicrosoft } from '../support/microsoft.ts'
import { aDatabase, type TestDatabase } from '../support/postgres.ts'
import { aRecord } from '../support/records.ts'
import { aSealingKey } from '../support/sealing-key.ts'

const application = anApplication({ displayName: 'Tourniquet', appRoles: roles })
const contoso = aTenant({ name: 'Contoso', people: [person('Ada')] })
withApp(contoso, application, { people: { Ada: ['Events.Read'] }, permissions: ['ActivityFeed.Read'] })

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
      publisherTenantId: null,
      worker: false,
      entraPortalUrl: 'https://entra.example.com',
      supportEmail: null,
      mail: null,
      eventRetentionDays: null,
      introspection: 'people',
      mutationsPerDocumentMax: 1,
      trustedDocuments: null,
      logLevel: 'silent',
      otelEndpoint: null,
      edge: openEdge,
      shutdownDelaySeconds: 0,
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
  await database.db.withTenants([contoso.id], (tx) =>
    upsertTenant(tx, { id: contoso.id, name: 'Contoso', status: 'PENDING' }),
  )
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

test('a gateway with faulty trusted documents does not start, and tells all their faults', async () => {
  const before = handlers()
  const path = join(mkdtempSync(join(tmpdir(), 'tourniquet-serve-')), 'web.json')
  const texts = ['{ viewr { id } }', '{ nobody }']
  const entries = texts.map((text) => [createHash('sha256').update(text).digest('hex'), text])
  writeFileSync(path, JSON.stringify(Object.fromEntries(entries)))
  const config: Config = { ...settings.config, trustedDocuments: { path, onlyFor: [] } }
  const fault: unknown = await serve({ ...settings, config }).catch((error: unknown) => error)
  expect(fault).toBeInstanceOf(ConfigFault)
  expect(String(fault)).toMatch(/viewr[\s\S]*nobody/)
  expect(handlers()).toBe(before)
  rmSync(dirname(path), { recursive: true })
})

test('a worker starts, and ends without leaving anything open', async () => {
  const before = handlers()
  const worker = await runWorker(settings)
  await worker.close()
  await worker.closed
  expect(handlers()).toBe(before)
})

test('a gateway is a worker, too, unless it is told not to be: the feed of a connected tenant is read', async () => {
  const subscriptions = () => microsoft.tenant('Contoso').activitySubscriptions ?? []
  await database.db.withTenants([contoso.id], (tx) =>
    upsertTenant(tx, { id: contoso.id, name: 'Contoso', status: 'CONNECTED' }),
  )
  const before = handlers()
  const without = await serve(settings)
  await without.close()
  expect(subscriptions()).toEqual([])
  const serving = await serve({ ...settings, config: { ...settings.config, worker: true } })
  while (subscriptions().length < 4) await new Promise((resolve) => setTimeout(resolve, 50))
  await serving.close()
  expect(handlers()).toBe(before)
})

test('a gateway without the address of the job queue serves all the same', async () => {
  const { config, secrets } = settings
  const serving = await serve({ config: { ...config, worker: true }, secrets: { ...secrets, databaseJobsUrl: null } })
  expect((await fetch(`${serving.url}/health/ready`)).status).toBe(200)
  await serving.close()
})

test('a worker takes away the events that are older than the configuration keeps', async () => {
  const { db } = database
  const events = () =>
    db.withTenants([contoso.id], async (tx) => (await pageOfEvents(tx, { tenantIds: [contoso.id], first: 10 })).events)
  await db.withTenants([contoso.id], async (tx) => {
    await upsertTenant(tx, { id: contoso.id, name: 'Contoso', status: 'CONNECTED' })
    const at = new Date(Date.now() - 800 * 86_400_000)
    await storeRecords(tx, contoso.id, [aRecord('old', {}, { at }), aRecord('new', {}, { at: new Date() })])
  })
  expect(await events()).toHaveLength(2)
  const worker = await runWorker({ ...settings, config: { ...settings.config, eventRetentionDays: 365 } })
  try {
    await db.plain((tx) => enqueue(tx, retainEventsTask, {}))
    await vi.waitUntil(async () => (await events()).length === 1, { timeout: 30_000, interval: 100 })
  } finally {
    await worker.close()
  }
})

test('a worker signs the audit when its time has come', async () => {
  const { append, verify } = await aTrail(database, settings.secrets.sealingKeys)
  await append(3)
  await database.db.plain((tx) => enqueue(tx, 'sign-audit-heads', {}))
  const worker = await runWorker(settings)
  await expect.poll(async () => (await verify()).signedUpTo, { timeout: 60_000 }).toBe(3)
  await worker.close()
  const jobs = openClient(database.jobsUrl)
  const scheduled = await jobs`select identifier from graphile_worker._private_known_crontabs order by identifier`
  await jobs.end()
  expect([...scheduled]).toEqual([
    { identifier: 'forget-dead-jobs' },
    { identifier: 'retain-events' },
    { identifier: 'sign-audit-heads' },
    { identifier: 'verify-audit-trails' },
  ])
})
