import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  anExchangeWorld,
  bodyOf,
  type ExchangeWorld,
  notAvailable,
  pipedText,
} from '../../test/support/exchange-world.ts'
import type { WireAnswer } from '../../test/support/microsoft-calls.ts'
import { aGroup, mailboxOfUser, userOf } from '../builders.ts'
import type { DirectoryRoleName } from '../directory-roles.ts'
import { sidOf, withFolderPermission, withMailboxPermission, withSendAs, withSendOnBehalf } from '../mailbox-access.ts'
import type { Tenant } from '../world.ts'

const sid = sidOf('somebody who left')
const self = 'NT AUTHORITY\\SELF'

function withAccess(tenant: Tenant): void {
  aGroup(tenant, 'Finance team', { members: [userOf(tenant, 'Carla').id] })
  withMailboxPermission(tenant, 'Accounts', 'Ada', { AccessRights: ['FullAccess', 'ReadPermission'] })
  withMailboxPermission(tenant, 'Accounts', 'Finance team')
  withMailboxPermission(tenant, 'Accounts', sid)
  withMailboxPermission(tenant, 'Accounts', 'Dmitri', { Deny: true })
  withMailboxPermission(tenant, 'Accounts', 'Hana', { IsInherited: true })
  withMailboxPermission(tenant, 'Ada', 'Bruno', { InheritanceType: 'None' })
}

let world: ExchangeWorld
const start = async (roles?: DirectoryRoleName[]): Promise<void> => {
  world = await anExchangeWorld({ ...(roles ? { roles } : {}), prepare: withAccess })
}
beforeEach(() => start())
afterEach(() => world.close())

const get = (parameters: object = {}): Promise<WireAnswer> => world.run('Get-MailboxPermission', parameters)
const users = (answer: WireAnswer) => bodyOf(answer).value.map(({ User }) => User)
const ofAccounts = ['ada@contoso.com', 'Finance team', sid, 'dmitri@contoso.com', 'hana@contoso.com']

describe('Get-MailboxPermission', () => {
  test('shows the owner, people by UPN, groups by name, deleted accounts by SID', async () => {
    const answer = await get({ Identity: userOf(world.tenant, 'Accounts').id })
    expect(users(answer)).toEqual([self, ...ofAccounts])
    expect(bodyOf(answer).value.slice(0, 2)).toEqual([
      {
        Identity: 'accounts',
        User: self,
        'AccessRights@odata.type': '#Collection(String)',
        AccessRights: ['FullAccess', 'ReadPermission'],
        IsInherited: false,
        Deny: false,
        InheritanceType: 'All',
      },
      {
        Identity: 'accounts',
        User: 'ada@contoso.com',
        'AccessRights@odata.type': '#Collection(String)',
        AccessRights: ['FullAccess', 'ReadPermission'],
        IsInherited: false,
        Deny: false,
        InheritanceType: 'All',
      },
    ])
    expect(bodyOf(answer).value.slice(4)).toMatchObject([{ Deny: true }, { IsInherited: true }])
    expect(users(await get({ Identity: 'bruno' }))).toEqual([self])
  })

  test('User leaves the rows that name the user, not those of groups', async () => {
    const { id } = userOf(world.tenant, 'Ada')
    for (const User of ['ada', 'ADA@contoso.com', 'Ada', id, mailboxOfUser(world.tenant, 'Ada').exchangeGuid]) {
      expect(users(await get({ Identity: 'accounts', User }))).toEqual(['ada@contoso.com'])
    }
    expect(users(await get({ Identity: 'accounts', User: 'Carla' }))).toEqual([])
    expect(users(await get({ Identity: 'accounts', User: 'finance team' }))).toEqual(['Finance team'])
    expect(users(await get({ Identity: 'accounts', User: sid }))).toEqual([sid])
    expect(users(await get({ Identity: 'accounts', User: self }))).toEqual([self])
  })

  test('Owner shows the owner only; with User it is refused', async () => {
    expect(users(await get({ Identity: 'accounts', Owner: true }))).toEqual([self])
    expect(await get({ Identity: 'accounts', Owner: true, User: 'ada' })).toMatchObject({ status: 400 })
  })

  test.each([[{ Identity: null }], [{ Identity: '' }], [{}]])('with %j the whole tenant comes', async (parameters) => {
    const rows = bodyOf(await get({ ...parameters, IncludeUserWithDisplayName: true })).value
    expect(rows).toHaveLength(world.tenant.mailboxes.length + world.tenant.mailboxPermissions.length)
    expect(new Set(rows.map(({ Identity }) => Identity)).size).toBe(world.tenant.mailboxes.length)
  })

  test('an unknown mailbox or user is 404, a name of two is 400', async () => {
    for (const parameters of [{ Identity: 'carla' }, { Identity: 'accounts', User: 'nobody' }]) {
      const answer = await get(parameters)
      expect(answer.status).toBe(404)
      expect(pipedText(answer)).toContain('ManagementObjectNotFoundException')
    }
    aGroup(world.tenant, 'Ada')
    expect(await get({ Identity: 'accounts', User: 'ada' })).toMatchObject({ status: 400 })
    expect(await get({ Identity: 'accounts', User: 'ada@contoso.com' })).toMatchObject({ status: 200 })
  })
})

