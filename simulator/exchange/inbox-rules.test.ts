import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { aMicrosoft, type TestMicrosoft } from '../../test/support/microsoft.ts'
import { callMicrosoft, type WireAnswer } from '../../test/support/microsoft-calls.ts'
import { anApplication, aTenant, aWorld, mailboxOfUser, person, userOf, withApp } from '../builders.ts'
import type { DirectoryRoleName } from '../directory-roles.ts'
import { anInboxRule, builtInRules, ruleIdentityOf } from '../inbox-rules.ts'
import type { InboxRule, Tenant } from '../world.ts'

let microsoft: TestMicrosoft
let tenant: Tenant
const application = anApplication({ displayName: 'Caller', appRoles: [] })
const { appId } = application
const recipient = (address: string, name = address) => ({ emailAddress: { name, address } })

async function contoso(roles: DirectoryRoleName[] = ['Exchange Administrator']): Promise<void> {
  tenant = aTenant({
    people: [
      person('Ada', { mailbox: { forwardingSmtpAddress: 'smtp:ada.home@example.com', forwardingAddress: 'bruno' } }),
      person('Bruno'),
      person('Carla', { mailbox: false }),
      person('Accounts', { mailbox: { recipientTypeDetails: 'SharedMailbox', forwardingAddress: 'bruno' } }),
      person('Hana', { roles: ['Exchange Administrator'] }),
    ],
  })
  const ada = mailboxOfUser(tenant, 'Ada')
  ada.inboxRules = [
    anInboxRule({
      displayName: '.',
      sequence: 1,
      conditions: { subjectContains: ['invoice'] },
      exceptions: { hasAttachments: true },
      actions: { forwardTo: [recipient('out@example.org', 'Out'), recipient('bruno@contoso.com')], delete: true },
    }),
    anInboxRule({ displayName: '', sequence: 2, hasError: true, actions: { moveToFolder: 'RSS Feeds' } }),
    anInboxRule({
      displayName: 'Since May',
      sequence: 3,
      isReadOnly: true,
      exchangeOnly: { ReceivedAfterDate: '2026-05-01T00:00:00.0000000Z' },
    }),
    anInboxRule({ displayName: 'Sync', sequence: 4, isHidden: true, actions: { delete: true } }),
    ...builtInRules(ada),
  ]
  mailboxOfUser(tenant, 'Accounts').inboxRules = [anInboxRule({ displayName: 'Copies' })]
  withApp(tenant, application, { roles, permissions: ['Exchange.ManageAsApp'], delegated: ['Exchange.Manage'] })
  microsoft = await aMicrosoft(aWorld({ tenants: [tenant], applications: [application] }))
}
beforeEach(() => contoso())
afterEach(() => microsoft.close())

const send = (CmdletName: string, Parameters: object = {}, userId?: string): Promise<WireAnswer> => {
  const audience = 'https://outlook.office365.com'
  const token = microsoft.token({ tenantId: tenant.id, appId, audience, userId })
  return callMicrosoft(microsoft, `/adminapi/beta/${tenant.id}/InvokeCommand`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
    body: { CmdletInput: { CmdletName, Parameters } },
  })
}
interface Answer {
  value: Record<string, unknown>[]
  '@adminapi.warnings': string[]
}
const answerOf = ({ body }: WireAnswer) => body as Answer
const names = (answer: WireAnswer) => answerOf(answer).value.map(({ Name }) => Name)
const ada = () => mailboxOfUser(tenant, 'Ada')
const rule = (displayName: string): InboxRule => {
  const found = ada().inboxRules.find((one) => one.displayName === displayName)
  if (!found) throw new Error(displayName)
  return found
}
const adaId = () => userOf(tenant, 'Ada').id
const failed = (status: number, exception: string) => ({
  status,
  body: { error: { details: [{ message: expect.stringContaining(exception) }] } },
})
const nulBytes = { status: 403, headers: { 'content-encoding': 'gzip' }, body: null }

