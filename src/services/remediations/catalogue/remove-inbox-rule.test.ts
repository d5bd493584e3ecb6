import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailboxOfUser, person, userOf } from '../../../../simulator/builders.ts'
import { anInboxRule, builtInRules } from '../../../../simulator/inbox-rules.ts'
import { aRuleIn } from '../../../../test/support/candidates.ts'
import { aScene, remove, type Scene } from '../../../../test/support/remediations.ts'
import type { SubjectCandidate } from '../../events/types.ts'
import { RemediationUnavailableError } from '../../refusals.ts'
import { assessmentOf } from '../assess.ts'

const recipient = (address: string) => [{ emailAddress: { name: address, address } }]
const deleting = { actions: { delete: true }, conditions: { bodyContains: ['Invoice', 'Payment'] } }
const asRecorded = { DeleteMessage: 'True', BodyContainsWords: 'Invoice;Payment' }
/** Above what fits a signed 64-bit number, far above what a double holds. */
const bigId = '18446744073709551557'

const aRule = (
  mailbox: string,
  name: string,
  definition: Record<string, string> = asRecorded,
  ruleId?: string,
): SubjectCandidate => aRuleIn(mailbox, { name, definition, ...(ruleId !== undefined && { ruleId }) })

let scene: Scene
const ruleNames = (who: string) => mailboxOfUser(scene.tenant, who).inboxRules.map(({ displayName }) => displayName)
const rulesOf = (...rules: [string, object][]) => ({
  inboxRules: rules.map(([displayName, rule], index) => anInboxRule({ displayName, ...rule }, String(index))),
})

beforeAll(async () => {
  scene = await aScene({
    people: [
      person('Ada', { mailbox: rulesOf(['Invoices', deleting], ['Newsletters', { actions: { markAsRead: true } }]) }),
      person('Blanka', { mailbox: rulesOf(['', deleting], ['Other', {}]) }),
      person('Dora', {
        mailbox: rulesOf(['.', deleting], ['.', { actions: { forwardTo: recipient('out@example.net') } }]),
      }),
      person('Emil', { mailbox: rulesOf(['.', deleting], ['.', deleting]) }),
      person('Hugo', { mailbox: rulesOf(['Hidden', { ...deleting, isHidden: true }]) }),
      person('Iris', {
        mailbox: rulesOf(
          ['Renamed', { ...deleting, ruleIdentity: bigId }],
          ['Invoices', { ...deleting, ruleIdentity: '18446744073709551556' }],
        ),
      }),
      person('Jana', { mailbox: rulesOf(['Harmless', deleting]) }),
      person('Kurt', { mailbox: rulesOf(['Invoices', { actions: { markAsRead: true } }]) }),
      person('Lena', { mailbox: { outlookRules: ['Old'], ...rulesOf(['Invoices', deleting]) } }),
      person('Nils', { mailbox: false }),
    ],
    change: (tenant) => mailboxOfUser(tenant, 'Ada').inboxRules.push(...builtInRules(mailboxOfUser(tenant, 'Ada'))),
  })
})
afterAll(() => scene.close())

const removing = async (candidate: SubjectCandidate, key?: string) =>
  remove(await scene.as(), await scene.anEventOf('SUSPICIOUS_INBOX_RULE', candidate), 'REMOVE_INBOX_RULE', key)

