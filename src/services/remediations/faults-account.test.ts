import { afterAll, beforeAll, expect, test } from 'vitest'
import { person } from '../../../simulator/builders.ts'
import { faultTable, leaves } from '../../../test/support/fault-table.ts'
import { aScene, block, type Scene } from '../../../test/support/remediations.ts'

const longAgo = '2025-03-03T08:00:00Z'

faultTable([
  {
    kind: 'DISABLE_USER',
    isDone: (ada) => !ada.accountEnabled,
    evidence: { before: { accountEnabled: true } },
    vanish: leaves,
  },
  {
    kind: 'REVOKE_SESSIONS',
    ada: { signInSessionsValidFromDateTime: longAgo },
    isDone: (ada) => ada.signInSessionsValidFromDateTime !== longAgo,
    evidence: { before: { signInSessionsValidFromDateTime: new Date(longAgo).toISOString() } },
    vanish: leaves,
  },
])

let scene: Scene
beforeAll(async () => {
  scene = await aScene({ people: [person('Ada')] })
})
afterAll(() => scene.close())

test('sessions that were revoked a moment ago are not taken for revoked again, and can be', async () => {
  const operator = await scene.as()
  const event = await scene.anEventAbout('Ada')
  scene.person('Ada').signInSessionsValidFromDateTime = `${new Date().toISOString().slice(0, 19)}Z`
  const { end } = scene.microsoft.fault({ fault: 'status', mutates: true, times: 9, args: { status: 500 } })
  const ctx = { ...operator, timing: { ...operator.timing, readBackMs: 600 } }
  expect(await block(ctx, event, ['REVOKE_SESSIONS'])).toMatchObject({ status: 'UNKNOWN' })
  end()
  expect(await block(operator, event, ['REVOKE_SESSIONS'])).toMatchObject({ steps: [{ state: 'CONFIRMED' }] })
  expect(await block(operator, event, ['REVOKE_SESSIONS'])).toMatchObject({ steps: [{ state: 'CONFIRMED' }] })
})
