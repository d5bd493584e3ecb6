import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aGroup, mailboxOfUser, person, userOf } from '../../../../simulator/builders.ts'
import { guid } from '../../../../simulator/ids.ts'
import {
  sidOf,
  withFolderPermission,
  withMailboxPermission,
  withSendAs,
  withSendOnBehalf,
} from '../../../../simulator/mailbox-access.ts'
import { anAccess } from '../../../../test/support/candidates.ts'
import { aScene, remove, type Scene } from '../../../../test/support/remediations.ts'
import type { SubjectCandidate } from '../../events/types.ts'
import { RemediationUnavailableError } from '../../refusals.ts'
import { assessmentOf } from '../assess.ts'

const formerEmployee = sidOf(guid('user', 'Former employee'))

let scene: Scene
beforeAll(async () => {
  scene = await aScene({
    people: [
      person('Accounts Payable', { alias: 'accounts', mailbox: { recipientTypeDetails: 'SharedMailbox' } }),
      person('Reception', { mailbox: { recipientTypeDetails: 'SharedMailbox' } }),
      person('Board', { mailbox: { recipientTypeDetails: 'SharedMailbox' } }),
      ...['Ada', 'Ben', 'Dina', 'Emil', 'Finn', 'Greta', 'Hugo', 'Ines', 'Jonas'].map((name) => person(name)),
      person('Cleo', {
        mailbox: {
          emailAddresses: ['SMTP:cleo@contoso.com', 'smtp:c.novak@contoso.com', 'smtp:cleo@contoso.onmicrosoft.com'],
        },
      }),
      person('Nora Mailless', { mailbox: false }),
      person('Olaf', { mailbox: false }),
      person('Twin One', { mailbox: { alias: 'twin' } }),
      person('Twin Two', { mailbox: { alias: 'twin' } }),
    ],
    change: (tenant) => {
      const members = (...names: string[]) => names.map((name) => userOf(tenant, name).id)
      const inner = aGroup(tenant, 'Bookkeepers', { members: members('Finn') })
      aGroup(tenant, 'Finance team', { members: [...members('Emil', 'Olaf', 'Hugo'), inner.id] })
      aGroup(tenant, 'Auditors')

      const grantees = ['Ada', 'Ben', 'Cleo', 'Nora Mailless', 'Olaf', 'Hugo', 'Finance team', 'Auditors']
      for (const name of [...grantees, formerEmployee]) withMailboxPermission(tenant, 'Accounts Payable', name)
      withMailboxPermission(tenant, 'Accounts Payable', 'Dina', { Deny: true })
      withMailboxPermission(tenant, 'Accounts Payable', 'Greta', { IsInherited: true })
      withMailboxPermission(tenant, 'Accounts Payable', 'Ines', { AccessRights: ['ReadPermission'] })

      withMailboxPermission(tenant, 'Reception', 'Ada', { AccessRights: ['FullAccess', 'ReadPermission'] })
      withMailboxPermission(tenant, 'Reception', 'Ben', { InheritanceType: 'SelfAndChildren' })
      withMailboxPermission(tenant, 'Reception', 'Ben', { InheritanceType: 'None' })
      withMailboxPermission(tenant, 'Reception', 'Greta')
      withMailboxPermission(tenant, 'Reception', 'Greta', { IsInherited: true })
      withMailboxPermission(tenant, 'Reception', 'Hugo')
      withMailboxPermission(tenant, 'Reception', 'Finance team')

      for (const name of ['Ada', 'Ben', 'Cleo', 'Jonas']) withMailboxPermission(tenant, 'Board', name)
      withSendAs(tenant, 'Board', 'Ada')
      withSendOnBehalf(tenant, 'Board', 'Ada')
      withFolderPermission(tenant, 'Board', 'Inbox', 'Ada', ['Editor'])
      withSendAs(tenant, 'Board', 'Ben').AccessControlType = 'Deny'
      withFolderPermission(tenant, 'Board', 'Inbox', 'Ben', ['None'])
    },
  })
})
afterAll(() => scene.close())

const mailboxIds = (name: string) => mailboxOfUser(scene.tenant, name)
/** Who is named on the mailbox with full access, denied and inherited included. */
const holders = (mailbox: string) =>
  scene.tenant.mailboxPermissions
    .filter(
      ({ MailboxExternalDirectoryObjectId, AccessRights }) =>
        MailboxExternalDirectoryObjectId === mailboxIds(mailbox).externalDirectoryObjectId &&
        AccessRights.includes('FullAccess'),
    )
    .map(({ User }) => User)
const anEvent = (candidate: SubjectCandidate) => scene.anEventOf('MAILBOX_ACCESS_GRANTED_TO_NON_OWNER', candidate)
const assessing = async (candidate: SubjectCandidate) => assessmentOf(await scene.as(), await anEvent(candidate))
const removing = async (candidate: SubjectCandidate) =>
  remove(await scene.as(), await anEvent(candidate), 'REMOVE_MAILBOX_ACCESS')
