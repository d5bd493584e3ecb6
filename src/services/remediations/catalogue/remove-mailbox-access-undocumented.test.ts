/** Answers that Microsoft does not document, and others who change the same mailbox: whatever comes, what is said is true. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { mailboxOfUser, person } from '../../../../simulator/builders.ts'
import { withMailboxPermission } from '../../../../simulator/mailbox-access.ts'
import type { Switches } from '../../../../simulator/world.ts'
import { anAccess } from '../../../../test/support/candidates.ts'
import { aScene, remove, type Scene } from '../../../../test/support/remediations.ts'
import type { SubjectCandidate } from '../../events/types.ts'
import { assessmentOf } from '../assess.ts'

let scene: Scene
beforeAll(async () => {
  scene = await aScene({
    people: [
      person('Board', { mailbox: { recipientTypeDetails: 'SharedMailbox' } }),
      ...['Ada', 'Cleo', 'Dina', 'Emil', 'Finn', 'Jonas'].map((name) => person(name)),
    ],
    change: (tenant) => {
      withMailboxPermission(tenant, 'Board', 'Cleo')
    },
  })
})
afterEach(() => {
  delete scene.microsoft.world.switches
})
afterAll(() => scene.close())

/** Who is named on Board's mailbox. */
const holders = () =>
  scene.tenant.mailboxPermissions.filter(({ Identity }) => Identity === 'board').map(({ User }) => User)
const anEvent = (candidate: SubjectCandidate) => scene.anEventOf('MAILBOX_ACCESS_GRANTED_TO_NON_OWNER', candidate)
const assessing = async (candidate: SubjectCandidate) => assessmentOf(await scene.as(), await anEvent(candidate))
const removing = async (candidate: SubjectCandidate) =>
  remove(await scene.as(), await anEvent(candidate), 'REMOVE_MAILBOX_ACCESS')
const onBoard = (grantee: string) => anAccess('board@contoso.com', grantee)

describe('REMOVE_MAILBOX_ACCESS', () => {
  test.each(['everything', 'nothing'] as const)(
    'an unknown mailbox that Exchange answers with %s is nobody else',
    async (unknownIdentityReturns) => {
      scene.microsoft.world.switches = { unknownIdentityReturns }
      const { available, greyedOut } = await assessing(anAccess('nowhere@contoso.com', 'cleo@contoso.com'))
      expect({ available, codes: greyedOut.map(({ code }) => code) }).toEqual({
        available: [],
        codes: ['ACCESS_ALREADY_REMOVED'],
      })
    },
  )

  test('B20 access that cannot be read is greyed out as that, never as gone', async () => {
    for (const [withheld, code] of [
      ['Get-MailboxPermission', 'PERMISSION_MISSING'],
      ['Get-Mailbox', 'PERMISSION_MISSING'],
    ]) {
      scene.microsoft.world.switches = { withheldCmdlets: [withheld ?? ''] }
      expect((await assessing(onBoard('cleo@contoso.com'))).greyedOut.map((reason) => reason.code)).toEqual([code])
    }
  })

  test.each(['Get-RecipientPermission', 'Get-MailboxFolderPermission'])(
    'other rights are only said: without %s the access can still be removed',
    async (cmdlet) => {
      scene.microsoft.world.switches = { withheldCmdlets: [cmdlet] }
      const [option] = (await assessing(onBoard('cleo@contoso.com'))).available
      expect(option?.remarks).toEqual(['Whether the grantee holds other rights there could not be read.'])
    },
  )

  test('a role that may read but not take away: the step says so, and the access stays', async () => {
    scene.microsoft.world.switches = { withheldCmdlets: ['Remove-MailboxPermission'] }
    expect(await removing(onBoard('cleo@contoso.com'))).toMatchObject({
      status: 'FAILED',
      steps: [{ code: 'INSUFFICIENT_ROLE', remedy: expect.stringContaining('Exchange Administrator') }],
    })
    expect(holders()).toContain('cleo@contoso.com')
  })

  test('a removal that Exchange would ask about is agreed to', async () => {
    scene.microsoft.world.switches = { asksForConfirmation: true, unknownIdentityReturns: 'everything' }
    expect(await removing(onBoard('cleo@contoso.com'))).toMatchObject({ steps: [{ state: 'CONFIRMED' }] })
    expect(holders()).not.toContain('cleo@contoso.com')
  })

  const positions: [string, Switches][] = [
    ['a warning', {}],
    ['400', { absentAccessAnswers400: true, inheritedAccessAnswers400: true }],
    ['500', { absentAccessAnswers400: true, inheritedAccessAnswers400: true, cmdletErrorsAnswer500: true }],
    ['400 with the reason inside', { absentAccessAnswers400: true, cmdletErrorTextInside: true }],
  ]
  /** Something else happens while the call is on its way. */
  const meanwhile = (happens: () => void) => {
    const delay = scene.microsoft.fault({ fault: 'delay', mutates: true, args: { ms: 600_000 } })
    void delay.struck.then(() => {
      happens()
      delay.end()
    })
  }
  const done = { steps: [{ state: 'CONFIRMED', code: null, upstreamRequestId: expect.any(String) }] }

  test.each(positions)('access that somebody else takes away meanwhile is gone, told by %s', async (_how, switches) => {
    scene.microsoft.world.switches = switches
    const permission = withMailboxPermission(scene.tenant, 'Board', 'Dina')
    meanwhile(() => {
      scene.tenant.mailboxPermissions = scene.tenant.mailboxPermissions.filter((one) => one !== permission)
    })
    expect(await removing(onBoard('dina@contoso.com'))).toMatchObject(done)
  })

  test.each(positions)('an answer that is lost and asked for again is told by %s', async (_how, switches) => {
    scene.microsoft.world.switches = switches
    withMailboxPermission(scene.tenant, 'Board', 'Emil')
    scene.microsoft.fault({ fault: 'resetAfter', mutates: true })
    expect(await removing(onBoard('emil@contoso.com'))).toMatchObject(done)
    expect(holders()).not.toContain('emil@contoso.com')
  })

  test.each(positions)('what is only inherited by then is no grant any more, told by %s', async (_how, switches) => {
    scene.microsoft.world.switches = switches
    const permission = withMailboxPermission(scene.tenant, 'Board', 'Finn')
    meanwhile(() => {
      permission.IsInherited = true
    })
    expect(await removing(onBoard('finn@contoso.com'))).toMatchObject(done)
    scene.tenant.mailboxPermissions = scene.tenant.mailboxPermissions.filter((one) => one !== permission)
  })

  test.each(['everything', 'nothing', undefined] as const)(
    'a mailbox that is deleted meanwhile took the access along (unknown mailboxes answered with %s)',
    async (unknownIdentityReturns) => {
      scene.microsoft.world.switches = { ...(unknownIdentityReturns && { unknownIdentityReturns }) }
      const mailbox = mailboxOfUser(scene.tenant, 'Jonas')
      const permission = withMailboxPermission(scene.tenant, 'Jonas', 'Ada')
      meanwhile(() => {
        scene.tenant.mailboxes = scene.tenant.mailboxes.filter((one) => one !== mailbox)
      })
      expect(await removing(anAccess('jonas@contoso.com', 'ada@contoso.com'))).toMatchObject(done)
      scene.tenant.mailboxes.push(mailbox)
      scene.tenant.mailboxPermissions = scene.tenant.mailboxPermissions.filter((one) => one !== permission)
    },
  )
})
