import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { withApp } from '../../../simulator/builders.ts'
import type { Fault } from '../../../simulator/engine-types.ts'
import type { FaultHandle } from '../../../simulator/faults.ts'
import type { FeedSettings } from '../../../simulator/world.ts'
import {
  aFeedScene,
  dayMs,
  type FeedScene,
  type FeedSceneOptions,
  hourMs,
  recordId,
} from '../../../test/support/feed-scene.ts'
import { ownerSql } from '../../../test/support/owner-sql.ts'
import { importRecords } from '../events/import.ts'
import { takeTurn } from './take-turn.ts'

let scene: FeedScene
afterEach(() => scene.close())

async function open(options: FeedSceneOptions = {}): Promise<void> {
  scene = await aFeedScene(options)
}
/** Subscribed, with nothing in it. */
async function subscribed(options: FeedSceneOptions = {}): Promise<void> {
  await open(options)
  await scene.turn()
}
const records = (...indexes: number[]) => indexes.map((index) => scene.record(index))
const ids = (...indexes: number[]) => indexes.map(recordId)
const handles: FaultHandle[] = []
function fault(given: Omit<Fault, 'service'>): FaultHandle {
  const handle = scene.microsoft.fault({ ...given, service: 'management' } as Fault)
  handles.push(handle)
  return handle
}
const status = (code: number, name: string, path: string, times = 9) =>
  fault({ fault: 'status', path, times, args: { status: code, code: name } })
const starts = () => scene.microsoft.journal().filter(({ path }) => path.includes('/subscriptions/start')).length
const subscription = () => {
  const [found] = scene.tenant.activitySubscriptions ?? []
  if (!found) throw new Error('Nothing is subscribed to')
  return found
}

