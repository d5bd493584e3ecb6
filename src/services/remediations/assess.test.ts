import { afterAll, beforeAll, expect, test } from 'vitest'
import { person } from '../../../simulator/builders.ts'
import { aScene, type Scene } from '../../../test/support/remediations.ts'
import type { StoredEvent } from '../../db/events.ts'
import { assessmentOf } from './assess.ts'
import type { EventAssessment } from './types.ts'

const names = Array.from({ length: 30 }, (_, index) => `Person ${index + 1}`)

let scene: Scene
let events: StoredEvent[]
beforeAll(async () => {
  scene = await aScene({
    people: [...names.map((name) => person(name)), person('Gloria', { roles: ['Global Administrator'] })],
  })
  events = await Promise.all(Array.from({ length: 50 }, (_, index) => scene.anEventAbout(names[index % 30] ?? '')))
})
afterAll(() => scene.close())

/** HTTP requests to Graph and Exchange: an item of a batch is none. */
const requestsSince = (seq: number): string[] =>
  scene.microsoft
    .journal(seq)
    .filter(({ service, batchId, path }) => service !== 'login' && (batchId === null || path.endsWith('$batch')))
    .map(({ method, path }) => `${method} ${path}`)
/** Nothing was greyed out for want of an answer. */
const isComplete = ({ available, greyedOut }: EventAssessment): boolean =>
  available.length >= 2 && !greyedOut.some(({ code }) => code === 'UPSTREAM_UNAVAILABLE')

const lastSeq = () => scene.microsoft.journal().at(-1)?.seq ?? 0

test('a page of 50 events over 30 users costs at most 6 upstream requests, one event at most 3, caches cold', async () => {
  const pageStart = lastSeq()
  const ctx = await scene.as()
  const page = await Promise.all(events.flatMap((event) => [assessmentOf(ctx, event), assessmentOf(ctx, event)]))
  expect(page.every(isComplete)).toBe(true)
  expect(requestsSince(pageStart).length, requestsSince(pageStart).join('\n')).toBeLessThanOrEqual(6)

  scene.clients.forgetTokens(scene.tenant.id)
  const oneStart = lastSeq()
  const [event] = events
  if (!event) throw new Error('No event')
  await assessmentOf(await scene.as(), event)
  expect(requestsSince(oneStart).length, requestsSince(oneStart).join('\n')).toBeLessThanOrEqual(3)
})

test('a throttled item of a batch is sent again after its own delay, and the verdicts are complete', async () => {
  scene.microsoft.fault({ fault: 'throttle', service: 'graph', path: '^/users\\?', args: { retryAfter: 0.3 } })
  const start = lastSeq()
  const ctx = await scene.as()
  const page = await Promise.all(events.map((event) => assessmentOf(ctx, event)))
  expect(page.every(isComplete)).toBe(true)
  const userReads = scene.microsoft.journal(start).filter(({ path }) => /^\/users\?\$filter=id%20in/.test(path))
  expect(userReads.filter(({ status }) => status === 429)).toHaveLength(1)
})

test('an event of a tenant that is not connected costs nothing', async () => {
  const start = lastSeq()
  const [event] = events
  if (!event) throw new Error('No event')
  const ctx = await scene.as()
  const { greyedOut } = await assessmentOf(ctx, { ...event, tenant: { ...event.tenant, status: 'NOT_CONNECTED' } })
  expect(new Set(greyedOut.map(({ code }) => code))).toEqual(new Set(['TENANT_NOT_CONNECTED']))
  expect(requestsSince(start)).toEqual([])
})

test('a user whose account is in another tenant costs nothing', async () => {
  const event = await scene.anEventAbout({
    type: 'USER',
    role: 'ACTOR',
    aliases: ['oid:0d9a3c52-6a0f-4c27-9d7e-3f1d5e0b7a11'],
    attributes: {
      objectId: '0d9a3c52-6a0f-4c27-9d7e-3f1d5e0b7a11',
      homeTenantId: '9b1f1a52-5a1e-4f3b-8f43-2a1c6c0b7e55',
    },
  })
  const start = lastSeq()
  const { greyedOut } = await assessmentOf(await scene.as(), event)
  expect(new Set(greyedOut.map(({ code }) => code))).toEqual(new Set(['EXTERNAL_IDENTITY']))
  expect(requestsSince(start)).toEqual([])
})