const onAccounts = (grantee: string) => anAccess('accounts@contoso.com', grantee)

describe('REMOVE_MAILBOX_ACCESS', () => {
  test('B8 takes the access away and leaves that of others, keeps the grant, and has nothing to do the second time', async () => {
    const before = holders('Reception')
    const candidate = anAccess('reception@contoso.com', 'ada@contoso.com')
    const event = await scene.anEventOf('MAILBOX_ACCESS_BY_NON_OWNER', candidate)
    expect(await remove(await scene.as(), event, 'REMOVE_MAILBOX_ACCESS')).toMatchObject({
      status: 'SUCCEEDED',
      steps: [
        {
          state: 'CONFIRMED',
          message: 'Removed the full access of ada@contoso.com to mailbox reception@contoso.com',
          remedy: expect.stringContaining('what the grantee read or sent'),
          upstreamRequestId: expect.any(String),
          evidence: {
            mailbox: {
              ExchangeGuid: mailboxIds('Reception').exchangeGuid,
              PrimarySmtpAddress: 'reception@contoso.com',
            },
            grantee: 'ada@contoso.com',
            permissions: [
              {
                Identity: 'reception',
                User: 'ada@contoso.com',
                AccessRights: ['FullAccess', 'ReadPermission'],
                InheritanceType: 'All',
                IsInherited: false,
                Deny: false,
              },
            ],
          },
        },
      ],
    })
    expect(holders('Reception')).toEqual(before.filter((name) => name !== 'ada@contoso.com'))
    const again = await removing(candidate).catch((error: unknown) => error)
    expect(again).toBeInstanceOf(RemediationUnavailableError)
    expect(again).toMatchObject({ reasons: [{ kind: 'REMOVE_MAILBOX_ACCESS', code: 'ACCESS_ALREADY_REMOVED' }] })
  })

  test.each<[string, () => SubjectCandidate, string]>([
    ['by user principal name', () => onAccounts('ADA@contoso.com'), 'ada@contoso.com'],
    ['by alias, on a mailbox named by alias', () => anAccess('accounts', 'ben'), 'ben@contoso.com'],
    [
      'by a secondary address, on a mailbox named by GUID',
      () => anAccess(mailboxIds('Accounts Payable').exchangeGuid, 'c.novak@contoso.com'),
      'cleo@contoso.com',
    ],
    [
      'by name and without a mailbox, on a mailbox named by its display name',
      () => anAccess('Accounts Payable', 'Nora Mailless'),
      'nora.mailless@contoso.com',
    ],
    ['by user principal name and without a mailbox', () => onAccounts('olaf@contoso.com'), 'olaf@contoso.com'],
    ['by object id', () => onAccounts(scene.person('Hugo').id), 'hugo@contoso.com'],
    ['as a group', () => onAccounts('Auditors'), 'Auditors'],
    ['as an account that was deleted', () => onAccounts(formerEmployee), formerEmployee],
  ])('finds a grantee named %s', async (_how, candidate, user) => {
    const before = holders('Accounts Payable')
    expect(await removing(candidate())).toMatchObject({
      steps: [{ state: 'CONFIRMED', evidence: { grantee: user, permissions: [{ User: user }] } }],
    })
    expect(holders('Accounts Payable')).toEqual(before.filter((name) => name !== user))
  })

  test('entries that differ in how they are inherited all go', async () => {
    expect(await removing(anAccess('reception', 'ben'))).toMatchObject({
      steps: [
        {
          state: 'CONFIRMED',
          evidence: { permissions: [{ InheritanceType: 'SelfAndChildren' }, { InheritanceType: 'None' }] },
        },
      ],
    })
    expect(holders('Reception')).not.toContain('ben@contoso.com')
  })

  const onBoard = (grantee: string) => anAccess('board@contoso.com', grantee)

  test('B25 what the grantee may do besides is said, and stays', async () => {
    const { available } = await assessing(onBoard('ada@contoso.com'))
    expect(available).toMatchObject([
      {
        kind: 'REMOVE_MAILBOX_ACCESS',
        reversible: false,
        howToUndo: null,
        warnings: ['CANNOT_BE_UNDONE', 'OTHER_ACCESS_REMAINS'],
        remarks: [
          'What stays: ada@contoso.com may still send as the mailbox (SendAs), and send on its behalf (SendOnBehalf), and use its Inbox folder (Editor).',
        ],
      },
    ])
    const { recipientPermissions, mailboxFolderPermissions } = structuredClone(scene.tenant)
    expect(await removing(onBoard('ada@contoso.com'))).toMatchObject({ steps: [{ state: 'CONFIRMED' }] })
    expect(scene.tenant).toMatchObject({ recipientPermissions, mailboxFolderPermissions })
    expect(mailboxIds('Board').grantSendOnBehalfTo).toEqual(['ada'])
  })

  test('what is denied or none is no access that remains', async () => {
    const [option] = (await assessing(onBoard('ben@contoso.com'))).available
    expect(option).toMatchObject({ warnings: ['CANNOT_BE_UNDONE'], remarks: [] })
  })

  test('full access that is granted and inherited at once: the grant goes, and what is inherited is said', async () => {
    const candidate = anAccess('reception', 'greta@contoso.com')
    const [option] = (await assessing(candidate)).available
    expect(option).toMatchObject({
      warnings: ['CANNOT_BE_UNDONE', 'OTHER_ACCESS_REMAINS'],
      remarks: ['greta@contoso.com also inherits full access from above: that stays.'],
    })
    expect(await removing(candidate)).toMatchObject({ steps: [{ state: 'CONFIRMED' }] })
    expect(holders('Reception').filter((name) => name === 'greta@contoso.com')).toHaveLength(1)
    expect((await assessing(candidate)).greyedOut).toMatchObject([{ code: 'ACCESS_INHERITED' }])
  })

  test('full access that is granted and comes through a group at once: the grant goes, and the group is said', async () => {
    const candidate = anAccess('reception', 'hugo@contoso.com')
    const [option] = (await assessing(candidate)).available
    expect(option).toMatchObject({
      warnings: ['CANNOT_BE_UNDONE', 'OTHER_ACCESS_REMAINS'],
      remarks: ['What stays: hugo@contoso.com may still open it as a member of Finance team (FullAccess).'],
    })
    expect(await removing(candidate)).toMatchObject({ steps: [{ state: 'CONFIRMED' }] })
    expect(holders('Reception')).toContain('Finance team')
    expect((await assessing(candidate)).greyedOut).toMatchObject([{ code: 'ACCESS_THROUGH_GROUP' }])
  })

  test.each<[string, () => SubjectCandidate, string]>([
    ['a grantee who holds nothing there', () => onAccounts('jonas@contoso.com'), 'ACCESS_ALREADY_REMOVED'],
    ['a grantee who may only read permissions', () => onAccounts('ines@contoso.com'), 'ACCESS_ALREADY_REMOVED'],
    ['a grantee who is gone', () => onAccounts('nobody@contoso.com'), 'ACCESS_ALREADY_REMOVED'],
    ['a mailbox that is gone', () => anAccess('nowhere@contoso.com', 'jonas@contoso.com'), 'ACCESS_ALREADY_REMOVED'],
    ["the owner's own access", () => onAccounts('accounts@contoso.com'), 'ACCESS_ALREADY_REMOVED'],
    ['access that is inherited', () => onAccounts('greta@contoso.com'), 'ACCESS_INHERITED'],
    ['a member of a group', () => onAccounts('emil'), 'ACCESS_THROUGH_GROUP'],
    ['a member of a group in the group', () => onAccounts('finn@contoso.com'), 'ACCESS_THROUGH_GROUP'],
    ['a member of a group, without a mailbox', () => anAccess('reception', 'olaf@contoso.com'), 'ACCESS_THROUGH_GROUP'],
    [
      'a member of a group, without a mailbox, by object id',
      () => anAccess('reception', scene.person('Olaf').id),
      'ACCESS_THROUGH_GROUP',
    ],
    ['a grantee who is denied', () => onAccounts('dina@contoso.com'), 'ACCESS_DENIED'],
    ['a name that two mailboxes bear', () => anAccess('twin', 'ada@contoso.com'), 'MAILBOX_AMBIGUOUS'],
    ['a grantee whose name two mailboxes bear', () => onAccounts('twin'), 'MAILBOX_AMBIGUOUS'],
  ])('nothing is taken away for %s', async (_what, candidate, code) => {
    const writes = scene.writes().length
    const { available, greyedOut } = await assessing(candidate())
    expect({ available, codes: greyedOut.map((reason) => reason.code) }).toEqual({ available: [], codes: [code] })
    await expect(removing(candidate())).rejects.toMatchObject({ reasons: [{ code }] })
    expect(scene.writes().length).toBe(writes)
  })

  test('B5 is offered on the two events about access to mailboxes and on no other', async () => {
    const candidate = onBoard('cleo@contoso.com')
    for (const [type, offered] of [
      ['MAILBOX_ACCESS_GRANTED_TO_NON_OWNER', true],
      ['MAILBOX_ACCESS_BY_NON_OWNER', true],
      ['EXTERNAL_MAIL_FORWARDING', false],
      ['SUSPICIOUS_INBOX_RULE', false],
      ['USER_ACTIVITY', false],
    ] as const) {
      const event = await scene.anEventOf(type, candidate)
      const { available, greyedOut } = await assessmentOf(await scene.as(), event)
      expect([...available, ...greyedOut].map(({ kind }) => kind)).toEqual(offered ? ['REMOVE_MAILBOX_ACCESS'] : [])
      if (offered) continue
      await expect(remove(await scene.as(), event, 'REMOVE_MAILBOX_ACCESS')).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        issues: [{ path: ['input', 'subjectId'] }],
      })
    }
  })
})
