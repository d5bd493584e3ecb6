import { afterEach, expect, test } from 'vitest'
import { anApplication, person } from '../../../simulator/builders.ts'
import type { Fault } from '../../../simulator/engine-types.ts'
import { aScene, everyPermission, type Scene, type SceneOptions } from '../../../test/support/remediations.ts'
import { assessmentOf } from '../remediations/assess.ts'
import { tenantHealth } from './health.ts'

let scene: Scene
afterEach(() => scene.close())

async function open(options: Omit<SceneOptions, 'people'> = {}) {
  scene = await aScene({ people: [person('Ada')], ...options })
}

async function found() {
  const health = await tenantHealth(await scene.as(), scene.tenant.id)
  const check = health.checks.find(({ name }) => name === 'ACTIVITY_FEED')
  return { ...health, feed: check }
}

const withoutFeed = everyPermission.filter((name) => name !== 'ActivityFeed.Read')
const { appId } = anApplication({ displayName: 'Tourniquet' })
const subscribed = (status: 'enabled' | 'disabled', disabledByAdmin = false) =>
  open({
    change: (tenant) => {
      tenant.activitySubscriptions = [
        { appId, contentType: 'Audit.General', status: 'enabled' },
        { appId, contentType: 'Audit.Exchange', status, disabledByAdmin },
        { appId: 'another', contentType: 'Audit.SharePoint', status: 'disabled' },
      ]
    },
  })

test('a feed that answers is healthy, whether or not anything is subscribed to yet', async () => {
  await open()
  expect(await found()).toMatchObject({ status: 'HEALTHY', feed: { status: 'HEALTHY', mendUrl: null } })
  await scene.close()
  await subscribed('enabled')
  expect(await found()).toMatchObject({ status: 'HEALTHY', feed: { status: 'HEALTHY' } })
})

test('B19 without ActivityFeed.Read no new events arrive, and no remediation is blocked or greyed out', async () => {
  await open({ permissions: withoutFeed })
  expect(await found()).toMatchObject({
    status: 'UNHEALTHY',
    mendUrl: expect.stringContaining('/consent/'),
    feed: {
      status: 'UNHEALTHY',
      missingPermissions: ['ActivityFeed.Read'],
      message: expect.stringContaining('no new events arrive'),
      blocks: [],
      mendUrl: expect.stringContaining('/consent/'),
    },
  })
  const { available, greyedOut } = await assessmentOf(await scene.as(), await scene.anEventAbout('Ada'))
  expect(available.map(({ kind }) => kind)).toContain('DISABLE_USER')
  expect(greyedOut.filter(({ code }) => code === 'TENANT_UNHEALTHY')).toEqual([])
})

test('without leave to read the grants, the feed itself tells that its permission is missing', async () => {
  await open({ permissions: withoutFeed.filter((name) => name !== 'Application.Read.All') })
  expect((await found()).feed).toMatchObject({ status: 'UNHEALTHY', missingPermissions: ['ActivityFeed.Read'] })
})

test.each(['AuditingDisabledTenant', 'AF20011', 'AF20012', 'AF20013'] as const)(
  'B20 auditing that is off is named, and where to turn it on: %s',
  async (code) => {
    await open({ change: (tenant) => Object.assign(tenant, { auditingDisabled: true }) })
    if (code !== 'AuditingDisabledTenant') scene.microsoft.world.switches = { auditingOffAnswers: code }
    expect(await found()).toMatchObject({
      status: 'UNHEALTHY',
      feed: {
        status: 'UNHEALTHY',
        message: expect.stringContaining('Auditing is switched off'),
        blocks: [],
        mendUrl: expect.stringMatching(/^https:\/\/.*audit-log-enable-disable$/),
      },
    })
  },
)

test.each([false, true])('B20 a subscription that is off is named (by an administrator: %s)', async (byAdmin) => {
  await subscribed('disabled', byAdmin)
  const { status, feed } = await found()
  expect(status).toBe('UNHEALTHY')
  expect(feed).toMatchObject({ status: 'UNHEALTHY', blocks: [], mendUrl: expect.stringMatching(/^https:/) })
  expect(feed?.message).toContain('Audit.Exchange')
  expect(feed?.message).not.toMatch(/Audit\.(General|SharePoint)/)
})

const status = (code: number, name?: string): Omit<Fault, 'service'> => ({
  fault: 'status',
  times: 9,
  args: { status: code, ...(name && { code: name }) },
})
test.each<[string, Omit<Fault, 'service'>, string, string]>([
  ['an administrator switched it off', status(400, 'AF20023'), 'UNHEALTHY', 'An administrator'],
  ['a new grant is not in the token yet', status(403), 'UNHEALTHY', 'refuses our token (AF10001)'],
  ['the token is refused', status(401, 'Unauthorized'), 'UNHEALTHY', 'refuses our token'],
  ['it is out of order', { fault: 'status', times: 9, args: { status: 500 } }, 'UNKNOWN', 'did not answer'],
  ['it throttles for long', { fault: 'throttle', times: 9, args: { retryAfter: 120 } }, 'UNKNOWN', 'did not answer'],
  ['connections are cut', { fault: 'resetBefore', times: 9 }, 'UNKNOWN', 'did not answer'],
])('what the feed answers decides: %s', async (_, fault, expected, words) => {
  await open()
  scene.microsoft.fault({ ...fault, service: 'management' } as Fault)
  expect(await found()).toMatchObject({
    status: expected,
    feed: { status: expected, message: expect.stringContaining(words), blocks: [] },
  })
})

test('it is asked for health alone, beside the other reads, and never for what can be done about an event', async () => {
  await open()
  const asked = () => scene.microsoft.journal().filter(({ service }) => service === 'management').length
  const ctx = await scene.as()
  await assessmentOf(ctx, await scene.anEventAbout('Ada'))
  expect(asked()).toBe(0)
  await Promise.all([tenantHealth(ctx, scene.tenant.id), tenantHealth(ctx, scene.tenant.id)])
  expect(asked()).toBe(1)
})
