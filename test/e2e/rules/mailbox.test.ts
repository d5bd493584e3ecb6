/** What belongs to a mailbox, and what is nothing to do. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aRulesScene, offer, type RulesScene } from '../../support/rules-scene.ts'

let scene: RulesScene
beforeAll(async () => {
  scene = await aRulesScene()
})
afterAll(() => scene.close())

const ofMailbox = ['REMOVE_MAIL_FORWARDING', 'DISABLE_INBOX_RULES'] as const

test.each(['Nino', 'Gil', 'Enzo'])(
  'B7 holds: %s has no mailbox here, so nothing of a mailbox is available',
  async (name) => {
    const seen = await scene.look(name)
    const reasons = seen.greyedOut.filter(({ code }) => code === 'NO_MAILBOX')
    expect(reasons.map(({ kind }) => kind)).toEqual(ofMailbox)
    expect(reasons[0]?.message).toContain('no mailbox in this tenant')
    expect(offer(seen, 'DISABLE_USER')).toMatchObject({ requirements: [] })

    const before = scene.writes()
    const { calls, skipped, refusals } = await scene.plan(seen.target, ofMailbox)
    expect([calls, skipped.map(({ code }) => code)]).toEqual([[], ['NO_MAILBOX', 'NO_MAILBOX']])
    expect(refusals).toMatchObject([{ code: 'REMEDIATION_UNAVAILABLE' }])
    expect(await scene.block(seen.target, ofMailbox)).toMatchObject({
      __typename: 'RemediationUnavailableError',
      reasons: ofMailbox.map((kind) => ({ kind, code: 'NO_MAILBOX' })),
    })
    expect(scene.writes()).toBe(before)
  },
)

test.each([
  ['a shared mailbox', 'Invoices'],
  ['a mailbox of its own', 'Mia'],
])('B7 does not reach: %s', async (_which, name) => {
  const seen = await scene.look(name)
  expect(seen.greyedOut).toEqual([])
  expect(await scene.block(seen.target, ofMailbox)).toMatchObject({
    status: 'SUCCEEDED',
    steps: ofMailbox.map((kind) => ({ kind, state: 'CONFIRMED' })),
  })
  const { forwardingSmtpAddress, inboxRules } = scene.mailbox(name)
  expect(forwardingSmtpAddress).toBeNull()
  const enabled = inboxRules.filter(({ isEnabled }) => isEnabled).map(({ displayName }) => displayName)
  expect(enabled).toEqual(['Junk E-Mail Rule', 'Microsoft.Exchange.OOF.KnownExternalSenders.Global'])
})

test('B8 holds: no forwarding, no enabled rule and a disabled account are greyed out, never failed', async () => {
  const milo = await scene.look('Milo')
  expect([offer(milo, ofMailbox[0]), offer(milo, ofMailbox[1])]).toEqual(['NO_FORWARDING', 'NO_ENABLED_INBOX_RULES'])
  const dora = await scene.look('Dora')
  expect(offer(dora, 'DISABLE_USER')).toBe('ALREADY_DISABLED')

  const before = scene.writes()
  expect(await scene.block(dora.target, ['DISABLE_USER'])).toMatchObject({
    __typename: 'RemediationUnavailableError',
    reasons: [{ code: 'ALREADY_DISABLED', message: expect.stringContaining('already blocked') }],
  })
  expect(scene.writes()).toBe(before)
  expect(await scene.block(milo.target, ['REVOKE_SESSIONS', ...ofMailbox])).toMatchObject({
    status: 'SUCCEEDED',
    steps: [
      { kind: 'REVOKE_SESSIONS', state: 'CONFIRMED' },
      { kind: ofMailbox[0], state: 'SKIPPED', code: 'NO_FORWARDING' },
      { kind: ofMailbox[1], state: 'SKIPPED', code: 'NO_ENABLED_INBOX_RULES' },
    ],
  })
})

test('B8 does not reach: what else there is to do about the same person', async () => {
  const dora = await scene.look('Dora')
  expect(await scene.block(dora.target, ['DISABLE_USER', 'REVOKE_SESSIONS'])).toMatchObject({
    status: 'SUCCEEDED',
    steps: [
      { kind: 'DISABLE_USER', state: 'SKIPPED' },
      { kind: 'REVOKE_SESSIONS', state: 'CONFIRMED' },
    ],
  })
  expect(Date.parse(scene.person('Dora').signInSessionsValidFromDateTime)).toBeGreaterThan(Date.parse('2026-01-01'))
})

test('B8 does not reach: forwarding to a colleague that an administrator set', async () => {
  scene.mailbox('Mara').forwardingAddress = scene.mailbox('Max').alias
  const mara = await scene.look('Mara')
  expect(offer(mara, 'REMOVE_MAIL_FORWARDING')).toMatchObject({ reversible: false })
  expect(await scene.block(mara.target, ['REMOVE_MAIL_FORWARDING'])).toMatchObject({ status: 'SUCCEEDED' })
  expect(scene.mailbox('Mara').forwardingAddress).toBeNull()
})
