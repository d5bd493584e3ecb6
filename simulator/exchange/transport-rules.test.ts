import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  anExchangeWorld,
  bodyOf,
  type ExchangeWorld,
  notAvailable,
  pipedText,
} from '../../test/support/exchange-world.ts'
import type { WireAnswer } from '../../test/support/microsoft-calls.ts'
import type { DirectoryRoleName } from '../directory-roles.ts'
import type { TransportRule } from '../exchange-world.ts'
import { aTransportRule } from '../transport-rules.ts'

const oddName = `,"+<>; \\ 'х' $(x) 🦆`
const rules = (): TransportRule[] => [
  aTransportRule({
    Name: 'Compliance copy',
    Priority: 2,
    BlindCopyTo: ['out@example.org'],
    SubjectOrBodyContainsWords: ['invoice', 'payment'],
  }),
  aTransportRule({ Name: '', Priority: 0, DeleteMessage: true, SentTo: ['ada@contoso.com'] }),
  aTransportRule({ Name: oddName, Priority: 1, State: 'Disabled', RedirectMessageTo: ['x@example.net'] }),
  aTransportRule({ Name: 'Twice', Priority: 3, CopyTo: ['one@example.com'] }, 'one'),
  aTransportRule({ Name: 'twice', Priority: 4, AddToRecipients: ['other@example.com'] }, 'other'),
]

let world: ExchangeWorld
const start = async (roles?: DirectoryRoleName[]): Promise<void> => {
  world = await anExchangeWorld({ ...(roles ? { roles } : {}), prepare: (tenant) => (tenant.transportRules = rules()) })
}
beforeEach(() => start())
afterEach(() => world.close())

const rule = (name: string): TransportRule => {
  const found = world.tenant.transportRules.find(({ Name }) => Name === name)
  if (!found) throw new Error(name)
  return found
}
const get = (parameters: object = {}): Promise<WireAnswer> => world.run('Get-TransportRule', parameters)
const names = (answer: WireAnswer) => bodyOf(answer).value.map(({ Name }) => Name)
const all = ['', oddName, 'Compliance copy', 'Twice', 'twice']

