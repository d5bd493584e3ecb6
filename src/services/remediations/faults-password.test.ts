import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { person } from '../../../simulator/builders.ts'
import { faultTable, leaves } from '../../../test/support/fault-table.ts'
import { aScene, block, type Scene } from '../../../test/support/remediations.ts'
import { runById } from '../../db/runs.ts'

const longAgo = '2025-03-03T08:00:00Z'

const resetPassword = {
  kind: 'RESET_PASSWORD',
  repeatable: false,
  privileged: true,
  makesPassword: true,
  isDone: (ada: { lastPasswordChangeDateTime: string }) => ada.lastPasswordChangeDateTime !== longAgo,
  evidence: { before: { lastPasswordChangeDateTime: new Date(longAgo).toISOString() } },
  vanish: leaves,
} as const

faultTable([
  { ...resetPassword, variant: 'a cloud account', ada: { lastPasswordChangeDateTime: longAgo } },
  {
    ...resetPassword,
    variant: 'a synchronised account',
    ada: { lastPasswordChangeDateTime: longAgo, synchronised: true, passwordWriteback: 'on' },
    moreRows: ['500', '403'].map((status) => ({
      title: `202, and the question how it goes is answered ${status}`,
      faults: [
        {
          fault: 'status' as const,
          mutates: false,
          path: '/authentication/operations/',
          times: 9,
          args: { status: Number(status) },
        },
      ],
      effect: 'AT_ONCE' as const,
      told: 'DONE' as const,
      hasRequestId: true,
      code: 'NOT_CONFIRMED' as const,
    })),
  },
])

describe('a password that was changed a moment ago', () => {
  let scene: Scene
  beforeAll(async () => {
    scene = await aScene({
      people: [
        person('Pia', { roles: ['Privileged Authentication Administrator'] }),
        ...['Ada', 'Ben', 'Cleo'].map((name) => person(name)),
      ],
    })
  })
  afterAll(() => scene.close())

  const onScreen = { onScreen: true, emailMe: false, emailOperatorIds: [] }
  const signedIn = async () => {
    const operator = await scene.as()
    await scene.signIn(operator, 'Pia')
    return operator
  }
  const wholeSecond = () => `${new Date().toISOString().slice(0, 19)}Z`

  test('is not taken for the reset that never arrived: no password is shown that is not valid', async () => {
    const operator = await signedIn()
    const event = await scene.anEventAbout('Ada')
    scene.person('Ada').lastPasswordChangeDateTime = wholeSecond()
    scene.microsoft.fault({ fault: 'resetBefore', mutates: true })
    const ctx = { ...operator, timing: { ...operator.timing, readBackMs: 600 } }
    const run = await block(ctx, event, ['RESET_PASSWORD'], undefined, onScreen)
    expect(run).toMatchObject({ status: 'UNKNOWN', temporaryPassword: null })
  })

  test('and is reset again: both are confirmed, and the last one is valid', async () => {
    const ctx = await signedIn()
    const event = await scene.anEventAbout('Ben')
    const reset = () => block(ctx, event, ['RESET_PASSWORD'], undefined, onScreen)
    const [first, second] = [await reset(), await reset()]
    expect([first, second]).toMatchObject([{ status: 'SUCCEEDED' }, { status: 'SUCCEEDED' }])
    expect(second.steps).toMatchObject([{ state: 'CONFIRMED' }])
    expect(second.temporaryPassword).toBe(scene.person('Ben').password)
  })

  test('B23 after the answer nobody sees it: the step says that a new one must be made', async () => {
    const operator = await signedIn()
    const event = await scene.anEventAbout('Cleo')
    const delay = scene.microsoft.fault({ fault: 'delay', mutates: true, args: { ms: 600_000 } })
    const ctx = { ...operator, timing: { ...operator.timing, answerAfterMs: 0 } }
    const run = await block(ctx, event, ['RESET_PASSWORD'], undefined, onScreen)
    expect(run).toMatchObject({ status: 'RUNNING', temporaryPassword: null })
    delay.end()
    const read = () => scene.db.withTenants([scene.tenant.id], (tx) => runById(tx, scene.tenant.id, run.id))
    await expect.poll(async () => (await read())?.status, { timeout: 20_000 }).toBe('SUCCEEDED')
    expect(await read()).toMatchObject({
      steps: [{ state: 'CONFIRMED', remedy: expect.stringContaining('reset the password again') }],
    })
  })
})