describe('REMOVE_INBOX_RULE', () => {
  test('B8 deletes the rule and no other, keeps its definition, and has nothing to do the second time', async () => {
    const run = await removing(aRule('ada@contoso.com', 'Invoices'))
    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      steps: [
        {
          state: 'CONFIRMED',
          message: 'Deleted the inbox rule "Invoices" of ada@contoso.com',
          evidence: {
            mailbox: 'ada@contoso.com',
            rule: { Name: 'Invoices', Enabled: true, DeleteMessage: true, BodyContainsWords: ['Invoice', 'Payment'] },
          },
        },
      ],
    })
    expect(ruleNames('Ada')).toEqual(['Newsletters', ...builtInRules({ exchangeGuid: '' }).map((r) => r.displayName)])
    const again = await removing(aRule('ada@contoso.com', 'Invoices')).catch((error: unknown) => error)
    expect(again).toBeInstanceOf(RemediationUnavailableError)
    expect(again).toMatchObject({ reasons: [{ kind: 'REMOVE_INBOX_RULE', code: 'RULE_ALREADY_REMOVED' }] })
  })

  test.each<[string, string, SubjectCandidate, string[]]>([
    ['a blank name', 'Blanka', aRule('blanka@contoso.com', ''), ['Other']],
    ['a name that stands twice, told by its content', 'Dora', aRule('dora@contoso.com', '.'), ['.']],
    ['a hidden rule, in a mailbox called by its alias', 'Hugo', aRule('hugo', 'Hidden'), []],
    ['a 64-bit id', 'Iris', aRule('iris@contoso.com', 'Invoices', asRecorded, bigId), ['Invoices']],
    ['another name by now', 'Jana', aRule('jana@contoso.com', 'Invoices'), []],
    ['another content by now', 'Kurt', aRule('kurt@contoso.com', 'Invoices'), []],
  ])('finds a rule of %s', async (_what, who, candidate, left) => {
    expect(await removing(candidate)).toMatchObject({ steps: [{ state: 'CONFIRMED' }] })
    expect(ruleNames(who)).toEqual(left)
  })

  test('rules of classic Outlook may go along, as the warning says', async () => {
    const event = await scene.anEventOf('SUSPICIOUS_INBOX_RULE', aRule('lena@contoso.com', 'Invoices'))
    const [option] = (await assessmentOf(await scene.as(), event)).available
    expect(option).toMatchObject({ warnings: ['CANNOT_BE_UNDONE', 'OUTLOOK_CLIENT_RULES_LOST'], reversible: false })
    expect(option?.remarks.join(' ')).toContain('delete the message')
    expect(await removing(aRule('lena@contoso.com', 'Invoices'))).toMatchObject({ steps: [{ state: 'CONFIRMED' }] })
    expect(mailboxOfUser(scene.tenant, 'Lena').outlookRules).toEqual([])
  })

  test.each<[string, SubjectCandidate, string]>([
    ['two rules of that name that do the same', aRule('emil@contoso.com', '.'), 'RULE_AMBIGUOUS'],
    ['a rule of the service itself', aRule('ada@contoso.com', 'Junk E-Mail Rule', {}), 'SYSTEM_RULE'],
    ['a rule that is gone', aRule('emil@contoso.com', 'Nowhere', { MarkAsRead: 'True' }), 'RULE_ALREADY_REMOVED'],
    ['a mailbox that is gone', aRule('nils@contoso.com', 'Invoices'), 'RULE_ALREADY_REMOVED'],
  ])('nothing is deleted for %s', async (_what, candidate, code) => {
    const writes = scene.writes().length
    const event = await scene.anEventOf('SUSPICIOUS_INBOX_RULE', candidate)
    const { available, greyedOut } = await assessmentOf(await scene.as(), event)
    expect({ available, codes: greyedOut.map((reason) => reason.code) }).toEqual({ available: [], codes: [code] })
    await expect(removing(candidate)).rejects.toMatchObject({ reasons: [{ code }] })
    expect(scene.writes().length).toBe(writes)
  })

  test('B4 is offered on suspicious rules and on forwarding by a rule, and on nothing else', async () => {
    const candidate = aRule('emil@contoso.com', '.')
    for (const [type, offered] of [
      ['SUSPICIOUS_INBOX_RULE', true],
      ['EXTERNAL_MAIL_FORWARDING', true],
      ['USER_CONSENTED_TO_APP', false],
      ['MAILBOX_ACCESS_BY_NON_OWNER', false],
      ['USER_ACTIVITY', false],
    ] as const) {
      const event = await scene.anEventOf(type, candidate)
      const { available, greyedOut } = await assessmentOf(await scene.as(), event)
      expect([...available, ...greyedOut].map(({ kind }) => kind)).toEqual(offered ? ['REMOVE_INBOX_RULE'] : [])
    }
    const event = await scene.anEventOf('USER_ACTIVITY', candidate)
    await expect(remove(await scene.as(), event, 'REMOVE_INBOX_RULE')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      issues: [{ path: ['input', 'subjectId'] }],
    })
  })

  test('takes the role for apps and rules: the one for users does not do', async () => {
    const event = await scene.anEventOf('SUSPICIOUS_INBOX_RULE', aRule('emil@contoso.com', '.'))
    const ctx = await scene.as({
      objectId: userOf(scene.tenant, 'Ada').id,
      roles: ['Events.Read', 'Remediations.User'],
    })
    await expect(remove(ctx, event, 'REMOVE_INBOX_RULE')).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
      message: expect.stringContaining('Remediations.AppsAndRules'),
    })
  })

  test('the same key twice is one run', async () => {
    const candidate = aRule('dora@contoso.com', '.', { ForwardTo: 'out@example.net' })
    const event = await scene.anEventOf('EXTERNAL_MAIL_FORWARDING', candidate)
    const ctx = await scene.as()
    const first = await remove(ctx, event, 'REMOVE_INBOX_RULE', 'once')
    expect(first).toMatchObject({ status: 'SUCCEEDED' })
    const writes = scene.writes().length
    expect((await remove(ctx, event, 'REMOVE_INBOX_RULE', 'once')).id).toBe(first.id)
    expect(scene.writes().length).toBe(writes)
  })
})
