import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { Tenant } from '../../../simulator/world.ts'
import { aFeedRecord, aFeedScene, type FeedScene, type FeedSceneOptions } from '../../../test/support/feed-scene.ts'
import { ownerSql } from '../../../test/support/owner-sql.ts'
import { openClient } from '../../db/driver.ts'
import { createFeedReader, type FeedReader, type FeedReaderOptions } from './reader.ts'

let scene: FeedScene
const readers: FeedReader[] = []
afterEach(async () => {
  for (const reader of readers.splice(0)) await reader.close()
  await scene.close()
})

async function open(options: FeedSceneOptions = {}): Promise<void> {
  scene = await aFeedScene(options)
}
async function aReader(options: Omit<FeedReaderOptions, 'jobsUrl'> = {}): Promise<void> {
  readers.push(await createFeedReader(scene.services, { jobsUrl: scene.database.jobsUrl, ...options }))
}
const raise = (tenant: Tenant, ...indexes: number[]) =>
  scene.microsoft.simulator.raise(
    tenant.id,
    indexes.map((index) => aFeedRecord(tenant, index, scene.now())),
  )
async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await sleep(20)
}
const hasEvents = (tenant: Tenant, count: number) => async () => (await scene.events(tenant)).length >= count
const subscriptions = (tenant: Tenant) =>
  (tenant.activitySubscriptions ?? []).map(({ contentType }) => contentType).sort()
const allTypes = ['Audit.AzureActiveDirectory', 'Audit.Exchange', 'Audit.General', 'Audit.SharePoint']

test('every connected tenant is subscribed to, without data loss prevention, and its events come in by themselves', async () => {
  await open({ tenants: ['Contoso', 'Fabrikam'] })
  await aReader()
  const [contoso, fabrikam] = scene.tenants
  if (!contoso || !fabrikam) throw new Error('Two tenants are needed')
  await until(() => subscriptions(contoso).length === 4 && subscriptions(fabrikam).length === 4)
  expect(subscriptions(contoso)).toEqual(allTypes)
  raise(contoso, 1, 2)
  raise(fabrikam, 3)
  await until(hasEvents(contoso, 2))
  await until(hasEvents(fabrikam, 1))
  const [{ source } = {}] = await ownerSql(scene.database, 'select distinct source from security_event')
  expect(source).toBe('FEED')
})

test('a tenant is read from when it is connected until it is disconnected', async () => {
  await open()
  await scene.connect(false)
  await aReader()
  await sleep(200)
  expect(subscriptions(scene.tenant)).toEqual([])
  await scene.connect(true)
  await until(() => subscriptions(scene.tenant).length === 4)
  await scene.connect(false)
  const held = async () => (await ownerSql(scene.database, 'select 1 from feed where holder is not null')).length
  await until(async () => (await held()) === 0)
  const asked = scene.microsoft.journal().length
  raise(scene.tenant, 1)
  await sleep(400)
  expect(scene.microsoft.journal().length).toBe(asked)
  expect(await scene.events()).toEqual([])
})

test('a feed whose worker died with the job is taken over when its lease ends, and nothing is lost or doubled', async () => {
  await open({ timing: { leaseMs: 600, heartbeatMs: 200 } })
  await scene.turn()
  raise(scene.tenant, 1, 2, 3)
  // Taken, and never heard of again.
  const dead = await scene.take()
  await ownerSql(scene.database, "update feed set lease_ends_at = now() + interval '600 milliseconds'")
  const queue = openClient(scene.database.jobsUrl)
  const jobs = await queue`update graphile_worker._private_jobs set locked_at = now(), locked_by = 'dead', attempts = 1`
  await queue.end()
  expect(jobs.count).toBeGreaterThan(0)
  await aReader()
  await until(hasEvents(scene.tenant, 3))
  expect(await scene.status()).toMatchObject({ events: 3, duplicates: 0 })
  expect(dead.holder).not.toBe('')
})

test('several workers share the feeds, and never read one at the same time', async () => {
  await open({ tenants: ['Contoso', 'Fabrikam', 'Litware', 'Northwind'] })
  for (let count = 0; count < 3; count += 1) await aReader({ turnsMax: 3 })
  for (const tenant of scene.tenants) await until(() => subscriptions(tenant).length === 4)
  for (const [place, tenant] of scene.tenants.entries())
    raise(tenant, ...[1, 2, 3, 4, 5].map((index) => place * 100 + index))
  for (const tenant of scene.tenants) await until(hasEvents(tenant, 5))
  const [row] = await ownerSql(
    scene.database,
    'select sum(events)::int as events, sum(duplicates)::int as duplicates from feed',
  )
  expect(row).toEqual({ events: 20, duplicates: 0 })
})

test('tenants whose feed does not answer take a share of the turns; the others are read as before', async () => {
  await open({ tenants: ['Contoso', 'Fabrikam', 'Litware', 'Northwind'], timing: { backoffMs: 10, backoffMsMax: 20 } })
  const [contoso, ...sick] = scene.tenants
  if (!contoso) throw new Error('A tenant is needed')
  for (const { id } of sick) {
    scene.microsoft.fault({
      fault: 'status',
      service: 'management',
      tenantId: id,
      times: 999,
      args: { status: 400, code: 'AF20012' },
    })
  }
  await aReader({ turnsMax: 4 })
  await until(() => subscriptions(contoso).length === 4)
  await until(async () => (await ownerSql(scene.database, 'select 1 from feed where failures > 0')).length === 12)
  for (const { id } of sick) {
    scene.microsoft.fault({ fault: 'delay', service: 'management', tenantId: id, times: 999, args: { ms: 3_600_000 } })
  }
  raise(contoso, 1)
  await until(hasEvents(contoso, 1))
  const holding = async () =>
    await ownerSql(scene.database, 'select 1 from feed where failures > 0 and holder is not null')
  await until(async () => (await holding()).length > 0)
  raise(contoso, 2)
  await until(hasEvents(contoso, 2))
  expect((await holding()).length).toBeLessThanOrEqual(1)
})

test('what is done once a day for a tenant is done when its feed is first read; a failure holds nothing up', async () => {
  await open()
  const done: string[] = []
  let fails = true
  const daily = async (_: unknown, tenantId: string) => {
    done.push(tenantId)
    if (fails) throw new Error('not now')
  }
  await aReader({ daily: [daily] })
  await until(() => subscriptions(scene.tenant).length === 4)
  raise(scene.tenant, 1)
  await until(hasEvents(scene.tenant, 1))
  expect(done.length).toBeGreaterThan(0)
  fails = false
  const tended = async () => (await ownerSql(scene.database, 'select 1 from feed where tended_at is not null')).length
  await until(async () => (await tended()) === 4)
  const times = done.length
  const turns = () => scene.microsoft.journal().filter(({ path }) => path.includes('Audit.AzureActiveDirectory')).length
  const before = turns()
  await until(() => turns() > before + 3)
  expect(done.length).toBe(times)
  scene.later(25 * 3_600_000)
  await until(() => done.length > times)
  expect(new Set(done)).toEqual(new Set([scene.tenant.id]))
})
