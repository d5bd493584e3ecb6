import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  anExchangeWorld,
  bodyOf,
  type ExchangeWorld,
  notAvailable,
  pipedText,
} from '../../test/support/exchange-world.ts'
import { mailboxOfUser } from '../builders.ts'
import { anInboxRule } from '../inbox-rules.ts'
import type { Switches } from '../world.ts'

let world: ExchangeWorld
beforeEach(async () => {
  world = await anExchangeWorld()
})
afterEach(() => world.close())

const turn = async (switches: Switches): Promise<void> => {
  const answer = await fetch(`${world.microsoft.url}/control/switches`, {
    method: 'POST',
    body: JSON.stringify(switches),
  })
  expect(answer.status).toBe(200)
}
const restart = async (options: Parameters<typeof anExchangeWorld>[0]): Promise<void> => {
  await world.close()
  world = await anExchangeWorld(options)
}
const missing = () => world.run('Get-Mailbox', { Identity: 'nobody' })
const notFound = /^Ex6F9304\|.+ManagementObjectNotFoundException\|/

describe('what Microsoft does not document can be either way', () => {
  test('a cmdlet that no role includes', async () => {
    await turn({ withheldCmdlets: ['get-mailbox', 'Remove-TransportRule'] })
    expect(await missing()).toMatchObject(notAvailable)
    expect(await world.run('Remove-TransportRule', { Identity: 'x' })).toMatchObject(notAvailable)
    expect(await world.run('Get-TransportRule')).toMatchObject({ status: 200 })
  })

  test('refusals of cmdlets as 500', async () => {
    expect(await missing()).toMatchObject({ status: 404, body: { error: { code: 'NotFound' } } })
    await turn({ cmdletErrorsAnswer500: true })
    const answer = await missing()
    expect(answer).toMatchObject({ status: 500, body: { error: { code: 'InternalServerError' } } })
    expect(pipedText(answer)).toMatch(notFound)
  })

  test('the reason inside only, in camel case', async () => {
    await turn({ cmdletErrorTextInside: true })
    const answer = await missing()
    expect(answer).toMatchObject({
      status: 404,
      body: { error: { innerError: { internalException: { message: expect.stringMatching(notFound) } } } },
    })
    expect(answer.body).not.toHaveProperty('error.details')
    expect(answer.body).not.toHaveProperty('error.innererror')
  })

  test.each([400, 401, 403] as const)('an application without a supported role: %i', async (unsupportedRoleStatus) => {
    await restart({ roles: [] })
    await turn({ unsupportedRoleStatus })
    expect(await missing()).toMatchObject({
      status: unsupportedRoleStatus,
      body: { error: { message: expect.stringContaining("isn't supported in this scenario") } },
    })
  })

  test('a 401 with a page as body', async () => {
    await restart({ permissions: [] })
    expect(await missing()).toMatchObject({ status: 401, body: null })
    await turn({ exchange401IsHtml: true })
    const answer = await missing()
    expect(answer).toMatchObject({ status: 401, headers: { 'content-type': 'text/html' } })
    expect(answer.bytes.toString()).toContain('<html>')
  })

  test('an unknown identity: other mailboxes come instead, never of another mailbox that was named', async () => {
    await turn({ unknownIdentityReturns: 'everything' })
    expect(bodyOf(await missing()).value).toHaveLength(world.tenant.mailboxes.length)
    mailboxOfUser(world.tenant, 'Ada').inboxRules = [anInboxRule({ displayName: 'Hers' })]
    mailboxOfUser(world.tenant, 'Bruno').inboxRules = [anInboxRule({ displayName: 'His' })]
    const rules = await world.run('Get-InboxRule', { Mailbox: 'ada', Identity: 'gone' })
    expect(bodyOf(rules).value.map(({ Name }) => Name)).toEqual(['Hers'])
    expect(await world.run('Get-InboxRule', { Mailbox: 'nobody', Identity: 'gone' })).toMatchObject({ status: 404 })
    await turn({ unknownIdentityReturns: 'nothing' })
    expect(bodyOf(await missing()).value).toEqual([])
  })

  test('a question before a rule is turned off', async () => {
    mailboxOfUser(world.tenant, 'Ada').inboxRules = [anInboxRule({ displayName: 'Hers' })]
    await turn({ asksForConfirmation: true })
    const target = { Identity: 'Hers', Mailbox: 'ada' }
    const asked = await world.run('Disable-InboxRule', target)
    expect(bodyOf(asked)).toMatchObject({ value: [], '@adminapi.confirmationmessage': expect.any(String) })
    expect(mailboxOfUser(world.tenant, 'Ada').inboxRules).toMatchObject([{ isEnabled: true }])
    await world.run('Disable-InboxRule', { ...target, Confirm: false })
    expect(mailboxOfUser(world.tenant, 'Ada').inboxRules).toMatchObject([{ isEnabled: false }])
  })
})

describe('a person', () => {
  test('with the role but without the scope: 401; with the scope but without the role: NUL bytes', async () => {
    expect(await world.run('Get-TransportRule', {}, { as: 'Hana' })).toMatchObject({ status: 200 })
    expect(await world.run('Get-TransportRule', {}, { as: 'Bruno' })).toMatchObject(notAvailable)
    expect(await world.run('Remove-TransportRule', { Identity: 'x' }, { as: 'Hana' })).toMatchObject({ status: 404 })
    await restart({ delegated: [] })
    expect(await world.run('Get-TransportRule', {}, { as: 'Hana' })).toMatchObject({ status: 401 })
  })
})

describe('Filter of Get-Mailbox', () => {
  test.each<[string, string[]]>([
    ['ForwardingSmtpAddress -ne $null', ['ada']],
    ["Alias -eq 'BRUNO' -or alias -like 'a*s'", ['bruno', 'accounts']],
    ["Alias -like '*a*' -and ForwardingSmtpAddress -eq $null -and Alias -notlike 'h*'", ['accounts']],
    ["EmailAddresses -eq 'smtp:dmitri@contoso.onmicrosoft.com'", ['dmitri']],
    ['DeliverToMailboxAndForward -eq $true', ['ada']],
    ["DisplayName -eq 'O''Neil'", []],
  ])('%s', async (Filter, aliases) => {
    const ada = mailboxOfUser(world.tenant, 'Ada')
    Object.assign(ada, { forwardingSmtpAddress: 'smtp:a@example.com', deliverToMailboxAndForward: true })
    const answer = await world.run('Get-Mailbox', { Filter })
    expect(bodyOf(answer).value.map(({ Alias }) => Alias)).toEqual(aliases)
  })

  test.each(['Alias', "Colour -eq 'red'", "Alias -eq 'a' -or", "Alias -eq 'a' Alias -eq 'b'", "Alias -gt 'a'"])(
    '%s is refused',
    async (Filter) => {
      expect(await world.run('Get-Mailbox', { Filter })).toMatchObject({ status: 400 })
    },
  )
})
