import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { person } from '../../../simulator/builders.ts'
import { aScene, block, everyDelegatedPermission, type Scene } from '../../../test/support/remediations.ts'
import { endPrivilegedSession } from '../authority/privileged-session.ts'
import { assessmentOf } from './assess.ts'

let scene: Scene
beforeAll(async () => {
  scene = await aScene({
    delegated: [...everyDelegatedPermission, 'User.RevokeSessions.All'],
    people: [
      person('Pia', { roles: ['Privileged Authentication Administrator'] }),
      person('Finn', { roles: ['Reports Reader'] }),
      person('Hugo', { roles: ['Exchange Administrator'] }),
      person('Gloria', { roles: ['Global Administrator'] }),
      person('Gus', { roles: ['Global Administrator'] }),
      person('Ida', { roles: ['User Administrator'] }),
    ],
  })
})
afterAll(() => scene.close())

describe('with a privileged sign-in', () => {
  test('B11 an administrator is disabled, and the option asks for nothing any more', async () => {
    const ctx = await scene.as()
    await scene.signIn(ctx, 'Pia')
    const event = await scene.anEventAbout('Finn')
    const { available } = await assessmentOf(ctx, event)
    expect(available.find(({ kind }) => kind === 'DISABLE_USER')?.requirements).toEqual([])
    const run = await block(ctx, event)
    expect(run).toMatchObject({ status: 'SUCCEEDED', steps: [{ state: 'CONFIRMED' }, { state: 'CONFIRMED' }] })
    expect(scene.person('Finn').accountEnabled).toBe(false)
    const credentials = (await scene.audit())
      .filter(({ runId, name }) => runId === run.id && /started|confirmed/.test(name))
      .map(({ kind, details }) => [kind, details['credential'], typeof details['sessionId']])
    expect(credentials).toEqual([
      ['DISABLE_USER', 'PRIVILEGED_SESSION', 'string'],
      ['DISABLE_USER', 'PRIVILEGED_SESSION', 'string'],
      ['REVOKE_SESSIONS', 'APPLICATION', 'undefined'],
      ['REVOKE_SESSIONS', 'APPLICATION', 'undefined'],
    ])
  })

  test('who signed in is on record with each step that acts with their rights, and with no other', async () => {
    const ctx = await scene.as()
    await scene.signIn(ctx, 'Pia')
    const run = await block(ctx, await scene.anEventAbout('Ida'))
    expect(run.status).toBe('SUCCEEDED')
    const started = (await scene.audit()).filter(
      ({ runId, name }) => runId === run.id && name === 'remediation.started',
    )
    const pia = { userPrincipalName: scene.person('Pia').userPrincipalName, objectIdInTenant: scene.person('Pia').id }
    expect(started).toMatchObject([
      { kind: 'DISABLE_USER', details: { credential: 'PRIVILEGED_SESSION', administrator: pia } },
      { kind: 'REVOKE_SESSIONS', details: { credential: 'APPLICATION' } },
    ])
    expect(started[1]?.details).not.toHaveProperty('administrator')
  })

  test('what the application is refused and the sign-in takes is an intent of its own, by name', async () => {
    scene.microsoft.world.switches = { revokeRefusesAdminTargets: true }
    const ctx = await scene.as()
    await scene.signIn(ctx, 'Pia')
    const run = await block(ctx, await scene.anEventAbout('Hugo'), ['REVOKE_SESSIONS'])
    scene.microsoft.world.switches = {}
    expect(run.status).toBe('SUCCEEDED')
    expect((await scene.audit()).filter(({ runId }) => runId === run.id)).toMatchObject([
      { name: 'remediation.requested' },
      { name: 'remediation.started', details: { credential: 'APPLICATION' } },
      {
        name: 'remediation.started',
        details: { credential: 'PRIVILEGED_SESSION', administrator: { objectIdInTenant: scene.person('Pia').id } },
      },
      { name: 'remediation.confirmed' },
    ])
  })

  test('B12 the signed-in administrator can never be the target', async () => {
    const ctx = await scene.as()
    await scene.signIn(ctx, 'Pia')
    const event = await scene.anEventAbout('Pia')
    const before = scene.writes()
    for (const action of ['DISABLE_USER', 'REVOKE_SESSIONS']) {
      await expect(block(ctx, event, [action])).rejects.toMatchObject({ code: 'CANNOT_TARGET_SIGNED_IN_USER' })
    }
    expect(scene.writes()).toEqual(before)
  })

  test("another operator's sign-in opens nothing", async () => {
    await scene.signIn(await scene.as(), 'Pia')
    const colleague = await scene.as({ objectId: crypto.randomUUID() })
    await expect(block(colleague, await scene.anEventAbout('Hugo'), ['DISABLE_USER'])).rejects.toMatchObject({
      code: 'PRIVILEGED_SIGN_IN_REQUIRED',
    })
  })

  test('an ended sign-in opens nothing', async () => {
    const ctx = await scene.as()
    await scene.signIn(ctx, 'Pia')
    await endPrivilegedSession(ctx, scene.tenant.id)
    await expect(block(await scene.as(), await scene.anEventAbout('Hugo'), ['DISABLE_USER'])).rejects.toMatchObject({
      code: 'PRIVILEGED_SIGN_IN_REQUIRED',
    })
  })

  test('a sign-in that Microsoft no longer accepts fails its step, ends, and the other steps go on', async () => {
    const ctx = await scene.as()
    await scene.signIn(ctx, 'Pia')
    const path = `^/users/${scene.person('Hugo').id}$`
    scene.microsoft.fault({
      fault: 'status',
      method: 'PATCH',
      path,
      times: 3,
      args: { status: 401, code: 'InvalidAuthenticationToken' },
    })
    const run = await block(ctx, await scene.anEventAbout('Hugo'))
    expect(run).toMatchObject({
      status: 'PARTIAL',
      steps: [{ state: 'FAILED', code: 'PRIVILEGED_SIGN_IN_EXPIRED', retryable: true }, { state: 'CONFIRMED' }],
    })
    expect(scene.person('Hugo').accountEnabled).toBe(true)
    await expect(block(await scene.as(), await scene.anEventAbout('Hugo'), ['DISABLE_USER'])).rejects.toMatchObject({
      code: 'PRIVILEGED_SIGN_IN_REQUIRED',
    })
  })

  test('B13 of two Global Administrators one stays enabled, whoever asks at the same moment', async () => {
    const operators = await Promise.all([1, 2].map(() => scene.as({ objectId: crypto.randomUUID() })))
    for (const ctx of operators) await scene.signIn(ctx, 'Pia')
    const events = [await scene.anEventAbout('Gloria'), await scene.anEventAbout('Gus')]
    const outcomes = await Promise.allSettled(
      operators.map((ctx, index) => {
        const event = events[index]
        if (!event) throw new Error('No event')
        return block(ctx, event, ['DISABLE_USER'])
      }),
    )
    const enabled = ['Gloria', 'Gus'].filter((name) => scene.person(name).accountEnabled)
    expect(enabled).toHaveLength(1)
    expect(outcomes.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { code: 'LAST_GLOBAL_ADMINISTRATOR' } },
    ])
  })
})