describe('Get-InboxRule', () => {
  test('shows visible rules in order, and hidden ones when asked, built-in ones among them', async () => {
    expect(names(await send('Get-InboxRule', { Mailbox: adaId() }))).toEqual(['.', '', 'Since May'])
    const all = names(await send('Get-InboxRule', { Mailbox: adaId(), IncludeHidden: true }))
    expect(all).toHaveLength(6)
    expect(all).toEqual(
      expect.arrayContaining(['Sync', 'Junk E-Mail Rule', expect.stringMatching(/^Microsoft\.Exchange\.OOF\./)]),
    )
    expect(names(await send('Get-InboxRule', { Mailbox: 'accounts@contoso.com' }))).toEqual(['Copies'])
    expect(names(await send('Get-InboxRule', { Mailbox: 'bruno' }))).toEqual([])
  })

  test('RuleIdentity is a JSON number above 2^63, exact on the wire; Identity holds it as text', async () => {
    const answer = await send('Get-InboxRule', { Mailbox: adaId() })
    const number = ruleIdentityOf(rule('.'))
    expect(BigInt(number)).toBeGreaterThan(2n ** 63n)
    expect(answer.bytes.toString()).toContain(`"RuleIdentity":${number},`)
    expect(answerOf(answer).value[0]).toMatchObject({ Identity: `ada\\${number}`, MailboxOwnerId: 'ada' })
  })

  test('in a batch the number is exact, too', async () => {
    const token = microsoft.token({ tenantId: tenant.id, appId, audience: 'https://outlook.office365.com' })
    const answer = await callMicrosoft(microsoft, `/adminapi/beta/${tenant.id}/$batch`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
      body: {
        requests: [
          {
            id: '1',
            method: 'POST',
            url: '/InvokeCommand',
            body: { CmdletInput: { CmdletName: 'Get-InboxRule', Parameters: { Mailbox: adaId() } } },
          },
        ],
      },
    })
    expect(answer.bytes.toString()).toContain(`"RuleIdentity":${ruleIdentityOf(rule('.'))},`)
  })

  test('recipients outside are shown by address, those inside by legacy name', async () => {
    const [first, second, third] = answerOf(await send('Get-InboxRule', { Mailbox: adaId() })).value
    expect(first).toMatchObject({
      Enabled: true,
      Priority: 1,
      SubjectContainsWords: ['invoice'],
      ExceptIfHasAttachment: true,
      DeleteMessage: true,
      RedirectTo: null,
      ForwardTo: [
        '"Out" [SMTP:out@example.org]',
        expect.stringMatching(/^"Bruno" \[EX:\/o=ExchangeLabs\/ou=.+\/cn=Recipients\/cn=.+-bruno\]$/),
      ],
      Description: expect.stringContaining("in the subject 'invoice'"),
    })
    expect(second).toMatchObject({ Name: '', MoveToFolder: 'RSS Feeds', InError: true })
    expect(third).toMatchObject({ SupportedByTask: false, ReceivedAfterDate: '2026-05-01T00:00:00.0000000Z' })
  })

  test('a broken rule is a warning, and the others still come', async () => {
    const answer = answerOf(await send('Get-InboxRule', { Mailbox: adaId() }))
    expect(answer['@adminapi.warnings']).toEqual([expect.stringContaining("The inbox rule '' contains errors")])
  })

  test('without a name everything of the tenant comes; an unknown mailbox or rule is 404', async () => {
    expect(names(await send('Get-InboxRule', {}))).toContain('Copies')
    expect(names(await send('Get-InboxRule', { Mailbox: null }))).toContain('Since May')
    const absent = failed(404, 'ManagementObjectNotFoundException')
    expect(await send('Get-InboxRule', { Mailbox: userOf(tenant, 'Carla').id })).toMatchObject(absent)
    expect(await send('Get-InboxRule', { Mailbox: adaId(), Identity: 'nothing' })).toMatchObject(absent)
    expect(await send('Get-InboxRule', { Mailbox: adaId(), Identity: 'Sync' })).toMatchObject(absent)
    expect(names(await send('Get-InboxRule', { Identity: `ada\\${ruleIdentityOf(rule('.'))}` }))).toEqual(['.'])
  })

  test.each<[DirectoryRoleName, boolean]>([
    ['Exchange Administrator', true],
    ['Global Administrator', true],
    ['Exchange Recipient Administrator', true],
    ['Global Reader', false],
    ['Security Reader', false],
    ['Compliance Administrator', false],
    ['Helpdesk Administrator', false],
  ])('%s may run it, and change anything: %j', async (role, may) => {
    await microsoft.close()
    await contoso([role])
    const expected = may ? { status: 200 } : nulBytes
    expect(await send('Get-Mailbox', { Identity: adaId() })).toMatchObject({ status: 200 })
    expect(await send('Get-InboxRule', { Mailbox: adaId() })).toMatchObject(expected)
    expect(await send('Disable-InboxRule', { Mailbox: adaId(), Identity: '.' })).toMatchObject(expected)
    expect(await send('Set-Mailbox', { Identity: adaId(), ForwardingAddress: null })).toMatchObject(expected)
    expect(rule('.').isEnabled).toBe(!may)
  })
})

