import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailboxOfUser, person } from '../../../simulator/builders.ts'
import { anInboxRule } from '../../../simulator/inbox-rules.ts'
import type { Tenant } from '../../../simulator/world.ts'
import { faultTable } from '../../../test/support/fault-table.ts'
import { aScene, block, type Scene } from '../../../test/support/remediations.ts'

const mailbox = (tenant: Tenant) => mailboxOfUser(tenant, 'Ada')

faultTable([
  {
    kind: 'REMOVE_MAIL_FORWARDING',
    ada: { mailbox: { forwardingSmtpAddress: 'smtp:out@example.net', deliverToMailboxAndForward: true } },
    isDone: (_ada, tenant) => mailbox(tenant).forwardingSmtpAddress === null,
    evidence: { before: { ForwardingSmtpAddress: 'smtp:out@example.net', DeliverToMailboxAndForward: true } },
    vanish: (tenant) => {
      tenant.mailboxes = []
    },
  },
  {
    kind: 'DISABLE_INBOX_RULES',
    ada: { mailbox: { inboxRules: [anInboxRule({ displayName: 'Invoices' })] } },
    isDone: (_ada, tenant) => mailbox(tenant).inboxRules.every(({ isEnabled }) => !isEnabled),
    evidence: { rules: [{ name: 'Invoices' }] },
    vanish: (tenant) => {
      mailbox(tenant).inboxRules = []
    },
  },
])

describe('DISABLE_INBOX_RULES with two rules, of which the first fails', () => {
  let scene: Scene
  const names = ['Ada', 'Ben', 'Cleo']
  beforeAll(async () => {
    const mailboxOf = (name: string) => ({
      inboxRules: ['Invoices', 'News'].map((rule) => anInboxRule({ displayName: rule }, name)),
    })
    scene = await aScene({ people: names.map((name) => person(name, { mailbox: mailboxOf(name) })) })
  })
  afterAll(() => scene.close())

  const blockRulesOf = async (name: string) => {
    const event = await scene.anEventAbout(name)
    const [step] = (await block(await scene.as(), event, ['DISABLE_INBOX_RULES'])).steps
    const rules = mailboxOfUser(scene.tenant, name).inboxRules
    return { step, enabled: rules.filter(({ isEnabled }) => isEnabled).map(({ displayName }) => displayName) }
  }

  test('refused: the step failed, and the evidence tells which one was turned off', async () => {
    scene.microsoft.fault({ fault: 'status', mutates: true, args: { status: 403 } })
    const { step, enabled } = await blockRulesOf('Ada')
    expect(step).toMatchObject({ state: 'FAILED', code: 'INSUFFICIENT_ROLE' })
    expect(step?.evidence).toMatchObject({ turnedOff: [expect.any(String)], gone: [], unanswered: [] })
    expect(enabled).toHaveLength(1)
  })

  test('no answer, though it is done: confirmed by reading', async () => {
    scene.microsoft.fault({ fault: 'resetAfter', mutates: true, times: 3 })
    const { step, enabled } = await blockRulesOf('Ben')
    expect(step).toMatchObject({ state: 'CONFIRMED', code: null })
    expect(step?.evidence).toMatchObject({ turnedOff: [expect.any(String)], unanswered: [expect.any(String)] })
    expect(enabled).toEqual([])
  })

  test('gone: the other one is turned off, and the evidence tells', async () => {
    const delay = scene.microsoft.fault({ fault: 'delay', mutates: true, args: { ms: 600_000 } })
    void delay.struck.then(() => {
      // Whichever comes first: both orders leave one rule and one answer that says that it is gone.
      mailboxOfUser(scene.tenant, 'Cleo').inboxRules.shift()
      delay.end()
    })
    const { step, enabled } = await blockRulesOf('Cleo')
    expect(step).toMatchObject({ state: 'CONFIRMED' })
    expect(step?.evidence).toMatchObject({ turnedOff: [expect.any(String)], gone: [expect.any(String)] })
    expect(enabled).toEqual([])
  })
})