describe('what arrives', () => {
  test('the first turn subscribes, takes what Microsoft still has, and says in the audit that it did', async () => {
    await open()
    scene.blob(records(1, 2), 20 * hourMs)
    const after = await scene.turn()
    expect(await scene.events()).toEqual(ids(1, 2))
    expect(after).toMatchObject({ fault: null, events: 2, blobs: 1, openBlobs: 0 })
    expect(after.receivedAt).not.toBeNull()
    expect(after.subscribedAt).not.toBeNull()
    expect(await scene.audit()).toMatchObject([{ name: 'feed.subscribed', details: { again: false } }])
    expect(await scene.gaps()).toEqual([])
  })

  test('a subscription that is there already (AF20024) is as good as a new one', async () => {
    await open()
    const { clientId, tenant } = scene
    tenant.activitySubscriptions = [{ appId: clientId, contentType: 'Audit.AzureActiveDirectory', status: 'enabled' }]
    status(400, 'AF20022', '/subscriptions/content', 1)
    scene.blob(records(1))
    expect(await scene.turn()).toMatchObject({ fault: null, events: 1 })
    expect(await scene.audit()).toEqual([])
  })

  test('what an import of the same records stored is not stored again, and the other way round', async () => {
    await subscribed()
    // Made once: the moment is part of a record.
    const [first, second, third] = records(1, 2, 3)
    const lines = async function* (...given: unknown[]) {
      for (const record of given) yield { line: 1, text: JSON.stringify(record) }
    }
    await importRecords(scene.services, lines(first, second), { source: 'IMPORT' })
    scene.blob([second, third].filter((record) => record !== undefined))
    expect(await scene.turn()).toMatchObject({ duplicates: 1, events: 1 })
    const report = await importRecords(scene.services, lines(third), { source: 'IMPORT' })
    expect(report).toMatchObject({ duplicates: 1, events: {} })
    expect(await scene.events()).toEqual(ids(1, 2, 3))
  })

  test('records that stand in several blobs, and blobs that are listed twice, make one event each', async () => {
    const feed: FeedSettings = { duplicates: true, shuffled: true, blobSize: 3, pageSize: 4 }
    await subscribed({ feed })
    for (let index = 1; index <= 40; index += 1) scene.blob(records(index, index + 1), (index % 7) * 60_000)
    const after = await scene.turn()
    expect(await scene.events()).toEqual(ids(...Array.from({ length: 41 }, (_, index) => index + 1)))
    expect(after).toMatchObject({ events: 41, duplicates: 39, blobs: 40, openBlobs: 0 })
  })

  test('a blob that is listed late, behind what was listed already, is taken', async () => {
    await subscribed()
    scene.blob(records(1))
    await scene.turn()
    scene.blob(records(2), 50 * 60_000)
    await scene.turn()
    expect(await scene.events()).toEqual(ids(1, 2))
  })

  test('one that is later still is found by the long look back, once an hour', async () => {
    await subscribed()
    scene.blob(records(1), 20 * hourMs)
    expect(await scene.turn()).toMatchObject({ events: 0 })
    scene.later(61 * 60_000)
    expect(await scene.turn()).toMatchObject({ events: 1 })
  })

  test('what was read is fetched once, however often it is listed, and is forgotten when it cannot be listed any more', async () => {
    await subscribed()
    const id = scene.blob(records(1))
    for (let turn = 0; turn < 3; turn += 1) await scene.turn()
    scene.later(61 * 60_000)
    await scene.turn()
    const fetched = scene.microsoft.journal().filter(({ path }) => path.includes(`/audit/${encodeURIComponent(id)}`))
    const raw = scene.microsoft.journal().filter(({ path }) => path.includes(`/audit/${id}`))
    expect(fetched.length + raw.length).toBe(1)
    scene.later(2 * dayMs)
    expect(await scene.turn()).toMatchObject({ events: 1, duplicates: 0, blobs: 1 })
    const { rows } = await remembered()
    expect(rows).toBe(0)
  })

  test('records that cannot be read, or belong to another tenant, are counted and kept out, and hold up nobody', async () => {
    await subscribed()
    const foreign = scene.record(9, { OrganizationId: '99999999-0000-4000-8000-000000000009' })
    scene.blob([null, 'text', {}, { ...scene.record(8), CreationTime: 'yesterday' }, foreign, ...records(1)])
    scene.blob(records(2))
    expect(await scene.turn()).toMatchObject({ unreadable: 5, events: 2, fault: null, openBlobs: 0 })
    expect(await scene.events()).toEqual(ids(1, 2))
  })

  test('a large blob is stored in several transactions, whole', async () => {
    await subscribed()
    const many = Array.from({ length: 1201 }, (_, index) => index + 1)
    scene.blob(records(...many))
    expect(await scene.turn()).toMatchObject({ events: 1201, blobs: 1, duplicates: 0 })
  })
})

async function remembered(): Promise<{ rows: number }> {
  const [row] = await ownerSql(scene.database, 'select count(*)::int as rows from feed_blob')
  return { rows: Number(row?.['rows']) }
}

describe('content that cannot be had', () => {
  test.each(['AF20051', 'AF20050'])(
    'expired content is a gap that is stored and audited (%s); the rest arrives',
    async (code) => {
      await subscribed()
      const gone = scene.blob(records(1), 60_000)
      scene.blob(records(2))
      status(400, code, `/audit/${gone.replace('$', '.{1,3}')}`)
      expect(await scene.turn()).toMatchObject({ fault: null, events: 1, openBlobs: 0 })
      const [gap] = await scene.gaps()
      expect(gap).toMatchObject({ why: 'CONTENT_EXPIRED', blobs: 1, contentType: 'Audit.AzureActiveDirectory' })
      expect((await scene.audit()).at(-1)).toMatchObject({
        name: 'feed.gap_found',
        details: { why: 'CONTENT_EXPIRED', from: gap?.beginsAt.toISOString(), until: gap?.endsAt.toISOString() },
      })
      await scene.turn()
      expect(await scene.gaps()).toHaveLength(1)
    },
  )

  test('a blob that Microsoft fails to give is tried again later, and keeps no other waiting', async () => {
    await subscribed()
    const bad = scene.blob(records(1), 60_000)
    scene.blob(records(2))
    const handle = status(500, 'AF50000', `/audit/${bad.replace('$', '.{1,3}')}`, 999)
    expect(await scene.turn()).toMatchObject({ fault: null, events: 1, openBlobs: 1, failingBlobs: 1 })
    handle.end()
    await sleep(400)
    expect(await scene.turn()).toMatchObject({ events: 2, openBlobs: 0, failingBlobs: 0 })
    expect(await scene.gaps()).toEqual([])
  })

  test('an answer that is no list, however often it is asked for, is given up and reported', async () => {
    await subscribed()
    scene.blob({ value: [] } as never)
    scene.blob(records(2))
    for (let turn = 0; turn < 6; turn += 1) {
      await scene.turn()
      await sleep(300)
    }
    expect(await scene.status()).toMatchObject({ events: 1, openBlobs: 0, fault: null })
    expect(await scene.gaps()).toMatchObject([{ why: 'CONTENT_UNREADABLE', blobs: 1 }])
  })
})

