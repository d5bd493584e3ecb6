import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { person } from '../../../../simulator/builders.ts'
import { aTransportRule } from '../../../../simulator/transport-rules.ts'
import type { Switches } from '../../../../simulator/world.ts'
import { aTransportRuleCalled } from '../../../../test/support/candidates.ts'
import { aScene, remove, type Scene } from '../../../../test/support/remediations.ts'
import type { SubjectCandidate } from '../../events/types.ts'
import { RemediationUnavailableError } from '../../refusals.ts'
import { assessmentOf } from '../assess.ts'

const outwards = (address: string) => ({ RedirectMessageTo: [address] })
/** As the audit record of a rule that sends mail there tells it. */
const asRecorded = (address: string) => ({ RedirectMessageTo: address, Mode: 'Enforce', StopRuleProcessing: 'False' })

let scene: Scene
beforeAll(async () => {
  scene = await aScene({
    people: [person('Ada')],
    change: (tenant) => {
      tenant.transportRules = [
        aTransportRule({
          Name: 'Invoices',
          BlindCopyTo: ['copy@example.net'],
          SubjectOrBodyContainsWords: ['invoice', 'payment'],
          FromScope: 'InOrganization',
          Comments: 'Asked for by finance',
          CreatedBy: 'Ada',
        }),
        aTransportRule({ Name: '', ...outwards('blank@example.net') }),
        aTransportRule({ Name: '.', ...outwards('dot-one@example.net') }, 'one'),
        aTransportRule({ Name: '.', ...outwards('dot-two@example.net'), Priority: 3 }, 'two'),
        aTransportRule({ Name: 'O\'Neil, "VIP" <a> \\ =;+ *?', ...outwards('odd@example.net') }),
        aTransportRule({ Name: 'Harmless', ...outwards('renamed@example.net') }),
        aTransportRule({ Name: 'Disclaimer', ...outwards('changed@example.net') }),
        aTransportRule({ Name: 'By GUID', ...outwards('guid@example.net'), State: 'Disabled' }),
        aTransportRule({ Name: 'Twin', ...outwards('twin@example.net') }, 'one'),
        aTransportRule({ Name: 'Twin', ...outwards('twin@example.net') }, 'two'),
        aTransportRule({ Name: ' ', ...outwards('elsewhere@example.net') }, 'blank'),
        aTransportRule({ Name: 'Kept', ...outwards('kept@example.net') }),
        aTransportRule({ Name: 'Switched', ...outwards('switched@example.net') }),
      ]
    },
  })
})
afterEach(() => {
  delete scene.microsoft.world.switches
})
afterAll(() => scene.close())

const guids = () => scene.tenant.transportRules.map(({ Guid }) => Guid)
const guidOf = (address: string): string => {
  const found = scene.tenant.transportRules.find(({ RedirectMessageTo = [] }) => RedirectMessageTo.includes(address))
  if (!found) throw new Error(`No rule sends mail to ${address}`)
  return found.Guid
}
const named = (name: string | undefined, address: string): SubjectCandidate =>
  aTransportRuleCalled({ ...(name !== undefined && { name }), definition: asRecorded(address) })
const anEvent = (candidate: SubjectCandidate) => scene.anEventOf('EXTERNAL_MAIL_FORWARDING', candidate)
const assessing = async (candidate: SubjectCandidate) => assessmentOf(await scene.as(), await anEvent(candidate))
const removing = async (candidate: SubjectCandidate) =>
  remove(await scene.as(), await anEvent(candidate), 'REMOVE_TRANSPORT_RULE')

