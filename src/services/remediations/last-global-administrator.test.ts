import { afterEach, beforeEach, expect, test } from 'vitest'
import { person } from '../../../simulator/builders.ts'
import { aScene, block, type Scene } from '../../../test/support/remediations.ts'
import type { ServiceContext } from '../../context.ts'
import { newId } from '../../db/ids.ts'
import { acquireLeases, insertRun, startStep } from '../../db/runs.ts'
import { productionTiming } from '../../timing.ts'
import { globalAdministratorsLease } from './leases.ts'

let scene: Scene
let ctx: ServiceContext
beforeEach(async () => {
  scene = await aScene({
    people: [
      person('Pia', { roles: ['Privileged Authentication Administrator'] }),
      person('Gloria', { roles: ['Global Administrator'] }),
      person('Gus', { roles: ['Global Administrator'] }),
    ],
  })
  scene.microsoft.world.switches = { lastGlobalAdministratorCanBeDisabled: true }
  ctx = await scene.as()
  await scene.signIn(ctx, 'Pia')
})
afterEach(() => scene.close())

const minutesLater = (minutes: number): ServiceContext => ({
  ...ctx,
  now: () => new Date(Date.now() + minutes * 60_000),
})

test('B13 who was disabled a moment ago does not count, whatever reads show; after five minutes they decide again', async () => {
  expect(await block(ctx, await scene.anEventAbout('Gloria'), ['DISABLE_USER'])).toMatchObject({ status: 'SUCCEEDED' })
  // As reads that lag behind show it, or because somebody enabled the account again.
  scene.person('Gloria').accountEnabled = true
  const event = await scene.anEventAbout('Gus')
  await expect(block(ctx, event, ['DISABLE_USER'])).rejects.toMatchObject({ code: 'LAST_GLOBAL_ADMINISTRATOR' })
  expect(await block(minutesLater(6), event, ['DISABLE_USER'])).toMatchObject({ status: 'SUCCEEDED' })
})

test('B13 whom a run of unknown outcome may still disable does not count', async () => {
  const { tenant, db } = scene
  const [subject] = (await scene.anEventAbout('Gloria')).subjects
  if (!subject) throw new Error('No subject')
  const run = { id: newId(), tenantId: tenant.id, eventId: newId(), group: 'BLOCK_USER', idempotencyKey: newId() }
  const { id, kind, displayName } = ctx.operator
  const step = { kind: 'DISABLE_USER', subject, state: 'PENDING', code: null, message: null, remedy: null } as const
  await db.withTenants([tenant.id], async (tx) => {
    await insertRun(tx, {
      ...run,
      requestedBy: { id, kind, displayName },
      requestedAt: new Date(),
      inputHash: Buffer.from('x'),
      steps: [{ ...step, retryable: null }],
    })
    await startStep(tx, tenant.id, run.id, 0, new Date(), null)
  })
  const event = await scene.anEventAbout('Gus')
  await expect(block(ctx, event, ['DISABLE_USER'])).rejects.toMatchObject({ code: 'LAST_GLOBAL_ADMINISTRATOR' })
  expect(scene.writes()).toEqual([])
})

test('a run that lost its lease on the Global Administrators sends nothing more', async () => {
  const gloria = scene.person('Gloria')
  let accountEnabled = gloria.accountEnabled
  let taken: Promise<boolean> | null = null
  // While the first step is under way the run's time runs out, and another run takes its lease.
  Object.defineProperty(gloria, 'accountEnabled', {
    enumerable: true,
    get: () => accountEnabled,
    set(value: boolean) {
      accountEnabled = value
      const later = new Date(Date.now() + 2 * productionTiming.leaseMs)
      taken = scene.db.withTenants([scene.tenant.id], (tx) =>
        acquireLeases(tx, scene.tenant.id, [globalAdministratorsLease], newId(), later, productionTiming.leaseMs),
      )
    },
  })
  expect(await block(ctx, await scene.anEventAbout('Gloria'), ['DISABLE_USER', 'REVOKE_SESSIONS'])).toMatchObject({
    status: 'PARTIAL',
    steps: [{ state: 'CONFIRMED' }, { state: 'FAILED', code: 'CONFLICT' }],
  })
  expect(await taken).toBe(true)
})

/** Another tool disables Gus at the moment of our write on Gloria. */
function whenGloriaIsDisabled(andThen: () => void = () => {}): void {
  let accountEnabled = true
  Object.defineProperty(scene.person('Gloria'), 'accountEnabled', {
    enumerable: true,
    get: () => accountEnabled,
    set(value: boolean) {
      accountEnabled = value
      scene.person('Gus').accountEnabled = false
      if (!value) andThen()
    },
  })
}

test('B13 that the account was disabled for a moment is said', async () => {
  whenGloriaIsDisabled()
  const [step] = (await block(ctx, await scene.anEventAbout('Gloria'), ['DISABLE_USER'])).steps
  expect(scene.person('Gloria').accountEnabled).toBe(true)
  const message = expect.stringContaining('changed back at once')
  expect(step).toMatchObject({ state: 'FAILED', code: 'LAST_GLOBAL_ADMINISTRATOR', message })
})

test('B13 when the account cannot be enabled again, that is said, and not that all is well', async () => {
  const path = `^/users/${scene.person('Gloria').id}$`
  whenGloriaIsDisabled(() => {
    scene.microsoft.fault({ fault: 'status', method: 'PATCH', path, times: 9, args: { status: 403 } })
  })
  const [step] = (await block(ctx, await scene.anEventAbout('Gloria'), ['DISABLE_USER'])).steps
  expect(scene.person('Gloria').accountEnabled).toBe(false)
  expect(step).toMatchObject({
    state: 'CONFIRMED',
    code: 'LAST_GLOBAL_ADMINISTRATOR',
    message: expect.stringMatching(
      /^Disabled sign-in of Gloria .*last enabled Global Administrator.*Undoing it failed/,
    ),
    remedy: expect.stringContaining('at once'),
  })
})
