import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { person, userOf } from '../../../../simulator/builders.ts'
import { aChat, aTeam, aTeamsApp, installTeamsApp } from '../../../../simulator/teams.ts'
import { aTeamsAppAt } from '../../../../test/support/candidates.ts'
import { aScene, everyPermission, remove, type Scene } from '../../../../test/support/remediations.ts'
import type { SubjectCandidate } from '../../events/types.ts'
import { assessmentOf } from '../assess.ts'

const poll = aTeamsApp('Poll')
const timeSheets = aTeamsApp('Time Sheets', { distributionMethod: 'organization' })
const pinned = aTeamsApp('Help Desk')
let team: { id: string }
let chat: { id: string }
let scene: Scene

beforeAll(async () => {
  scene = await aScene({
    people: [person('Ada'), person('Ben')],
    permissions: everyPermission.filter((name) => name !== 'TeamsAppInstallation.ReadWriteForChat.All'),
    change: (tenant) => {
      team = aTeam(tenant, 'Marketing')
      chat = aChat(tenant, 'Campaign')
      for (const app of [poll, timeSheets]) installTeamsApp(tenant, app, 'TEAM', team)
      installTeamsApp(tenant, poll, 'CHAT', chat)
      installTeamsApp(tenant, timeSheets, 'USER', userOf(tenant, 'Ada'), { hasNewerId: true })
      installTeamsApp(tenant, poll, 'USER', userOf(tenant, 'Ada'))
      installTeamsApp(tenant, pinned, 'USER', userOf(tenant, 'Ben'), { isPinned: true })
    },
  })
})
afterAll(() => scene.close())

const at = (teamsAppId: string, scope: 'TEAM' | 'CHAT' | 'USER', scopeId: string): SubjectCandidate =>
  aTeamsAppAt({ teamsAppId, scope, scopeId, displayName: 'As recorded' })
const anEvent = (candidate: SubjectCandidate) => scene.anEventOf('TEAMS_APP_INSTALLED', candidate)
const installed = () => scene.tenant.teamsInstallations.map(({ scope, teamsApp }) => `${scope} ${teamsApp.displayName}`)

describe('REMOVE_TEAMS_APP', () => {
  test('B29 the option says how to keep the app out, and needs the permission of its place alone', async () => {
    const { available } = await assessmentOf(await scene.as(), await anEvent(at(poll.teamsApp.id, 'TEAM', team.id)))
    expect(available).toMatchObject([
      {
        kind: 'REMOVE_TEAMS_APP',
        limits: expect.stringContaining('Teams admin center'),
        permissions: ['TeamsAppInstallation.ReadWriteForTeam.All'],
        reversible: true,
      },
    ])
  })

  test.each<[string, () => SubjectCandidate, string]>([
    ['a team, by the id of the catalogue', () => at(poll.teamsApp.id, 'TEAM', team.id), 'TEAM Poll'],
    [
      'a team, by the id of the manifest',
      () => at(timeSheets.teamsApp.externalId ?? '', 'TEAM', team.id),
      'TEAM Time Sheets',
    ],
    ['a person known by name', () => at(timeSheets.teamsApp.id, 'USER', 'ada@contoso.com'), 'USER Time Sheets'],
  ])('B8 is removed from %s and from nowhere else, once', async (_where, candidate, gone) => {
    const before = installed()
    const event = await anEvent(candidate())
    expect(await remove(await scene.as(), event, 'REMOVE_APP')).toMatchObject({
      status: 'SUCCEEDED',
      steps: [
        {
          kind: 'REMOVE_TEAMS_APP',
          state: 'CONFIRMED',
          evidence: { installation: { teamsApp: { id: expect.any(String) } } },
        },
      ],
    })
    expect(installed()).toEqual(before.filter((one) => one !== gone))
    await expect(remove(await scene.as(), event, 'REMOVE_APP')).rejects.toMatchObject({
      reasons: [{ kind: 'REMOVE_TEAMS_APP', code: 'TEAMS_APP_NOT_INSTALLED' }],
    })
  })

  test.each(['once told by the message', 'once by the inner error'])(
    'one that a policy of the tenant pins fails with its own code, %s',
    async () => {
      const event = await anEvent(at(pinned.teamsApp.id, 'USER', scene.person('Ben').id))
      expect(await remove(await scene.as(), event, 'REMOVE_APP')).toMatchObject({
        status: 'FAILED',
        steps: [
          {
            state: 'FAILED',
            code: 'TEAMS_APP_PREINSTALLED',
            retryable: false,
            remedy: expect.stringContaining('setup policy'),
          },
        ],
      })
      expect(installed()).toContain('USER Help Desk')
    },
  )

  test('B20 a permission that is missing greys out its own place alone', async () => {
    const inChat = await assessmentOf(await scene.as(), await anEvent(at(poll.teamsApp.id, 'CHAT', chat.id)))
    expect(inChat.greyedOut).toMatchObject([
      { code: 'TENANT_UNHEALTHY', message: expect.stringContaining('TeamsAppInstallation.ReadWriteForChat.All') },
    ])
    const forAda = await assessmentOf(
      await scene.as(),
      await anEvent(at(poll.teamsApp.id, 'USER', scene.person('Ada').id)),
    )
    expect(forAda.available.map(({ kind }) => kind)).toEqual(['REMOVE_TEAMS_APP'])
  })

  test.each<[string, () => SubjectCandidate]>([
    ['a team that is gone', () => at(poll.teamsApp.id, 'TEAM', '00000000-0000-4000-8000-000000000001')],
    ['an app that is not there', () => at(pinned.teamsApp.id, 'TEAM', team.id)],
  ])('%s is greyed out', async (_what, candidate) => {
    const { available, greyedOut } = await assessmentOf(await scene.as(), await anEvent(candidate()))
    expect(available).toEqual([])
    expect(greyedOut).toMatchObject([{ code: 'TEAMS_APP_NOT_INSTALLED' }])
  })

  test('B3 is offered on the installation alone', async () => {
    const event = await scene.anEventOf('USER_CONSENTED_TO_APP', at(poll.teamsApp.id, 'TEAM', team.id))
    const { available, greyedOut } = await assessmentOf(await scene.as(), event)
    expect([...available, ...greyedOut]).toEqual([])
    await expect(remove(await scene.as(), event, 'REMOVE_APP')).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})