describe('Remove-MailboxPermission', () => {
  const remove = (User: string, more: object = {}): Promise<WireAnswer> =>
    world.run('Remove-MailboxPermission', {
      Identity: userOf(world.tenant, 'Accounts').id,
      User,
      AccessRights: ['FullAccess'],
      InheritanceType: 'All',
      Confirm: false,
      ...more,
    })
  const left = (user: string) => world.tenant.mailboxPermissions.find(({ User }) => User === user)
  const warningsOf = (answer: WireAnswer) => bodyOf(answer)['@adminapi.warnings']
  const absent = [
    expect.stringMatching(
      /Can't remove the access control entry on the object .* because the ACE doesn't exist on the object\./,
    ),
  ]

  test('takes the rights named, of a person, a group and a deleted account', async () => {
    const answer = await remove('ada@contoso.com')
    expect(answer).toMatchObject({ status: 200, body: { value: [], '@adminapi.warnings': [] } })
    expect(left('ada@contoso.com')).toMatchObject({ AccessRights: ['ReadPermission'] })
    await remove('ada@contoso.com', { AccessRights: 'readpermission' })
    expect(left('ada@contoso.com')).toBeUndefined()
    for (const name of ['Finance team', sid]) {
      expect(warningsOf(await remove(name))).toEqual([])
      expect(left(name)).toBeUndefined()
    }
    expect(users(await get({ Identity: 'accounts' }))).toEqual([self, 'dmitri@contoso.com', 'hana@contoso.com'])
  })

  test('what is not there is 200 and a warning: never given, given to a group, of another inheritance', async () => {
    const before = structuredClone(world.tenant.mailboxPermissions)
    for (const [user, more] of [
      ['bruno', {}],
      ['carla@contoso.com', {}],
      ['ada@contoso.com', { AccessRights: ['SendAs', 'ChangeOwner'] }],
      ['bruno', { Identity: 'ada' }],
      [self, {}],
    ] as const) {
      const answer = await remove(user, more)
      expect(answer.status).toBe(200)
      expect(warningsOf(answer)).toEqual(absent)
    }
    expect(world.tenant.mailboxPermissions).toEqual(before)
    expect(warningsOf(await remove('bruno', { Identity: 'ada', InheritanceType: 'None' }))).toEqual([])
    expect(left('bruno@contoso.com')).toBeUndefined()
  })

  test('a denial goes only with Deny', async () => {
    expect(warningsOf(await remove('dmitri'))).toEqual(absent)
    expect(left('dmitri@contoso.com')).toBeDefined()
    expect(warningsOf(await remove('ada', { Deny: true }))).toEqual(absent)
    await remove('dmitri', { Deny: true })
    expect(left('dmitri@contoso.com')).toBeUndefined()
    expect(left('ada@contoso.com')).toBeDefined()
  })

  test('inherited access stays, with a warning or an error', async () => {
    const warned = await remove('hana')
    expect(warned.status).toBe(200)
    expect(warningsOf(warned)).toEqual([expect.stringContaining('inherited access control entry')])
    world.microsoft.world.switches = { inheritedAccessAnswers400: true }
    expect(await remove('hana')).toMatchObject({ status: 400, body: { error: { code: 'BadRequest' } } })
    expect(warningsOf(await remove('bruno'))).toEqual(absent)
    expect(left('hana@contoso.com')).toMatchObject({ IsInherited: true, AccessRights: ['FullAccess'] })
  })

  test('absent access can be an error, too', async () => {
    world.microsoft.world.switches = { absentAccessAnswers400: true }
    const answer = await remove('carla')
    expect(answer.status).toBe(400)
    expect(pipedText(answer)).toContain("because the ACE doesn't exist on the object.")
    expect(warningsOf(await remove('hana'))).toHaveLength(1)
  })

  test.each<[object, number]>([
    [{ Identity: 'carla' }, 404],
    [{ User: 'nobody@contoso.com' }, 404],
    [{ Identity: '' }, 400],
    [{ User: null }, 400],
    [{ AccessRights: [] }, 400],
    [{ AccessRights: ['Everything'] }, 400],
    [{ InheritanceType: 'Some' }, 400],
    [{ Deny: 'yes' }, 400],
    [{ Mailbox: 'accounts' }, 400],
  ])('%j: %i, and nothing is removed', async (more, status) => {
    const before = structuredClone(world.tenant.mailboxPermissions)
    expect(await remove('ada', more)).toMatchObject({ status })
    expect(world.tenant.mailboxPermissions).toEqual(before)
  })

  test('a stale read still shows the access, and the state does not', async () => {
    world.microsoft.fault({ fault: 'stale', service: 'exchange', args: { ms: 60_000 } })
    await remove('Finance team')
    expect(users(await get({ Identity: 'accounts' }))).toContain('Finance team')
    expect(users(await get({ Identity: 'accounts' }))).not.toContain('Finance team')
    const state = await (await fetch(`${world.microsoft.url}/control/state`)).json()
    expect(state.tenants[0].mailboxPermissions.map(({ User }: { User: string }) => User)).not.toContain('Finance team')
  })
})

