import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailboxOfUser, person } from '../../../../simulator/builders.ts'
import { aMailboxCalled } from '../../../../test/support/candidates.ts'
import { aScene, remove, type Scene } from '../../../../test/support/remediations.ts'
import type { SubjectCandidate } from '../../events/types.ts'
import { assessmentOf } from '../assess.ts'

const forwarding = {
  forwardingSmtpAddress: 'smtp:out@example.net',
  forwardingAddress: 'Ben',
  deliverToMailboxAndForward: true,
}
let scene: Scene
beforeAll(async () => {
  scene = await aScene({
    people: [
      person('Ada', { mailbox: forwarding }),
      person('Ben'),
      person('Cleo', { mailbox: false }),
      person('Dina', { mailbox: forwarding }),
      person('Shared', { mailbox: { ...forwarding, recipientTypeDetails: 'SharedMailbox' } }),
      person('Twin One', { mailbox: { ...forwarding, alias: 'twin' } }),
      person('Twin Two', { mailbox: { ...forwarding, alias: 'twin' } }),
    ],
  })
})
afterAll(() => scene.close())

const anEvent = (candidate: SubjectCandidate) => scene.anEventOf('EXTERNAL_MAIL_FORWARDING', candidate)

describe('REMOVE_MAILBOX_FORWARDING', () => {
  test.each<[string, string, () => SubjectCandidate]>([
    ['by address', 'Ada', () => aMailboxCalled('ada@contoso.com')],
    ['by alias, a shared one', 'Shared', () => aMailboxCalled('shared')],
    ['by GUID', 'Dina', () => aMailboxCalled('dina', mailboxOfUser(scene.tenant, 'Dina').exchangeGuid)],
  ])('clears both mechanisms of a mailbox named %s, and what was set is kept', async (_how, who, candidate) => {
    const event = await anEvent(candidate())
    const { available } = await assessmentOf(await scene.as(), event)
    expect(available).toMatchObject([
      {
        kind: 'REMOVE_MAILBOX_FORWARDING',
        reversible: false,
        warnings: ['CANNOT_BE_UNDONE'],
        remarks: ['The mailbox forwards to smtp:out@example.net and Ben now.'],
      },
    ])
    const mailbox = mailboxOfUser(scene.tenant, who)
    expect(await remove(await scene.as(), event, 'REMOVE_MAILBOX_FORWARDING')).toMatchObject({
      status: 'SUCCEEDED',
      steps: [
        {
          state: 'CONFIRMED',
          evidence: {
            mailbox: { ExchangeGuid: mailbox.exchangeGuid, PrimarySmtpAddress: mailbox.primarySmtpAddress },
            before: {
              ForwardingSmtpAddress: 'smtp:out@example.net',
              ForwardingAddress: 'Ben',
              DeliverToMailboxAndForward: true,
            },
          },
        },
      ],
    })
    expect(mailbox).toMatchObject({ forwardingAddress: null, forwardingSmtpAddress: null })
    await expect(remove(await scene.as(), event, 'REMOVE_MAILBOX_FORWARDING')).rejects.toMatchObject({
      reasons: [{ code: 'NO_FORWARDING' }],
    })
  })

  test.each<[string, SubjectCandidate, string]>([
    ['B7 a mailbox that is gone', aMailboxCalled('cleo@contoso.com'), 'NO_MAILBOX'],
    ['B8 a mailbox that forwards nothing', aMailboxCalled('ben@contoso.com'), 'NO_FORWARDING'],
    ['an alias of two mailboxes: it cannot be told which', aMailboxCalled('twin'), 'MAILBOX_AMBIGUOUS'],
  ])('is greyed out for %s', async (_what, candidate, code) => {
    const { available, greyedOut } = await assessmentOf(await scene.as(), await anEvent(candidate))
    expect({ available, codes: greyedOut.map((reason) => reason.code) }).toEqual({ available: [], codes: [code] })
  })

  test('B4 is offered on forwarding alone', async () => {
    for (const type of ['MAILBOX_ACCESS_GRANTED_TO_NON_OWNER', 'SUSPICIOUS_INBOX_RULE', 'USER_ACTIVITY'] as const) {
      const event = await scene.anEventOf(type, aMailboxCalled('twin'))
      const { available, greyedOut } = await assessmentOf(await scene.as(), event)
      expect([...available, ...greyedOut]).toEqual([])
      await expect(remove(await scene.as(), event, 'REMOVE_MAILBOX_FORWARDING')).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      })
    }
  })
})