describe('pauses', () => {
  test.each([[20 * hourMs], [3 * dayMs], [6.9 * dayMs]])(
    'after a pause of %i ms everything is caught up on, without a gap',
    async (pauseMs) => {
      await subscribed()
      for (let index = 0; index < 8; index += 1) {
        scene.later(pauseMs / 8)
        scene.blob(records(index + 1))
      }
      expect(await scene.turn()).toMatchObject({ events: 8, fault: null })
      expect(await scene.gaps()).toEqual([])
    },
  )

  test('what is older than seven days is a gap, said once; the rest arrives', async () => {
    await subscribed()
    const before = (await scene.status()).listedUntil
    scene.blob(records(1))
    scene.later(9 * dayMs)
    scene.blob(records(2), 6 * dayMs)
    expect(await scene.turn()).toMatchObject({ events: 1 })
    const [gap] = await scene.gaps()
    expect(gap).toMatchObject({ why: 'NOT_READ_IN_TIME', blobs: null, beginsAt: before })
    expect(Number(gap?.endsAt)).toBeGreaterThan(scene.now().getTime() - 7 * dayMs)
    expect(Number(gap?.endsAt)).toBeLessThan(scene.now().getTime() - 6.9 * dayMs)
    await scene.turn()
    expect(await scene.gaps()).toHaveLength(1)
    expect((await scene.audit()).filter(({ name }) => name === 'feed.gap_found')).toHaveLength(1)
  })
})

describe('subscriptions', () => {
  test('one that was stopped is started again, and what was made meanwhile is a gap', async () => {
    await subscribed()
    subscription().status = 'disabled'
    scene.later(hourMs)
    expect(await scene.turn()).toMatchObject({ fault: null })
    expect(subscription().status).toBe('enabled')
    scene.later(2000)
    scene.blob(records(1))
    expect(await scene.turn()).toMatchObject({ events: 1 })
    expect(await scene.gaps()).toMatchObject([{ why: 'SUBSCRIPTION_OFF' }])
    expect((await scene.audit()).map(({ name }) => name)).toEqual([
      'feed.subscribed',
      'feed.subscribed',
      'feed.gap_found',
    ])
  })

  test('one that an administrator switched off is a fault that is said, and not fought', async () => {
    await subscribed()
    Object.assign(subscription(), { status: 'disabled', disabledByAdmin: true })
    for (let turn = 0; turn < 3; turn += 1) expect(await scene.turn()).toMatchObject({ fault: 'SUBSCRIPTION_DISABLED' })
    expect(starts()).toBe(1)
    scene.later(hourMs)
    Object.assign(subscription(), { status: 'enabled', disabledByAdmin: false })
    scene.blob(records(1))
    expect(await scene.turn()).toMatchObject({ fault: null, events: 1 })
    expect(await scene.gaps()).toMatchObject([{ why: 'SUBSCRIPTION_OFF' }])
  })
})