describe('Disable-, Enable- and Remove-InboxRule', () => {
  const full = (name: string) => `ada\\${ruleIdentityOf(rule(name))}`

  test('a rule is turned off and on by its full identity, by number and by name', async () => {
    for (const [Parameters, name] of [
      [{ Identity: full('.') }, '.'],
      [{ Identity: `${ada().exchangeGuid}\\${ruleIdentityOf(rule('Since May'))}` }, 'Since May'],
      [{ Identity: ruleIdentityOf(rule('')), Mailbox: adaId() }, ''],
      [{ Identity: 'sync', Mailbox: 'ada@contoso.com', Confirm: false, Force: true }, 'Sync'],
    ] as const) {
      expect(await send('Disable-InboxRule', Parameters)).toMatchObject({ status: 200, body: { value: [] } })
      expect(rule(name).isEnabled).toBe(false)
      expect(await send('Enable-InboxRule', Parameters)).toMatchObject({ status: 200 })
      expect(rule(name).isEnabled).toBe(true)
    }
    expect(microsoft.journal().every(({ mutates, status }) => mutates && status === 200)).toBe(true)
  })

  test('a mailbox named twice, no identity and an unknown rule are refused', async () => {
    expect(await send('Disable-InboxRule', { Identity: full('.'), Mailbox: adaId() })).toMatchObject(
      failed(400, "You can't use both the Identity and Mailbox parameters to specify a mailbox."),
    )
    for (const Parameters of [{ Mailbox: adaId() }, { Mailbox: adaId(), Identity: '' }, { Identity: null }]) {
      expect(await send('Remove-InboxRule', Parameters)).toMatchObject({ status: 400 })
    }
    const absent = failed(404, 'ManagementObjectNotFoundException')
    expect(await send('Disable-InboxRule', { Identity: 'ada\\16752869479666417665' })).toMatchObject(absent)
    expect(await send('Disable-InboxRule', { Identity: '.' })).toMatchObject(absent)
    ada().inboxRules.push(anInboxRule({ displayName: '.' }, 'other'))
    expect(await send('Disable-InboxRule', { Identity: '.', Mailbox: adaId() })).toMatchObject(
      failed(400, 'ManagementObjectAmbiguousException'),
    )
    expect(rule('.').isEnabled).toBe(true)
  })

  test('rules that only Outlook knows are lost, and without leave nothing is done', async () => {
    ada().outlookRules = ['Print']
    const asked = await send('Disable-InboxRule', { Identity: full('.') })
    expect(asked).toMatchObject({ status: 200, body: { '@adminapi.confirmationmessage': expect.any(String) } })
    expect(rule('.').isEnabled).toBe(true)
    await send('Disable-InboxRule', { Identity: full('.'), AlwaysDeleteOutlookRulesBlob: true })
    expect(rule('.').isEnabled).toBe(false)
    expect(ada().outlookRules).toEqual([])
  })

  test('a removed rule is gone for Graph, too', async () => {
    const identity = full('Since May')
    expect(await send('Remove-InboxRule', { Identity: identity, Confirm: false })).toMatchObject({ status: 200 })
    expect(ada().inboxRules.map(({ displayName }) => displayName)).not.toContain('Since May')
    expect(await send('Remove-InboxRule', { Identity: identity })).toMatchObject({ status: 404 })
  })

  test('rules without a name, hidden ones and one of two of a name are removed by number', async () => {
    ada().inboxRules.push(anInboxRule({ displayName: '.', sequence: 7 }, 'other'))
    const ambiguous = await send('Remove-InboxRule', { Identity: '.', Mailbox: adaId(), Confirm: false })
    expect(ambiguous).toMatchObject(failed(400, 'ManagementObjectAmbiguousException'))
    for (const Parameters of [
      { Identity: full('') },
      { Identity: ruleIdentityOf(rule('Sync')), Mailbox: 'ada@contoso.com' },
      { Identity: full('.'), AlwaysDeleteOutlookRulesBlob: true, Force: true },
    ]) {
      const removed = await send('Remove-InboxRule', { ...Parameters, Confirm: false })
      expect(removed).toMatchObject({ status: 200, body: { value: [] } })
    }
    expect(names(await send('Get-InboxRule', { Mailbox: adaId(), IncludeHidden: true })).slice(2)).toEqual([
      'Since May',
      '.',
    ])
    expect(rule('.').sequence).toBe(7)
    await send('Remove-InboxRule', { Identity: 'SINCE may', Mailbox: adaId() })
    expect(() => rule('Since May')).toThrow()
  })

  test('a removal, too, loses the rules that only Outlook knows, and without leave removes nothing', async () => {
    ada().outlookRules = ['Print']
    await send('Remove-InboxRule', { Identity: full('.'), Confirm: false })
    expect(ada()).toMatchObject({ outlookRules: ['Print'], inboxRules: expect.arrayContaining([rule('.')]) })
    await send('Remove-InboxRule', { Identity: full('.'), Confirm: false, AlwaysDeleteOutlookRulesBlob: true })
    expect(ada().outlookRules).toEqual([])
    expect(() => rule('.')).toThrow()
  })

  test('a person without a name of a mailbox means the own one', async () => {
    mailboxOfUser(tenant, 'Hana').inboxRules = [anInboxRule({ displayName: 'Mine' })]
    const answer = await send('Get-InboxRule', {}, userOf(tenant, 'Hana').id)
    expect(names(answer)).toEqual(['Mine'])
  })
})