describe('Get-TransportRule', () => {
  test('shows what a rule looks for and does, and null for the rest', async () => {
    const { Guid } = rule('Compliance copy')
    const [shown] = bodyOf(await get({ Identity: Guid.toUpperCase() })).value
    expect(shown).toEqual({
      Identity: 'Compliance copy',
      DistinguishedName: expect.stringMatching(
        /^CN=Compliance copy,CN=TransportVersioned,.+CN=contoso\.onmicrosoft\.com,/,
      ),
      'Guid@odata.type': '#Guid',
      'Guid@data.type': 'System.Guid',
      Guid,
      Name: 'Compliance copy',
      State: 'Enabled',
      Mode: 'Enforce',
      'Priority@data.type': 'System.Int32',
      Priority: 2,
      Description: expect.stringContaining("blind carbon copy (Bcc) the message to 'out@example.org'"),
      Comments: null,
      CreatedBy: 'Administrator',
      LastModifiedBy: 'Administrator',
      'WhenChanged@data.type': 'System.DateTime',
      WhenChanged: expect.any(String),
      RuleErrorAction: 'Ignore',
      SenderAddressLocation: 'Header',
      StopRuleProcessing: false,
      FromScope: null,
      SentToScope: null,
      DeleteMessage: false,
      BlindCopyTo: ['out@example.org'],
      SubjectOrBodyContainsWords: ['invoice', 'payment'],
      ...Object.fromEntries(
        ['From', 'SentTo', 'RedirectMessageTo', 'CopyTo', 'AddToRecipients'].map((one) => [one, null]),
      ),
      ...Object.fromEntries(
        [
          'From',
          'SentTo',
          'SubjectOrBodyContainsWords',
          'BlindCopyTo',
          'RedirectMessageTo',
          'CopyTo',
          'AddToRecipients',
        ].map((one) => [`${one}@odata.type`, '#Collection(String)']),
      ),
    })
  })

  test('finds a rule by GUID, name and distinguished name, however odd the name', async () => {
    const { Guid } = rule(oddName)
    const [shown] = bodyOf(await get({ Identity: Guid })).value
    for (const Identity of [Guid, oddName, shown?.DistinguishedName])
      expect(names(await get({ Identity }))).toEqual([oddName])
    expect(names(await get({ Identity: rule('').Guid }))).toEqual([''])
  })

  test('a rule named as the GUID of another is not the other', async () => {
    world.tenant.transportRules.unshift(aTransportRule({ Name: rule('').Guid }))
    expect(names(await get({ Identity: rule('').Guid }))).toEqual([''])
  })

  test.each([[{ Identity: null }], [{ Identity: '' }], [{}]])(
    'with %j everything comes, by priority',
    async (parameters) => {
      expect(names(await get(parameters))).toEqual(all)
    },
  )

  test('a missing rule is 404 with the piped text, a name that stands twice is 400', async () => {
    for (const Identity of ['Nothing', '00000000-0000-4000-8000-000000000000']) {
      const answer = await get({ Identity })
      expect(answer).toMatchObject({ status: 404, body: { error: { code: 'NotFound' } } })
      expect(pipedText(answer)).toMatch(/^Ex[0-9A-F]{6}\|[\w.]+\.ManagementObjectNotFoundException\|The op.*'.+'/)
    }
    const twice = await get({ Identity: 'TWICE' })
    expect(twice.status).toBe(400)
    expect(pipedText(twice)).toContain('ManagementObjectAmbiguousException')
  })

  test('State and Filter choose, ExcludeConditionActionDetails blanks', async () => {
    expect(names(await get({ State: 'disabled' }))).toEqual([oddName])
    expect(names(await get({ State: 'Enabled', Identity: rule(oddName).Guid }))).toEqual([])
    expect(names(await get({ Filter: "Description -like 'out@example.org*'" }))).toEqual(['Compliance copy'])
    expect(
      names(await get({ Filter: "Description -like '*example.org*' -or Description -like '*example.net*'" })),
    ).toEqual([oddName, 'Compliance copy'])
    for (const parameters of [{ State: 'On' }, { Filter: "Name -eq 'x'" }, { Filter: 'Description' }]) {
      expect(await get(parameters)).toMatchObject({ status: 400 })
    }
    const blank = await get({ Identity: 'Compliance copy', ExcludeConditionActionDetails: true })
    expect(bodyOf(blank).value).toMatchObject([
      { Name: 'Compliance copy', Description: '', BlindCopyTo: null, SubjectOrBodyContainsWords: null },
    ])
  })

  test('everything comes in pages, asked for with the same body', async () => {
    const found: unknown[] = []
    for (let path: string | undefined = `/adminapi/beta/${world.tenant.id}/InvokeCommand?$select=Name`; path; ) {
      const answer: WireAnswer = await world.run('Get-TransportRule', {}, { path, prefer: 'odata.maxpagesize=2' })
      expect(bodyOf(answer).value.length).toBeLessThanOrEqual(2)
      found.push(...bodyOf(answer).value)
      path = bodyOf(answer)['@odata.nextLink']?.replace(world.microsoft.url, '')
    }
    expect(found).toEqual(all.map((Name) => ({ Name })))
  })

  test.each<['everything' | 'nothing', string[]]>([
    ['everything', all],
    ['nothing', []],
  ])('where unknown identities return %s, no 404 comes', async (unknownIdentityReturns, expected) => {
    world.microsoft.world.switches = { unknownIdentityReturns }
    const answer = await get({ Identity: 'Nothing' })
    expect(answer.status).toBe(200)
    expect(names(answer)).toEqual(expected)
    expect(names(await get({ Identity: 'Compliance copy' }))).toEqual(['Compliance copy'])
    expect(await world.run('Remove-TransportRule', { Identity: 'Nothing' })).toMatchObject({ status: 404 })
  })
})