describe('REMOVE_TRANSPORT_RULE', () => {
  const invoices = aTransportRuleCalled({ name: 'Invoices', definition: { BlindCopyTo: 'copy@example.net' } })

  test('B25 the option says what the rule does now, and that it cannot be undone', async () => {
    const { available } = await assessing(invoices)
    expect(available).toMatchObject([
      {
        kind: 'REMOVE_TRANSPORT_RULE',
        reversible: false,
        howToUndo: null,
        warnings: ['CANNOT_BE_UNDONE'],
        permissions: ['Exchange.ManageAsApp'],
        remarks: [expect.stringMatching(/^What it does now: .*includes these words.*copy@example\.net/)],
      },
    ])
  })

  test('B8 deletes the rule and no other, keeps all that makes it again, and has nothing to do the second time', async () => {
    const before = guids()
    const [rule] = scene.tenant.transportRules
    expect(await removing(invoices)).toMatchObject({
      status: 'SUCCEEDED',
      steps: [
        {
          state: 'CONFIRMED',
          message: 'Deleted the transport rule "Invoices"',
          remedy: expect.stringContaining('who made the rule'),
          upstreamRequestId: expect.any(String),
          evidence: { rule },
        },
      ],
    })
    expect(guids()).toEqual(before.filter((guid) => guid !== rule?.Guid))
    const again = await removing(invoices).catch((error: unknown) => error)
    expect(again).toBeInstanceOf(RemediationUnavailableError)
    expect(again).toMatchObject({ reasons: [{ kind: 'REMOVE_TRANSPORT_RULE', code: 'RULE_ALREADY_REMOVED' }] })
  })

  test.each<[string, string, (guid: string) => SubjectCandidate]>([
    ['of a blank name', 'blank@example.net', () => named('', 'blank@example.net')],
    ['whose name stands twice, told by its content', 'dot-one@example.net', () => named('.', 'dot-one@example.net')],
    [
      'that has another place in the order by now',
      'dot-two@example.net',
      () => aTransportRuleCalled({ name: '.', definition: { ...asRecorded('dot-two@example.net'), Priority: '0' } }),
    ],
    ['of an odd name', 'odd@example.net', () => named('O\'Neil, "VIP" <a> \\ =;+ *?', 'odd@example.net')],
    ['of another name by now', 'renamed@example.net', () => named('Invoices', 'renamed@example.net')],
    ['of another content by now', 'changed@example.net', () => named('Disclaimer', 'before@example.net')],
    [
      'that is turned off, by its GUID alone',
      'guid@example.net',
      (guid) => aTransportRuleCalled({ guid, definition: {} }),
    ],
  ])('finds a rule %s', async (_what, address, candidate) => {
    const before = guids()
    const guid = guidOf(address)
    expect(await removing(candidate(guid))).toMatchObject({
      steps: [{ state: 'CONFIRMED', evidence: { rule: { Guid: guid, RedirectMessageTo: [address] } } }],
    })
    expect(guids()).toEqual(before.filter((one) => one !== guid))
  })

  test('that it was renamed or changed since is said before anybody acts', async () => {
    const guid = guidOf('kept@example.net')
    const other = aTransportRuleCalled({
      guid: guid.toUpperCase(),
      name: 'Before',
      definition: asRecorded('b@example.net'),
    })
    const [option] = (await assessing(other)).available
    expect(option?.remarks).toEqual([
      'The rule is called "Kept" now: it was renamed since the event.',
      'The rule does something else now: it was changed since the event.',
      expect.stringContaining("redirect the message to 'kept@example.net'"),
    ])
    const [same] = (await assessing(named('Kept', 'kept@example.net'))).available
    expect(same?.remarks).toEqual([expect.stringMatching(/^What it does now: /)])
  })

  test.each<[string, SubjectCandidate, string]>([
    ['two rules of that name that do the same', named('Twin', 'twin@example.net'), 'RULE_AMBIGUOUS'],
    ['two rules of another name that do the same', named('Before', 'twin@example.net'), 'RULE_AMBIGUOUS'],
    ['a blank name that another rule may bear', named('', 'nowhere@example.net'), 'RULE_AMBIGUOUS'],
    ['a rule that is gone', named('Nowhere', 'nowhere@example.net'), 'RULE_ALREADY_REMOVED'],
    [
      'a GUID that is gone, although another rule has the name and the content',
      aTransportRuleCalled({
        guid: '00000000-0000-4000-8000-000000000001',
        name: 'Kept',
        definition: asRecorded('kept@example.net'),
      }),
      'RULE_ALREADY_REMOVED',
    ],
    ['a record that tells nothing', aTransportRuleCalled({ definition: {} }), 'RULE_ALREADY_REMOVED'],
  ])('nothing is deleted for %s', async (_what, candidate, code) => {
    const writes = scene.writes().length
    const { available, greyedOut } = await assessing(candidate)
    expect({ available, codes: greyedOut.map((reason) => reason.code) }).toEqual({ available: [], codes: [code] })
    await expect(removing(candidate)).rejects.toMatchObject({ reasons: [{ code }] })
    expect(scene.writes().length).toBe(writes)
  })

  test('B4 is offered on forwarding alone', async () => {
    const candidate = named('Kept', 'kept@example.net')
    for (const type of [
      'SUSPICIOUS_INBOX_RULE',
      'USER_CONSENTED_TO_APP',
      'MAILBOX_ACCESS_GRANTED_TO_NON_OWNER',
      'USER_ACTIVITY',
    ] as const) {
      const event = await scene.anEventOf(type, candidate)
      const { available, greyedOut } = await assessmentOf(await scene.as(), event)
      expect([...available, ...greyedOut]).toEqual([])
      await expect(remove(await scene.as(), event, 'REMOVE_TRANSPORT_RULE')).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        issues: [{ path: ['input', 'subjectId'] }],
      })
    }
    expect((await assessing(candidate)).available.map(({ kind }) => kind)).toEqual(['REMOVE_TRANSPORT_RULE'])
  })

  const kept = named('Kept', 'kept@example.net')

  test('B20 rules that cannot be read are greyed out as that, never as gone', async () => {
    scene.microsoft.world.switches = { withheldCmdlets: ['Get-TransportRule'] }
    expect((await assessing(kept)).greyedOut.map(({ code }) => code)).toEqual(['PERMISSION_MISSING'])
    const { roleAssignments } = scene.tenant
    scene.tenant.roleAssignments = []
    scene.clients.forgetTokens(scene.tenant.id)
    expect((await assessing(kept)).greyedOut).toMatchObject([
      { code: 'TENANT_UNHEALTHY', message: expect.stringContaining('Exchange Administrator') },
    ])
    scene.tenant.roleAssignments = roleAssignments
    scene.clients.forgetTokens(scene.tenant.id)
  })

  test('a role that may read but not delete rules: the step says so, and the rule stays', async () => {
    scene.microsoft.world.switches = { withheldCmdlets: ['Remove-TransportRule'] }
    expect(await removing(kept)).toMatchObject({
      status: 'FAILED',
      steps: [{ code: 'INSUFFICIENT_ROLE', remedy: expect.stringContaining('Exchange Administrator') }],
    })
    expect(guids()).toContain(guidOf('kept@example.net'))
  })

  test('a removal that Exchange would ask about is agreed to', async () => {
    scene.microsoft.world.switches = { asksForConfirmation: true, unknownIdentityReturns: 'everything' }
    const guid = guidOf('switched@example.net')
    expect(await removing(named('Switched', 'switched@example.net'))).toMatchObject({ steps: [{ state: 'CONFIRMED' }] })
    expect(guids()).not.toContain(guid)
  })

  test.each<[string, Switches]>([
    ['404', {}],
    ['500', { cmdletErrorsAnswer500: true }],
    ['404 with the reason inside', { cmdletErrorTextInside: true }],
  ])('a rule that somebody else deletes meanwhile is gone, told by %s', async (_how, switches) => {
    scene.microsoft.world.switches = switches
    const rule = aTransportRule({ Name: 'Raced', ...outwards('raced@example.net') })
    scene.tenant.transportRules.push(rule)
    const delay = scene.microsoft.fault({ fault: 'delay', mutates: true, args: { ms: 600_000 } })
    void delay.struck.then(() => {
      scene.tenant.transportRules = scene.tenant.transportRules.filter((one) => one !== rule)
      delay.end()
    })
    expect(await removing(named('Raced', 'raced@example.net'))).toMatchObject({
      steps: [{ state: 'CONFIRMED', code: null, upstreamRequestId: expect.any(String) }],
    })
  })
})