describe('Set-Mailbox', () => {
  const clear = { ForwardingAddress: null, ForwardingSmtpAddress: null, DeliverToMailboxAndForward: false }
  const forwarding = ({ forwardingAddress, forwardingSmtpAddress, deliverToMailboxAndForward } = ada()) => [
    forwardingAddress,
    forwardingSmtpAddress,
    deliverToMailboxAndForward,
  ]

  test('clears both mechanisms, of shared mailboxes too; again is a warning', async () => {
    const first = await send('Set-Mailbox', { Identity: adaId(), ...clear })
    expect(first).toMatchObject({ status: 200, body: { value: [], '@adminapi.warnings': [] } })
    expect(forwarding()).toEqual([null, null, false])
    expect(answerOf(await send('Set-Mailbox', { Identity: adaId(), ...clear }))['@adminapi.warnings']).toEqual([
      expect.stringContaining('completed successfully but no settings of'),
    ])
    await send('Set-Mailbox', { Identity: 'accounts', ...clear })
    expect(forwarding(mailboxOfUser(tenant, 'Accounts'))).toEqual([null, null, false])
  })

  test('changes only what it names', async () => {
    await send('Set-Mailbox', { Identity: adaId(), ForwardingSmtpAddress: null })
    expect(forwarding()).toEqual(['bruno', null, false])
    await send('Set-Mailbox', { Identity: adaId(), ForwardingSmtpAddress: 'x@example.net' })
    expect(forwarding()).toEqual(['bruno', 'smtp:x@example.net', false])
  })

  test.each([
    [{ ...clear }, 400],
    [{ Identity: '', ...clear }, 400],
    [{ Identity: 'nobody', ...clear }, 404],
    [{ Identity: 'ada', DeliverToMailboxAndForward: null }, 400],
    [{ Identity: 'ada', ForwardingAddress: 'nobody' }, 404],
    [{ Identity: 'ada', ForwardingSmtpAddress: 'no address' }, 400],
    [{ Identity: 'ada', Forwarding: null }, 400],
  ])('%j: %i', async (Parameters, status) => {
    expect(await send('Set-Mailbox', Parameters)).toMatchObject({ status })
    expect(forwarding()).toEqual(['bruno', 'smtp:ada.home@example.com', false])
  })
})