describe('Disable- and Remove-TransportRule', () => {
  test('a rule is turned off, and goes', async () => {
    const { Guid } = rule('Compliance copy')
    const target = { Identity: Guid, Confirm: false }
    expect(await world.run('Disable-TransportRule', target)).toMatchObject({ status: 200, body: { value: [] } })
    expect(rule('Compliance copy')).toMatchObject({ State: 'Disabled', BlindCopyTo: ['out@example.org'] })
    const state = await (await fetch(`${world.microsoft.url}/control/state`)).json()
    expect(state.tenants[0].transportRules).toContainEqual(
      expect.objectContaining({ Guid, Identity: 'Compliance copy', Name: 'Compliance copy', State: 'Disabled' }),
    )
    expect(await world.run('Disable-TransportRule', target)).toMatchObject({ status: 200 })
    expect(await world.run('Remove-TransportRule', target)).toMatchObject({ status: 200, body: { value: [] } })
    expect(world.tenant.transportRules.map((one) => one.Guid)).not.toContain(Guid)
    expect(world.tenant.transportRules).toHaveLength(4)
    expect(await world.run('Remove-TransportRule', target)).toMatchObject({ status: 404 })
    expect(world.microsoft.journal().map(({ status, mutates }) => [status, mutates])).toEqual([
      [200, true],
      [200, true],
      [200, true],
      [404, true],
    ])
  })

  test.each([
    [{ Identity: 'Twice' }, 400],
    [{ Identity: '' }, 400],
    [{ Identity: null }, 400],
    [{}, 400],
    [{ Identity: 'Nothing' }, 404],
  ])('%j: %i, and nothing is removed', async (parameters, status) => {
    for (const cmdlet of ['Remove-TransportRule', 'Disable-TransportRule'] as const) {
      expect(await world.run(cmdlet, parameters)).toMatchObject({ status })
    }
    expect(world.tenant.transportRules).toEqual(rules())
  })

  test('a stale read still shows a removed rule', async () => {
    world.microsoft.fault({ fault: 'stale', service: 'exchange', args: { ms: 60_000 } })
    await world.run('Remove-TransportRule', { Identity: oddName })
    expect(names(await get())).toEqual(all)
    expect(names(await get())).toEqual(all.filter((name) => name !== oddName))
  })

  test('a cut connection leaves the rule or removes it, as it is told', async () => {
    const remove = () => world.run('Remove-TransportRule', { Identity: rule('').Guid })
    world.microsoft.fault({ fault: 'resetBefore', service: 'exchange' })
    await expect(remove()).rejects.toThrow()
    expect(rule('')).toBeDefined()
    world.microsoft.fault({ fault: 'resetAfter', service: 'exchange' })
    await expect(remove()).rejects.toThrow()
    expect(() => rule('')).toThrow()
  })

  test('where it asks for confirmation, only Confirm: false removes', async () => {
    world.microsoft.world.switches = { asksForConfirmation: true }
    const asked = await world.run('Remove-TransportRule', { Identity: oddName })
    expect(asked).toMatchObject({ status: 200, body: { '@adminapi.confirmationmessage': expect.any(String) } })
    expect(rule(oddName)).toBeDefined()
    await world.run('Remove-TransportRule', { Identity: oddName, Confirm: false })
    expect(() => rule(oddName)).toThrow()
  })
})

test.each<[DirectoryRoleName, boolean, boolean]>([
  ['Exchange Administrator', true, true],
  ['Global Administrator', true, true],
  ['Global Reader', true, false],
  ['Security Reader', true, false],
  ['Exchange Recipient Administrator', false, false],
  ['Helpdesk Administrator', false, false],
])('%s may read transport rules: %j, and remove them: %j', async (role, mayRead, mayRemove) => {
  await world.close()
  await start([role])
  expect(await get()).toMatchObject(mayRead ? { status: 200 } : notAvailable)
  for (const cmdlet of ['Disable-TransportRule', 'Remove-TransportRule'] as const) {
    const answer = await world.run(cmdlet, { Identity: oddName })
    expect(answer).toMatchObject(mayRemove ? { status: 200 } : notAvailable)
  }
  expect(world.tenant.transportRules).toHaveLength(mayRemove ? 4 : 5)
})
