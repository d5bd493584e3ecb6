import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailboxOfUser, person } from '../../../../simulator/builders.ts'
import { aMailbox, aUser } from '../../../../test/support/facts.ts'
import { aScene, block, type Scene } from '../../../../test/support/remediations.ts'
import { assessmentOf } from '../assess.ts'
import { removeMailForwarding } from './remove-mail-forwarding.ts'

describe('REMOVE_MAIL_FORWARDING rules', () => {
  test.each([
    ['to any address', aMailbox({ forwardingSmtpAddress: 'smtp:ada@example.net' })],
    ['to a recipient of the tenant', aMailbox({ forwardingAddress: 'Ben' })],
  ])('is available with forwarding %s', (_what, mailbox) => {
    expect(removeMailForwarding.assess({ user: aUser(), mailbox })).toMatchObject({
      available: true,
      warnings: ['CANNOT_BE_UNDONE'],
      needsPrivilegedSignIn: false,
    })
  })

  test('B8 without forwarding it is greyed out', () => {
    expect(removeMailForwarding.assess({ user: aUser(), mailbox: aMailbox() })).toEqual({
      available: false,
      code: 'NO_FORWARDING',
    })
  })
})

describe('REMOVE_MAIL_FORWARDING in a tenant', () => {
  let scene: Scene
  beforeAll(async () => {
    const forwarding = {
      forwardingSmtpAddress: 'smtp:out@example.net',
      forwardingAddress: 'Ben',
      deliverToMailboxAndForward: true,
    }
    scene = await aScene({
      people: [
        person('Ada', { mailbox: forwarding }),
        person('Ben'),
        person('Cleo', { mailbox: false }),
        person('Shared', { mailbox: { ...forwarding, recipientTypeDetails: 'SharedMailbox' } }),
        person('Dina', { mailbox: forwarding }),
      ],
    })
  })
  afterAll(() => scene.close())

  test.each(['Ada', 'Shared'])('clears both mechanisms of %s, and what was set is kept as evidence', async (name) => {
    const run = await block(await scene.as(), await scene.anEventAbout(name), ['REMOVE_MAIL_FORWARDING'])
    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      steps: [
        {
          state: 'CONFIRMED',
          evidence: {
            before: {
              ForwardingSmtpAddress: 'smtp:out@example.net',
              ForwardingAddress: 'Ben',
              DeliverToMailboxAndForward: true,
            },
          },
        },
      ],
    })
    expect(mailboxOfUser(scene.tenant, name)).toMatchObject({
      forwardingAddress: null,
      forwardingSmtpAddress: null,
      deliverToMailboxAndForward: false,
    })
    const started = (await scene.audit()).find(
      (entry) => entry.runId === run.id && entry.name === 'remediation.started',
    )
    expect(JSON.stringify(started?.details)).toContain('out@example.net')
  })

  test.each([
    ['B7', 'Cleo', 'NO_MAILBOX'],
    ['B8', 'Ben', 'NO_FORWARDING'],
  ])('%s %s is greyed out before the click: %s', async (_rule, name, code) => {
    const { greyedOut } = await assessmentOf(await scene.as(), await scene.anEventAbout(name))
    expect(greyedOut.find(({ kind }) => kind === 'REMOVE_MAIL_FORWARDING')).toMatchObject({ code })
  })

  test('a mailbox that cannot be read greys out its own actions and nothing else', async () => {
    const event = await scene.anEventAbout('Dina')
    scene.microsoft.fault({ fault: 'status', service: 'exchange', times: 9, args: { status: 400, code: 'BadRequest' } })
    const { available, greyedOut } = await assessmentOf(await scene.as(), event)
    expect(available.map(({ kind }) => kind)).toEqual(['DISABLE_USER', 'REVOKE_SESSIONS', 'RESET_PASSWORD'])
    expect(greyedOut.map(({ kind, code }) => [kind, code])).toEqual([
      ['REMOVE_MAIL_FORWARDING', 'UPSTREAM_UNAVAILABLE'],
      ['DISABLE_INBOX_RULES', 'UPSTREAM_UNAVAILABLE'],
    ])
  })
})
