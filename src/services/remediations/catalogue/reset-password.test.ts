import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { person } from '../../../../simulator/builders.ts'
import { aUser } from '../../../../test/support/facts.ts'
import { aScene, block, type Scene } from '../../../../test/support/remediations.ts'
import type { ServiceContext } from '../../../context.ts'
import type { StoredEvent } from '../../../db/events.ts'
import type { PasswordDelivery } from '../../passwords/deliver.ts'
import { resetPassword } from './reset-password.ts'

const facts = (passwordHome: 'CLOUD' | 'SYNCHRONISED' | 'GUEST' | 'FEDERATED') => ({
  user: aUser(),
  passwordHome,
})

describe('RESET_PASSWORD rules', () => {
  test('B16 it always needs a privileged sign-in, also for ordinary users', () => {
    expect(resetPassword.assess(facts('CLOUD'))).toMatchObject({ available: true, needsPrivilegedSignIn: true })
  })

  test('B17 a synchronised account says that writeback is needed', () => {
    expect(resetPassword.assess(facts('SYNCHRONISED'))).toMatchObject({
      available: true,
      warnings: expect.arrayContaining(['PASSWORD_WRITEBACK_NEEDED']),
    })
  })

  test.each([
    ['GUEST', 'GUEST_USER'],
    ['FEDERATED', 'FEDERATED_USER'],
  ] as const)('B17 %s: the password is elsewhere', (home, code) => {
    expect(resetPassword.assess(facts(home))).toEqual({ available: false, code })
  })

  test('it is never sent twice', () => {
    expect(resetPassword.repeatable).toBe(false)
  })
})

describe('RESET_PASSWORD in a tenant', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await aScene({
      people: [
        person('Pia', { roles: ['Privileged Authentication Administrator'] }),
        ...['Ada', 'Ben', 'Cleo', 'Dina', 'Emil'].map((name) => person(name)),
        person('Jun', { synchronised: true, passwordWriteback: 'on' }),
        person('Olaf', { synchronised: true, passwordWriteback: 'unreachable' }),
        person('Gil', { guestOf: 'gil@fabrikam.com' }),
      ],
    })
  })
  afterAll(() => scene.close())

  const signedIn = async () => {
    const ctx = await scene.as()
    await scene.signIn(ctx, 'Pia')
    return ctx
  }
  const onScreen = { onScreen: true, emailMe: false, emailOperatorIds: [] }
  const reset = (ctx: ServiceContext, event: StoredEvent, delivery: PasswordDelivery | null = onScreen, key?: string) =>
    block(ctx, event, ['RESET_PASSWORD'], key, delivery)

  test.each(['Ada', 'Jun'])('B23 %s gets a temporary password that is in the answer and nowhere else', async (name) => {
    const event = await scene.anEventAbout(name)
    const ctx = await signedIn()
    const run = await reset(ctx, event, onScreen, `reset ${name}`)
    expect(run).toMatchObject({ status: 'SUCCEEDED', steps: [{ kind: 'RESET_PASSWORD', state: 'CONFIRMED' }] })
    expect(run.temporaryPassword).toBe(scene.person(name).password)
    expect(run.temporaryPassword?.replaceAll('-', '').length).toBeGreaterThanOrEqual(20)
    const again = await reset(ctx, event, onScreen, `reset ${name}`)
    expect(again.id).toBe(run.id)
    expect(again.temporaryPassword ?? null).toBeNull()
    const written = JSON.stringify([again, await scene.audit(), scene.microsoft.journal()])
    expect(written).not.toContain(run.temporaryPassword)
  })

  test('B17 without writeback the step fails with its reason, and no password is shown', async () => {
    const run = await reset(await signedIn(), await scene.anEventAbout('Olaf'))
    expect(run).toMatchObject({ status: 'FAILED', steps: [{ state: 'FAILED', code: 'PASSWORD_WRITEBACK_FAILED' }] })
    expect(run.temporaryPassword).toBeNull()
  })

  test('B16 without a privileged sign-in it is refused, also for ordinary users', async () => {
    const ctx = await scene.as({ objectId: crypto.randomUUID() })
    await expect(reset(ctx, await scene.anEventAbout('Ben'))).rejects.toMatchObject({
      code: 'PRIVILEGED_SIGN_IN_REQUIRED',
    })
  })

  test('B24 without a way to deliver it nothing is sent, and the field is named', async () => {
    const ctx = await signedIn()
    const before = scene.writes()
    const event = await scene.anEventAbout('Ben')
    await expect(reset(ctx, event, null)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      issues: [{ path: ['input', 'passwordDelivery'] }],
    })
    await expect(reset(ctx, event, { ...onScreen, emailMe: true })).rejects.toMatchObject({
      issues: [{ path: ['input', 'passwordDelivery', 'emailMe'] }, { path: ['input', 'passwordDelivery', 'emailMe'] }],
    })
    await expect(reset(ctx, event, { ...onScreen, emailOperatorIds: [crypto.randomUUID()] })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
    expect(scene.writes()).toEqual(before)
  })

  test('B23 a change is forced at the next sign-in, and it is one action of blockUser', async () => {
    const ctx = await signedIn()
    const kinds = ['RESET_PASSWORD', 'DISABLE_USER', 'REVOKE_SESSIONS']
    const run = await block(ctx, await scene.anEventAbout('Ben'), kinds, undefined, onScreen)
    expect(run.steps.map(({ kind, state }) => [kind, state])).toEqual([
      ['DISABLE_USER', 'CONFIRMED'],
      ['REVOKE_SESSIONS', 'CONFIRMED'],
      ['RESET_PASSWORD', 'CONFIRMED'],
    ])
    expect(scene.person('Ben')).toMatchObject({ forceChangePasswordNextSignIn: true })
  })

  test('a cut connection after the effect: it was done, and the password is shown', async () => {
    const event = await scene.anEventAbout('Cleo')
    scene.microsoft.fault({ fault: 'resetAfter', method: 'PATCH', path: scene.person('Cleo').id })
    const run = await reset(await signedIn(), event)
    expect(run).toMatchObject({ status: 'SUCCEEDED', steps: [{ state: 'CONFIRMED' }] })
    expect(run.temporaryPassword).toBe(scene.person('Cleo').password)
  })

  test('a cut connection before the effect is never called done, and never sent twice', async () => {
    const event = await scene.anEventAbout('Dina')
    const before = scene.person('Dina').password
    scene.microsoft.fault({ fault: 'resetBefore', method: 'PATCH', path: scene.person('Dina').id })
    const run = await reset(await signedIn(), event)
    expect(run).toMatchObject({ status: 'UNKNOWN', steps: [{ state: 'UNKNOWN' }] })
    expect(run.temporaryPassword).toBeNull()
    expect(scene.person('Dina').password).toBe(before)
    expect(scene.writes().filter((call) => call.includes(scene.person('Dina').id))).toHaveLength(1)
  })
})
