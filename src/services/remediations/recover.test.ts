import { afterAll, beforeAll, expect, test } from 'vitest'
import { person } from '../../../simulator/builders.ts'
import { aScene, type Scene } from '../../../test/support/remediations.ts'
import type { ServiceContext } from '../../context.ts'
import type { StoredEvent } from '../../db/events.ts'
import { newId } from '../../db/ids.ts'
import { acquireLeases, endStep, insertRun, runById, startStep } from '../../db/runs.ts'
import { recoverRun, sweepRuns } from './recover.ts'

let scene: Scene
beforeAll(async () => {
  scene = await aScene({ people: ['Ada', 'Ben', 'Cleo', 'Dina', 'Emil', 'Finn'].map((name) => person(name)) })
})
afterAll(() => scene.close())

/** What a process leaves behind that dies right after `started` was committed. */
async function aDeadRun(
  ctx: ServiceContext,
  event: StoredEvent,
  requestedAt: Date,
  kinds = ['DISABLE_USER', 'REVOKE_SESSIONS'],
): Promise<string> {
  const id = newId(requestedAt)
  const [subject] = event.subjects
  if (!subject) throw new Error('No subject')
  const step = { subject, state: 'PENDING', code: null, message: null, remedy: null, retryable: null } as const
  await scene.db.withTenants([event.tenantId], async (tx) => {
    await insertRun(tx, {
      id,
      tenantId: event.tenantId,
      eventId: event.id,
      group: 'BLOCK_USER',
      requestedBy: { id: ctx.operator.id, kind: 'PERSON', displayName: 'Olga' },
      requestedAt,
      idempotencyKey: id,
      inputHash: Buffer.from('x'),
      steps: kinds.map((kind) => ({ kind, ...step })),
    })
    await startStep(tx, event.tenantId, id, 0, requestedAt, null)
  })
  return id
}

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000)
const readRun = (id: string) => scene.db.withTenants([scene.tenant.id], (tx) => runById(tx, scene.tenant.id, id))

test('what was under way is found out by reading, what was never sent is not sent', async () => {
  const ctx = await scene.as()
  const id = await aDeadRun(ctx, await scene.anEventAbout('Ada'), minutesAgo(1))
  scene.person('Ada').accountEnabled = false
  const before = scene.writes()
  expect(await recoverRun(ctx, scene.tenant.id, id)).toBe(true)
  expect(await readRun(id)).toMatchObject({
    status: 'PARTIAL',
    steps: [
      { kind: 'DISABLE_USER', state: 'CONFIRMED' },
      {
        kind: 'REVOKE_SESSIONS',
        state: 'FAILED',
        retryable: true,
        message: expect.stringContaining('Nothing was sent'),
        remedy: expect.stringContaining('write to support@example.com'),
      },
    ],
  })
  expect(scene.writes()).toEqual(before)
  expect((await scene.audit()).filter(({ runId }) => runId === id).map(({ name }) => name)).toEqual([
    'remediation.settled',
    'remediation.settled',
  ])
})

test('a change that the tenant does not show is unknown first, and a failure after ten minutes', async () => {
  const ctx = await scene.as()
  const young = await aDeadRun(ctx, await scene.anEventAbout('Ben'), minutesAgo(1))
  expect(await recoverRun(ctx, scene.tenant.id, young)).toBe(false)
  expect(await readRun(young)).toMatchObject({ status: 'UNKNOWN', steps: [{ state: 'UNKNOWN' }, { state: 'FAILED' }] })
  const old = await aDeadRun(ctx, await scene.anEventAbout('Cleo'), minutesAgo(11))
  expect(await recoverRun(ctx, scene.tenant.id, old)).toBe(true)
  expect(await readRun(old)).toMatchObject({
    status: 'FAILED',
    steps: [{ state: 'FAILED', code: 'NOT_CONFIRMED' }, {}],
  })
})

test('a run that still holds its leases is left alone, and the sweep comes back', async () => {
  const ctx = await scene.as()
  const event = await scene.anEventAbout('Dina')
  const id = await aDeadRun(ctx, event, minutesAgo(11))
  const lease = `subject ${event.subjects[0]?.id}`
  await scene.db.withTenants([scene.tenant.id], (tx) =>
    acquireLeases(tx, scene.tenant.id, [lease], id, new Date(), 1_000),
  )
  expect(await recoverRun(ctx, scene.tenant.id, id)).toBe(false)
  const later = { ...ctx, now: () => new Date(Date.now() + 2_000) }
  await sweepRuns(later)
  expect(await readRun(id)).toMatchObject({ status: 'FAILED' })
})

test('a run whose last step was settled by a worker that died right after it ends with the next look', async () => {
  const ctx = await scene.as()
  const id = await aDeadRun(ctx, await scene.anEventAbout('Ada'), minutesAgo(1), ['DISABLE_USER'])
  const known = { state: 'CONFIRMED', code: null, message: 'Done.', remedy: null, retryable: null } as const
  await scene.db.withTenants([scene.tenant.id], (tx) =>
    endStep(tx, scene.tenant.id, id, 0, { ...known, upstreamRequestId: null, evidence: null }, new Date()),
  )
  expect(await readRun(id)).toMatchObject({ status: 'RUNNING', endedAt: null })
  expect(await recoverRun(ctx, scene.tenant.id, id)).toBe(true)
  expect(await readRun(id)).toMatchObject({ status: 'SUCCEEDED', endedAt: expect.any(Date) })
})

test('a password that was reset by a process that died is never sent again, and the step says that a new one must be made', async () => {
  const ctx = await scene.as()
  const id = await aDeadRun(ctx, await scene.anEventAbout('Emil'), minutesAgo(1), ['RESET_PASSWORD'])
  scene.person('Emil').lastPasswordChangeDateTime = new Date().toISOString()
  const before = scene.writes()
  expect(await recoverRun(ctx, scene.tenant.id, id)).toBe(true)
  expect(await readRun(id)).toMatchObject({
    status: 'SUCCEEDED',
    steps: [{ state: 'CONFIRMED', remedy: expect.stringContaining('reset the password again') }],
  })
  expect(scene.writes()).toEqual(before)
})

test('B24 what was accepted is confirmed, and that its password could not be delivered stays said', async () => {
  const ctx = await scene.as()
  const id = await aDeadRun(ctx, await scene.anEventAbout('Finn'), minutesAgo(1), ['RESET_PASSWORD'])
  const said = { code: 'DELIVERY_FAILED', remedy: 'Reset it again with a new key.', retryable: true }
  const accepted = {
    state: 'ACCEPTED',
    message: 'Accepted.',
    upstreamRequestId: 'r-1',
    evidence: null,
    ...said,
  } as const
  await scene.db.withTenants([scene.tenant.id], (tx) => endStep(tx, scene.tenant.id, id, 0, accepted, new Date()))
  scene.person('Finn').lastPasswordChangeDateTime = new Date().toISOString()
  expect(await recoverRun(ctx, scene.tenant.id, id)).toBe(true)
  expect(await readRun(id)).toMatchObject({ steps: [{ state: 'CONFIRMED', upstreamRequestId: 'r-1', ...said }] })
})