describe('faults of the feed', () => {
  test.each<[string, () => unknown, string]>([
    ['the permission is missing', () => status(403, 'AF10001', '/content'), 'PERMISSION_MISSING'],
    ['the token is refused', () => status(401, 'Unauthorized', '/content'), 'TOKEN_REFUSED'],
    ['auditing is off', () => Object.assign(scene.tenant, { auditingDisabled: true }), 'AUDITING_OFF'],
    ['Microsoft fails', () => status(500, 'AF50000', '/content'), 'UNAVAILABLE'],
    ['connections are cut', () => fault({ fault: 'resetBefore', times: 9 }), 'UNAVAILABLE'],
    ['it is throttled without a time', () => status(429, 'AF429', '/content'), 'THROTTLED'],
    ['it is throttled for long', () => fault({ fault: 'throttle', times: 9, args: { retryAfter: 300 } }), 'THROTTLED'],
    ['the request is refused', () => status(400, 'AF20030', '/content'), 'REFUSED'],
  ])('is kept and shown until it is over: %s', async (_, break_, expected) => {
    await subscribed()
    scene.blob(records(1))
    break_()
    const failed = await scene.turn()
    expect(failed).toMatchObject({ fault: expected, events: 0 })
    expect(failed.faultSince).not.toBeNull()
    for (const handle of handles.splice(0)) handle.end()
    scene.tenant.auditingDisabled = false
    expect(await scene.turn()).toMatchObject({ fault: null, faultSince: null, events: 1 })
  })

  test('Microsoft names the time after which it is asked again', async () => {
    await subscribed()
    fault({ fault: 'throttle', times: 9, args: { retryAfter: 300 } })
    await scene.turn()
    const [row] = await ownerSql(scene.database, 'select extract(epoch from due_at)::float8 as due from feed')
    expect(Number(row?.['due']) * 1000).toBeGreaterThan(scene.now().getTime() + 250_000)
  })

  test('after auditing was off, the time in which nothing was recorded is a gap', async () => {
    await subscribed()
    scene.tenant.auditingDisabled = true
    await scene.turn()
    scene.later(hourMs)
    scene.tenant.auditingDisabled = false
    await scene.turn()
    expect(await scene.gaps()).toMatchObject([{ why: 'AUDITING_OFF' }])
  })

  test('a permission that is granted later counts at once: the old token is forgotten', async () => {
    await open({ permissions: ['ServiceHealth.Read'] })
    expect(await scene.turn()).toMatchObject({ fault: 'PERMISSION_MISSING' })
    const [application] = scene.microsoft.world.applications
    if (!application) throw new Error('No application')
    scene.tenant.servicePrincipals = scene.tenant.servicePrincipals.filter(({ appId }) => appId !== application.appId)
    withApp(scene.tenant, application, { permissions: ['ActivityFeed.Read'] })
    expect(await scene.turn()).toMatchObject({ fault: null })
  })
})

describe('whose the feed is', () => {
  test('a tenant that is disconnected is not read any more, also in the middle of a turn', async () => {
    await subscribed()
    scene.blob(records(1))
    const taken = await scene.take()
    await scene.connect(false)
    await takeTurn(scene.services, taken, new AbortController().signal)
    expect(await scene.events()).toEqual([])
    await expect(scene.take()).rejects.toThrow('Nobody could take')
    await scene.connect(true)
    scene.later(dayMs * 2)
    expect(await scene.turn()).toMatchObject({ events: 1 })
  })

  test('a worker whose lease was taken over writes nothing more', async () => {
    await subscribed()
    scene.blob(records(1))
    const old = await scene.take()
    scene.later(2 * dayMs)
    const taken = await scene.take()
    await takeTurn(scene.services, old, new AbortController().signal)
    expect(await scene.events()).toEqual([])
    await takeTurn(scene.services, taken, new AbortController().signal)
    expect(await scene.events()).toEqual(ids(1))
  })

  test('a worker that is told to end gives the feed back at once', async () => {
    await subscribed()
    scene.blob(records(1))
    const closing = new AbortController()
    const handle = fault({ fault: 'delay', path: '/content', args: { ms: 60_000 } })
    const turn = takeTurn(scene.services, await scene.take(), closing.signal)
    await handle.struck
    closing.abort()
    await turn
    handle.end()
    expect(await scene.turn()).toMatchObject({ events: 1, fault: null })
  })
})