describe('other access', () => {
  test('Get-RecipientPermission shows who may send as the mailbox', async () => {
    withSendAs(world.tenant, 'Accounts', 'Ada')
    withSendAs(world.tenant, 'Accounts', 'Finance team')
    const trustees = async (parameters: object) =>
      bodyOf(await world.run('Get-RecipientPermission', parameters)).value.map(({ Trustee }) => Trustee)
    expect(await trustees({ Identity: 'accounts' })).toEqual([self, 'ada@contoso.com', 'Finance team'])
    expect(await trustees({ Trustee: 'ada' })).toEqual(['ada@contoso.com'])
    expect(await trustees({ Identity: null })).toHaveLength(world.tenant.mailboxes.length + 2)
    const one = await world.run('Get-RecipientPermission', { Identity: 'accounts', Trustee: 'ada@contoso.com' })
    expect(bodyOf(one).value).toMatchObject([
      { Identity: 'accounts', AccessControlType: 'Allow', AccessRights: ['SendAs'], IsInherited: false },
    ])
    expect(await world.run('Get-RecipientPermission', { Identity: 'nobody' })).toMatchObject({ status: 404 })
    const wrong = await world.run('Get-RecipientPermission', { AccessRights: 'FullAccess' })
    expect(wrong).toMatchObject({ status: 400 })
  })

  test('Get-Mailbox shows who may send on behalf', async () => {
    withSendOnBehalf(world.tenant, 'Accounts', 'Ada')
    withSendOnBehalf(world.tenant, 'Accounts', 'Finance team')
    expect(bodyOf(await world.run('Get-Mailbox', { Identity: 'accounts' })).value).toMatchObject([
      { 'GrantSendOnBehalfTo@odata.type': '#Collection(String)', GrantSendOnBehalfTo: ['ada', 'Finance team'] },
    ])
  })

  test('Get-MailboxFolderPermission shows who may open a folder', async () => {
    withFolderPermission(world.tenant, 'Accounts', 'Inbox', 'Ada', ['Editor'])
    withFolderPermission(world.tenant, 'Accounts', 'Inbox\\Reports', 'Default')
    const rows = async (parameters: object) =>
      bodyOf(await world.run('Get-MailboxFolderPermission', parameters)).value.map(
        ({ FolderName, User, AccessRights }) => [FolderName, User, ...(AccessRights as string[])],
      )
    expect(await rows({ Identity: 'accounts:\\inbox' })).toEqual([
      ['Inbox', 'Default', 'None'],
      ['Inbox', 'Anonymous', 'None'],
      ['Inbox', 'Ada', 'Editor'],
    ])
    expect(await rows({ Identity: 'accounts@contoso.com:\\Inbox\\Reports' })).toEqual([
      ['Reports', 'Anonymous', 'None'],
      ['Reports', 'Default', 'Reviewer'],
    ])
    expect(await rows({ Identity: 'accounts:\\Inbox', User: 'ada@contoso.com' })).toEqual([['Inbox', 'Ada', 'Editor']])
    expect(await rows({ Identity: 'accounts:\\Calendar', User: 'default' })).toEqual([
      ['Calendar', 'Default', 'AvailabilityOnly'],
    ])
    expect(await rows({ Identity: 'accounts' })).toHaveLength(2)
    for (const [Identity, status] of [
      ['accounts:\\Nothing', 404],
      ['nobody:\\Inbox', 404],
      ['', 400],
    ] as const) {
      expect(await world.run('Get-MailboxFolderPermission', { Identity })).toMatchObject({ status })
    }
  })
})

test.each<[DirectoryRoleName, boolean]>([
  ['Exchange Administrator', true],
  ['Global Administrator', true],
  ['Exchange Recipient Administrator', true],
  ['Global Reader', false],
  ['Security Reader', false],
])('%s may read access, and remove it: %j', async (role, mayRemove) => {
  await world.close()
  await start([role])
  expect(await get({ Identity: 'accounts' })).toMatchObject({ status: 200 })
  expect(await world.run('Get-RecipientPermission', { Identity: 'accounts' })).toMatchObject({ status: 200 })
  expect(await world.run('Get-MailboxFolderPermission', { Identity: 'accounts:\\Inbox' })).toMatchObject({
    status: 200,
  })
  const parameters = { Identity: 'accounts', User: 'Finance team', AccessRights: ['FullAccess'] }
  const removed = await world.run('Remove-MailboxPermission', parameters)
  expect(removed).toMatchObject(mayRemove ? { status: 200 } : notAvailable)
  expect(users(await get({ Identity: 'accounts' })).includes('Finance team')).toBe(!mayRemove)
})
